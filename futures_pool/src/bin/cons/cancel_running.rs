//! Future.cancel: a pending job never runs, a running one must be killed.
//!
//!     cargo run -p futures_pool --bin cancel_running
//!
//! `cancel` works on a job that no worker has begun, and returns false for one
//! that runs, as in Python. A thread cannot be stopped from outside. A process
//! can: `Handle::kill` ends the worker of one job, and another worker takes its
//! place, while the other jobs go on. `ProcessPool::kill` ends all of them.
//!
//! The program `cancel_ways` compares threads with a flag, tasks and child
//! processes.
//!
//! Claims: F14, X5
//! Change this and watch: `job.cancel()` instead of `job.kill()`. It returns
//! false, the job runs to its end, and F14 is contradicted.
//!
//! Output (figures vary):
//!     cancel a pending job: true; a running one: false
//!     kill one of two running jobs: true; the other is done: true
//!     kill the pool: all running jobs are lost: true
//!     The article, F14: "A running future cannot be cancelled."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to F14 is borne out: a running job: cancel returns false, kill true
//!     Not in the article, X5: "How long cancelling takes."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to X5 is borne out: a running job was killed in 3.8 ms

use std::{thread, time::Instant};

use futures_pool::{Executor, ProcessPool, ThreadPool, init, job};
use shared::measure::{NoiseMeter, ms};
use shared::{Result, claim, claim_timed, flags, say, watchdog::Watchdog};

const JOB: Duration = Duration::from_millis(300);

fn main() -> Result {
    init([job(thread::sleep)]);
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(5))?;
    let (cancelled, too_late) = cancel_two_jobs(&ThreadPool::new(1)?);
    say!("cancel a pending job: {cancelled}; a running one: {}", !too_late);

    let (pool, meter) = (ProcessPool::new(2)?, NoiseMeter::start());
    let [one, other] = two_jobs(&pool);
    [&one, &other].into_iter().for_each(wait_until_running);
    let asked = Instant::now();
    let ended = result_within(one, JOB / 100) == Err(JobError::Cancelled);
    let (took, spared) = (asked.elapsed(), other.result().is_ok());
    say!("kill one of two running jobs: {ended}; the other is done: {spared}");

    let jobs = two_jobs(&pool);
    pool.kill(); // WRONG if one job is meant: it ends all of them
    let lost = jobs.into_iter().all(|job| job.result().is_err());
    say!("kill the pool: all running jobs are lost: {lost}");

    let one_job = too_late && ended && spared;
    let figure =
        format!("a running job: cancel returns {}, kill {ended}", !too_late);
    claim("F14", cancelled && one_job && lost, figure)?;
    let figure = format!("a running job was killed in {:.1} ms", ms(took));
    claim_timed("X5", took < JOB / 2, meter.read(), figure)
}

/// Whether the pending one was cancelled, and whether it was too late for the
/// running one.
fn cancel_two_jobs(pool: &ThreadPool) -> (bool, bool) {
    let [running, pending] = two_jobs(pool);
    wait_until_running(&running);
    let cancelled = pending.cancel();
    let too_late = !running.cancel() && running.result().is_ok();
    (cancelled, too_late)
}

fn two_jobs(pool: &impl Executor) -> [Handle<()>; 2] {
    [(); 2].map(|()| pool.submit(thread::sleep, JOB))
}

fn wait_until_running(job: &Handle<()>) {
    while !job.is_running() {
        thread::yield_now();
    }
}

// ANCHOR: cancel_running
use std::time::Duration;

use futures_pool::{Handle, JobError};

/// Waits for a job no longer than `limit`, and then ends it, with the error
/// `Cancelled`: its worker process is killed and replaced; other jobs go on. In
/// a pool of threads this waits to the end of a job that runs.
pub fn result_within<T>(
    job: Handle<T>,
    limit: Duration,
) -> Result<T, JobError> {
    match job.result_timeout(limit) {
        Ok(result) => result,
        Err(job) => {
            job.kill();
            job.result() // done in the last moment, perhaps
        }
    }
}
// ANCHOR_END: cancel_running
