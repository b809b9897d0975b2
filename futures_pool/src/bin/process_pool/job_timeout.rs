//! Timeout for each job: the worker of a job that hangs is killed and replaced.
//!
//!     cargo run -p futures_pool --bin job_timeout
//!
//! Of 20 jobs on 2 worker processes, one is an endless loop and one aborts its
//! process. A thread cannot be stopped from outside, but a process can: the
//! pool kills the worker whose job exceeds the limit, and starts another one.
//! The limit counts from the start of a job, not from its submission. The other
//! jobs go on. In Python `future.result(timeout=...)` limits only the wait, and
//! the job goes on.
//!
//! The program `broken_pool` tells more about crashes; the program
//! `cancel_running` shows how your code ends one job.
//!
//! Change this and watch: leave out `.replace_dead_workers()`. The job that
//! aborts breaks the whole pool, as in Python: all jobs not yet done fail, and
//! the program ends with an error.
//!
//! Output (figures vary):
//!     job 7: job exceeded its time limit
//!     job 13: worker 8640 died, and the job with it: signal: 6 (SIGABRT)
//!     18 done, 1 exceeded the limit, 1 died

use std::process::abort;

use futures_pool::{Executor, JobError, init, job};
use nix::sys::prctl::set_dumpable;
use shared::{Result, ensure, flags, say, watchdog::Watchdog};

const JOBS: u64 = 20;
const HANGS: u64 = 7;
const ABORTS: u64 = 13;

fn main() -> Result {
    init([job(square)]);
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(10))?;
    let pool = pool_with_time_limit(2, Duration::from_secs(1))?;

    let (mut done, mut too_long, mut died) = (0, 0, 0);
    for (input, result) in (1..).zip(pool.map(square, 1..=JOBS)) {
        if let Err(error) = &result {
            say!("job {input}: {error}");
        }
        match result {
            Ok(square) => done += u64::from(square == input * input),
            Err(JobError::TimeLimit) => too_long += 1,
            Err(JobError::WorkerDied { .. }) => died += 1,
            Err(other) => return Err(other.into()),
        }
    }
    say!("{done} done, {too_long} exceeded the limit, {died} died");
    let as_planned = (done, too_long, died) == (JOBS - 2, 1, 1);
    ensure(as_planned, "not exactly jobs 7 and 13 have failed")
}

fn square(n: u64) -> u64 {
    match n {
        HANGS => loop {
            std::hint::spin_loop();
        },
        ABORTS => {
            set_dumpable(false).expect("always allowed"); // leaves no core file
            abort()
        }
        _ => n * n,
    }
}

// ANCHOR: job_timeout
use std::{io, time::Duration};

use futures_pool::ProcessPool;

/// A pool of processes for jobs that may hang or crash: a job that runs longer
/// than `limit`, counted from its start, fails with `JobError::TimeLimit`, one
/// that crashes with `JobError::WorkerDied`. Their workers are replaced, and
/// all other jobs go on. Begin `main` with `futures_pool::init([job(work)])`.
///
/// # Errors
///
/// `workers` is 0, or a process cannot be started.
pub fn pool_with_time_limit(
    workers: usize,
    limit: Duration,
) -> io::Result<ProcessPool> {
    ProcessPool::builder()
        .workers(workers)
        .time_limit(limit)
        .replace_dead_workers()
        .build()
}
// ANCHOR_END: job_timeout
