//! Memory leak: what a process has leaked is free when the process ends.
//!
//!     cargo run -p multiprocessing --bin leak_returned
//!
//! A job leaks 64 MiB, for example in a C library. Memory belongs to a process.
//! So the program still has the leaked memory after the thread of the job has
//! ended. If the job runs in a worker process, the system takes the memory back
//! when the worker ends. That is why a worker is replaced after some jobs. In
//! Python: `Pool(maxtasksperchild=2)`.
//!
//! The program `worker_ends` does the same with our `ProcessPool`.
//!
//! Claims: M8
//! Change this and watch: `drop(memory)` instead of `memory.leak()`. Then the
//! thread gives the memory back, too, and M8 is contradicted.
//!
//! Output (figures vary):
//!     3 jobs in 2 worker processes: the program keeps 0 MiB
//!     1 job on a thread: the program keeps 64 MiB
//!     Not in the article, M8: "Strengths: what crashes, leaks or hangs can be ended."
//!     Our answer for Rust: holds (true)
//!     Our answer to M8 is borne out: a job leaks 64 MiB: the program keeps 64 MiB after a thread, 0 MiB after worker processes

use std::{hint::black_box, time::Duration};

use shared::measure::Memory;
use shared::{Result, claim, ensure, flags, role, say, watchdog::Watchdog};

const MIB: usize = 64;

fn main() -> Result {
    if let Some([]) = role::started_as("worker") {
        for line in io::stdin().lines() {
            say!("{}", leaky(line?.parse()?));
        }
        return Ok(()); // its parent sends no more jobs, or has ended
    }
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(20))?;
    let jobs = ["1", "2", "3"].map(String::from);
    let processes = grown_by(|| {
        let most = NonZero::new(2).expect("it is not 0");
        let results = in_fresh_workers(role::command("worker")?, &jobs, most)?;
        ensure(results == ["1", "4", "9"], "a result is wrong")
    })?;
    say!("3 jobs in 2 worker processes: the program keeps {processes} MiB");
    let thread = grown_by(|| {
        let job = thread::spawn(|| leaky(7)).join();
        ensure(job.expect("no panic") == 49, "the result is wrong")
    })?;
    say!("1 job on a thread: the program keeps {thread} MiB");
    let figure = format!(
        "a job leaks {MIB} MiB: the program keeps {thread} MiB after a thread, \
         {processes} MiB after worker processes"
    );
    claim("M8", thread >= 60 && processes < 8, figure)
}

fn leaky(n: u32) -> u32 {
    let memory = vec![1_u8; MIB << 20];
    black_box(memory.leak()); // WRONG: nobody can free it any more
    n * n
}

/// By how many MiB the memory of this process has grown after some work.
fn grown_by(work: impl FnOnce() -> Result) -> Result<u64> {
    let before = Memory::now()?.private;
    work()?;
    Ok(Memory::now()?.private.saturating_sub(before) >> 10)
}

// ANCHOR: leak_returned
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::{num::NonZero, thread};

/// Runs jobs in worker processes, one worker after the other. Each worker gets
/// at most `most` jobs. When it ends, the system takes back what it has leaked.
/// Returns the answers in order.
///
/// A worker reads one line for each job from its standard input, answers with
/// one line, and ends when its input ends. It has no time limit.
///
/// # Errors
///
/// A worker could not be started, or ended otherwise than with success, or did
/// not answer each job.
pub fn in_fresh_workers(
    mut worker: Command,
    jobs: &[String],
    most: NonZero<usize>,
) -> io::Result<Vec<String>> {
    let mut answers = Vec::new();
    worker.stdin(Stdio::piped()).stdout(Stdio::piped());
    for jobs in jobs.chunks(most.get()) {
        let mut child = worker.spawn()?;
        let mut to = child.stdin.take().expect("it was piped");
        let output = thread::scope(|scope| {
            // Beside the reading: if both pipes are full, both would wait.
            let lines: String = jobs.iter().map(|j| format!("{j}\n")).collect();
            let write = move || to.write_all(lines.as_bytes());
            let writer = thread::Builder::new().spawn_scoped(scope, write);
            // Without a thread `to` is dropped: the worker ends all the same.
            let output = child.wait_with_output();
            writer.and(output)
        })?;
        let before = answers.len();
        let text = String::from_utf8_lossy(&output.stdout);
        answers.extend(text.lines().map(String::from));
        let all = answers.len() - before == jobs.len();
        if !output.status.success() || !all {
            let status = output.status;
            let error = format!("a worker ended its jobs with {status}");
            return Err(io::Error::other(error));
        }
    }
    Ok(answers)
}
// ANCHOR_END: leak_returned
