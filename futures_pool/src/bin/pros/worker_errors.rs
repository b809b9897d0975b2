//! Errors and panics of a job come back through its handle, with their place.
//!
//!     cargo run -p futures_pool --bin worker_errors
//!
//! In Python `result()` raises what the job raised. Here `result()` returns it:
//! an `Err` of the job is a value as any other, and a panic is a `JobError`
//! with its message and place, in the same words from a thread and from another
//! process. The worker goes on with the next job.
//!
//! The program `crash_in_pool` shows a job that aborts, `encode_errors` values
//! that cannot go to another process.
//!
//! Claims: F6
//! Change this and watch: `abort()` instead of the `panic!`. That ends the
//! process: all of this program while the job is on a thread.
//!
//! Output (times vary, counts do not):
//!     thread, an error: invalid digit found in string
//!     thread, a panic: panicked at futures_pool/src/bin/pros/worker_errors.rs:72:9: no number in ""
//!     process, an error: invalid digit found in string
//!     process, a panic: panicked at futures_pool/src/bin/pros/worker_errors.rs:72:9: no number in ""
//!     The article, F6: "Exceptions are easy to debug: result() raises what the worker raised."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to F6 is borne out: 2 of 2 pools told the error, the panic with its place, and went on with the next job

use std::panic;

use futures_pool::{Executor, ProcessPool, ThreadPool, init, job};
use shared::{Result, claim, flags, say};

fn main() -> Result {
    panic::set_hook(Box::new(|_| ())); // no report: the handles tell of them
    init([job(parse)]);
    flags([]);
    let threads = three_jobs("thread", &ThreadPool::new(1)?);
    let processes = three_jobs("process", &ProcessPool::new(1)?);

    let told = |errors: &Told| {
        errors.panic.contains("no number in \"\"")
            && errors.panic.contains("worker_errors.rs:")
            && errors.error == "invalid digit found in string"
            && errors.next == Ok(7)
    };
    let pools = [&threads, &processes];
    let (count, all) =
        (pools.iter().filter(|pool| told(pool)).count(), pools.len());
    let figure = format!(
        "{count} of {all} pools told the error, the panic with its place, and \
         went on with the next job"
    );
    claim("F6", count == all && threads.panic == processes.panic, figure)
}

/// What the handles of three jobs told.
struct Told {
    error: String,
    panic: String,
    next: Result<u32, String>,
}

fn three_jobs(worker: &str, pool: &impl Executor) -> Told {
    let job = |text: &str| outcome(pool.submit(parse, text.to_string()));
    let error = job("7a").err().unwrap_or_default();
    let panic = job("").err().unwrap_or_default();
    say!("{worker}, an error: {error}");
    say!("{worker}, a panic: {panic}");
    Told { error, panic, next: job("7") }
}

fn parse(text: String) -> Result<u32, String> {
    if text.is_empty() {
        panic!("no number in {text:?}");
    }
    text.parse().map_err(|error: std::num::ParseIntError| error.to_string())
}

// ANCHOR: worker_errors
use futures_pool::{Handle, JobError};

/// Waits for a job that may fail, and returns its result, or what went wrong as
/// a text: its own error, its panic with the place, or that it never ended.
pub fn outcome<T>(job: Handle<Result<T, String>>) -> Result<T, String> {
    match job.result() {
        Ok(result) => result,
        Err(JobError::Panicked { message, place }) => {
            Err(format!("panicked at {place}: {message}"))
        }
        Err(other) => Err(other.to_string()), // crashed, killed, cancelled ...
    }
}
// ANCHOR_END: worker_errors
