//! Shared counter and array: workers take jobs, and the parent reads progress.
//!
//!     cargo run -p multiprocessing --bin shared_value
//!
//! Four worker processes and their parent map one structure of atomics. A
//! counter hands out the jobs: `fetch_add` gives each number to one worker only.
//! Results are written to an array, each to its own place. The parent needs no
//! message to see how far the workers are, or what they have done before they
//! were killed. In Python: `multiprocessing.Value` and `Array`, which come with
//! a lock; an atomic needs none.
//!
//! The program `shared_race` shows what goes wrong with a counter; the program
//! `shared_memory` measures.
//!
//! Change this and watch: add `if job == 50 { std::process::abort() }` to the
//! loop in `work`. One worker dies, the others do all other jobs, and the
//! program ends with an error: one result is missing.
//!
//! Output (figures vary):
//!     56 of 100 jobs are done
//!     56 of 100 jobs are done
//!     76 of 100 jobs are done
//!     100 of 100 jobs are done
//!     the sum of all results is 5050

use std::io::{self, Read, Write};
use std::os::{fd::AsFd, unix::process::parent_id};
use std::process::{self, Child, Stdio};
use std::time::Duration;

use multiprocessing::SharedMemory;
use nix::sys::{prctl::set_pdeathsig, signal::Signal::SIGKILL};
use shared::watchdog::Watchdog;
use shared::{Result, chop, ensure, flags, role, say};

const WORKERS: usize = 4;

fn main() -> Result {
    if let Some([parent]) = role::started_as("worker") {
        return work(&parent);
    }
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(10))?;
    let memory = SharedMemory::new(size_of::<Jobs>())?;
    let jobs: &Jobs = memory.view(0)?;
    let (mut bell, workers) = start_workers(&memory)?;
    // A byte through the pipe says "look now", the memory says what there is.
    while bell.read_exact(&mut [0; JOBS / 4]).is_ok() {
        say!("{} of {JOBS} jobs are done", jobs.done());
    }
    for mut worker in workers {
        worker.wait()?;
    }
    let sum: u64 = jobs.results().flatten().sum();
    say!("the sum of all results is {sum}");
    let expected: u64 = (1..=JOBS as u64).sum();
    ensure(sum == expected, "results are missing")
}

/// The child: its standard input is the shared memory.
fn work(parent: &str) -> Result {
    set_pdeathsig(SIGKILL)?; // it ends when its parent ends,
    if parent_id().to_string() != parent {
        return Ok(()); // which may have been before that line
    }
    let inherited = io::stdin().as_fd().try_clone_to_owned()?;
    let memory = SharedMemory::from_file(inherited)?;
    let jobs: &Jobs = memory.view(0)?;
    while let Some(job) = jobs.take() {
        chop(1, 200_000); // the work; the result is easy to check
        jobs.finish(job, job as u64 + 1);
        io::stdout().write_all(&[0])?;
        io::stdout().flush()?;
    }
    Ok(())
}

/// The pipe in which all of them ring ends when the last of them ends.
fn start_workers(memory: &SharedMemory) -> Result<(impl Read, Vec<Child>)> {
    let (bell, rings) = io::pipe()?;
    let workers = (0..WORKERS).map(|_| {
        role::command("worker")?
            .arg(process::id().to_string())
            .stdin(Stdio::from(memory.file().try_clone_to_owned()?))
            .stdout(rings.try_clone()?)
            .spawn()
    });
    Ok((bell, workers.collect::<io::Result<_>>()?))
}

// ANCHOR: shared_value
use std::sync::atomic::{AtomicU64, Ordering::*};

use multiprocessing::shared;

/// How many jobs there are.
pub const JOBS: usize = 100;

shared! {
    /// Jobs in shared memory: worker processes take them, and leave results.
    pub struct Jobs {
        taken: AtomicU64,
        /// 0 is a place without a result: so is all memory that is new.
        results: [AtomicU64; JOBS],
    }
}

impl Jobs {
    /// The number of a job that nobody else gets, until there are none left. The
    /// job of a worker that dies stays without a result.
    pub fn take(&self) -> Option<usize> {
        let job = self.taken.fetch_add(1, Relaxed) as usize;
        (job < JOBS).then_some(job)
    }

    /// Leaves the result of a job for all processes to see.
    ///
    /// # Panics
    ///
    /// There is no such job, or the result is 0.
    pub fn finish(&self, job: usize, result: u64) {
        assert_ne!(result, 0, "0 says that there is no result yet");
        self.results[job].store(result, Release);
    }

    /// The results so far, in the order of the jobs.
    pub fn results(&self) -> impl Iterator<Item = Option<u64>> {
        let results = self.results.iter().map(|result| result.load(Acquire));
        results.map(|result| (result != 0).then_some(result))
    }

    /// How many jobs are done.
    pub fn done(&self) -> usize {
        self.results().flatten().count()
    }
}
// ANCHOR_END: shared_value
