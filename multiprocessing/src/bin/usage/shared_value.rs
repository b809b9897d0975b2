//! Shared counter and array: workers take jobs, and the parent reads progress.
//!
//!     cargo run -p multiprocessing --bin shared_value
//!
//! Four worker processes and their parent map one structure of atomics. Its
//! counter hands out the jobs: `fetch_add` gives each number to one worker
//! only. Its array takes the results, each result in its own place. So the
//! parent needs no message to see how many jobs are done. It also sees the
//! results of a worker that was killed later. In Python:
//! `multiprocessing.Value` and `Array`. They come with a lock; an atomic needs
//! none.
//!
//! The program `shared_race` shows what goes wrong with a counter. The program
//! `shared_memory` measures.
//!
//! Change this and watch: add `if job == 50 { std::process::abort() }` to the
//! loop in `work`. One worker dies, and the others do all other jobs. The
//! program ends with the error "results are missing".
//!
//! Output (figures vary):
//!     26 of 100 jobs are done
//!     50 of 100 jobs are done
//!     75 of 100 jobs are done
//!     100 of 100 jobs are done
//!     the sum of all results is 5050

use std::io::{self, Read, Write};
use std::{process::Child, time::Duration};

use multiprocessing::SharedMemory;
use shared::{Result, chop, ensure, flags, role, say, watchdog::Watchdog};

const WORKERS: usize = 4;

fn main() -> Result {
    if let Some([]) = role::started_as("worker") {
        return work();
    }
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(10))?;
    let memory = SharedMemory::new(size_of::<Jobs>())?;
    let jobs: &Jobs = memory.view(0)?;
    let (mut bell, workers) = start_workers(&memory)?;
    // A byte in the pipe says "look now". What is done, the memory tells.
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
fn work() -> Result {
    let memory = SharedMemory::inherited()?;
    let jobs: &Jobs = memory.view(0)?;
    while let Some(job) = jobs.take() {
        chop(1, 200_000); // the work; the result is easy to check
        jobs.finish(job, job as u64 + 1);
        io::stdout().write_all(&[0])?; // an error if the parent has ended
        io::stdout().flush()?;
    }
    Ok(())
}

/// All workers write to one pipe. It ends when the last worker ends.
fn start_workers(memory: &SharedMemory) -> Result<(impl Read, Vec<Child>)> {
    let (bell, ring) = io::pipe()?;
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        let mut worker = role::command("worker")?;
        worker.stdin(memory.hand_over()?).stdout(ring.try_clone()?);
        workers.push(worker.spawn()?);
    }
    Ok((bell, workers))
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
        /// 0 is a place without a result. (New memory is 0 everywhere.)
        results: [AtomicU64; JOBS],
    }
}

impl Jobs {
    /// The number of a job that no other worker gets; `None` when all jobs are
    /// taken. The job of a worker that dies stays without a result.
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
