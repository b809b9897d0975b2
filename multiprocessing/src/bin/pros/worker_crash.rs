//! Crash isolation: a process that crashes (abort, SIGSEGV) ends only its job.
//!
//!     cargo run -p multiprocessing --bin worker_crash
//!
//! One of ten jobs aborts. An abort ends the whole process, with all of its
//! threads. The results of ten threads are in the memory of that process, so
//! all ten are lost, even those that were ready. (A program that writes each
//! result to a file at once would keep these.) Ten processes lose one result:
//! the parent has the other nine, and knows which job crashed and which signal
//! ended it. In Python: `Process.exitcode` is -6. The program with the threads
//! runs as a child here, so that this program can tell how it ended.
//!
//! The program `crash_in_pool` of the crate futures_pool does the same with our
//! `ProcessPool`.
//!
//! Claims: M8
//! Change this and watch: call `panic!("crash")` instead of `abort()`. `join`
//! catches a panic, so the threads deliver 9 results. M8 is contradicted.
//!
//! Output (times vary, counts do not):
//!     threads: the program ended with signal: 6 (SIGABRT)
//!     processes: job 4 ended with signal: 6 (SIGABRT)
//!     Not in the article, M8: "Strengths: what crashes, leaks or hangs can be ended."
//!     Our answer for Rust: holds (true)
//!     Our answer to M8 is borne out: one of 10 jobs aborts: threads deliver 0 of 10 results, processes 9 of 10

use std::{process::abort, thread, time::Duration};

use nix::sys::prctl::set_dumpable;
use shared::{Result, claim, flags, role, say, watchdog::Watchdog};

const JOBS: u64 = 10;
/// The job that crashes.
const CRASHES: u64 = 4;

fn main() -> Result {
    serve("square", square)?; // a process that was started for a job ends here
    if let Some([]) = role::started_as("threads") {
        return on_threads();
    }
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(20))?;
    let program = role::command("threads")?.output()?;
    let printed = String::from_utf8_lossy(&program.stdout).lines().count();
    say!("threads: the program ended with {}", program.status);
    let wait_for_process =
        |n| thread::spawn(move || isolated::<_, u64>("square", &n));
    let jobs: Vec<_> = (0..JOBS).map(wait_for_process).collect(); // all run
    let mut done = 0;
    for (n, job) in (0..).zip(jobs) {
        // Two errors: `?`, no process was started; `Err`, how it ended.
        match job.join().expect("no panic")? {
            Ok(square) => done += u64::from(square == n * n),
            Err(status) => say!("processes: job {n} ended with {status}"),
        }
    }
    let figure = format!(
        "one of {JOBS} jobs aborts: threads deliver {printed} of {JOBS} \
         results, processes {done} of {JOBS}"
    );
    claim("M8", printed == 0 && done == JOBS - 1, figure)
}

fn square(n: u64) -> u64 {
    if n == CRASHES {
        set_dumpable(false).expect("always allowed"); // leaves no core file
        abort(); // WRONG on a thread: all other jobs end, too
    }
    n * n
}

fn on_threads() -> Result {
    let on_thread = |n| thread::spawn(move || square(n));
    let jobs: Vec<_> = (0..JOBS).map(on_thread).collect(); // all run now
    // Waits for all results, and leaves out threads that have panicked.
    let squares = jobs.into_iter().flat_map(|job| job.join());
    let squares: Vec<_> = squares.collect();
    squares.iter().for_each(|square| say!("{square}"));
    Ok(())
}

// ANCHOR: worker_crash
use std::io::{self, Error, Write};
use std::os::{fd::AsFd, unix::process::parent_id};
use std::process::{Command, ExitStatus, Stdio, exit, id};
use std::{env, fs::File};

use rustix::process::{Signal, set_parent_process_death_signal};
use serde::{Serialize, de::DeserializeOwned};

/// Runs a function of this program in a process of its own, and waits until
/// that has ended. The inner error is how the process ended without a result:
/// killed by a signal, or with an exit status, which is 101 after a panic.
///
/// `main` first calls [`serve`] with the same name and types. The argument is
/// on the command line, which other users can read.
///
/// # Errors
///
/// The process could not be started (for example because the argument is longer
/// than 128 KiB), the argument could not be encoded, or this is the process of
/// a job already.
pub fn isolated<A: Serialize, T: DeserializeOwned>(
    job: &str,
    argument: &A,
) -> io::Result<Result<T, ExitStatus>> {
    if env::args_os().nth(1).is_some_and(|role| role == "isolated-job") {
        // The call of `serve` is missing, or a job has started a job.
        return Err(Error::other("no `serve`, or a job in a job"));
    }
    let argument = serde_json::to_string(argument)?;
    let output = Command::new(env::current_exe()?)
        .args(["isolated-job", job, &argument, &id().to_string()])
        .stderr(Stdio::inherit())
        .output()?;
    match serde_json::from_slice(&output.stdout) {
        Ok(result) if output.status.success() => Ok(Ok(result)),
        _ => Ok(Err(output.status)),
    }
}

/// In a process that was started for this job: does the job, and ends.
///
/// # Errors
///
/// The parent of that process is gone, or what it sends is no argument.
pub fn serve<A: DeserializeOwned, T: Serialize>(
    job: &str,
    run: fn(A) -> T,
) -> io::Result<()> {
    let given: Vec<_> = env::args_os().skip(1).collect();
    if given.len() != 4 || given[..2] != ["isolated-job", job] {
        return Ok(());
    }
    // This process is killed when its parent ends. If the parent has ended
    // already, no signal comes.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if given[3] != *parent_id().to_string() {
        return Err(Error::other("its parent is gone"));
    }
    // What the job itself prints goes to stderr: stdout is for the result.
    let mut result_to = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    rustix::stdio::dup2_stdout(io::stderr())?;
    let argument = serde_json::from_slice(given[2].as_encoded_bytes())?;
    let result = serde_json::to_vec(&run(argument))?;
    result_to.write_all(&result)?;
    exit(0)
}
// ANCHOR_END: worker_crash
