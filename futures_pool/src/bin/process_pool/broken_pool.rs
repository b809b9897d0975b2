//! BrokenProcessPool: one crash ends a pool, unless dead workers are replaced.
//!
//!     cargo run -p futures_pool --bin broken_pool
//!
//! Of 20 jobs on 2 worker processes, the 8th aborts. By default that breaks the
//! pool, as in Python: every job that is not yet done fails, also the one that
//! runs on the other worker, and every later one. All get the error
//! `JobError::WorkerDied`, those that have not begun with `began: false`.
//! (`JobError::Broken` is for other causes: see the program `initializer`.)
//! With `replace_dead_workers` only the job that crashed fails, and a new
//! worker takes its place. What has failed can be retried, in a new pool if the
//! old one is broken: see the program `retry_crashed`. For jobs that hang see
//! `job_timeout`.
//!
//! `init` must come first in `main`: a worker is this program, started again,
//! and there `init` does the jobs and never returns. In Python the reason for
//! `if __name__ == "__main__"` is the same.
//!
//! Change this and watch: `return 64` instead of the `abort()`. No pool breaks,
//! and the program, which expects a crash, ends with an error.
//!
//! Output (figures vary):
//!     default: 7 of 20 jobs done
//!     default, the 8th job: worker 8624 died, and the job with it: signal: 6 (SIGABRT)
//!     default, one more job: not run, because the pool is broken: worker 8624: signal: 6 (SIGABRT)
//!     replace_dead_workers: 19 of 20 jobs done
//!     replace_dead_workers, the 8th job: worker 8628 died, and the job with it: signal: 6 (SIGABRT)
//!     replace_dead_workers, one more job: 1 * 1 = 1

use std::{process::abort, thread, time::Duration};

use futures_pool::{Executor, JobError, init, job};
use nix::sys::prctl::set_dumpable;
use shared::{Result, ensure, flags, say, watchdog::Watchdog};

const JOBS: usize = 20;
const CRASHES: u64 = 8;

fn main() -> Result {
    init([job(square)]);
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(10))?;
    let broken = ProcessPool::new(2)?; // WRONG for jobs that may crash
    let done = twenty_jobs("default", &broken);
    let later = broken.submit(square, 1).result();
    say!("default, one more job: {}", text(&later));

    let pool = pool_that_survives(2)?;
    let survived = twenty_jobs("replace_dead_workers", &pool);
    let next = pool.submit(square, 1).result();
    say!("replace_dead_workers, one more job: {}", text(&next));
    let broke = matches!(later, Err(JobError::WorkerDied { began: false, .. }));
    ensure(broke && done < JOBS - 1, "one crash did not break the pool")?;
    let went_on = next == Ok(1) && survived == JOBS - 1;
    ensure(went_on, "the pool did not go on after the crash")
}

/// Submits 20 jobs, and returns how many of them were done.
fn twenty_jobs(name: &str, pool: &impl Executor) -> usize {
    let inputs = (1..).take(JOBS);
    let jobs: Vec<_> = inputs.map(|n| pool.submit(square, n)).collect();
    let results: Vec<_> = jobs.into_iter().map(|job| job.result()).collect();
    let done = results.iter().filter(|result| result.is_ok()).count();
    say!("{name}: {done} of {JOBS} jobs done");
    say!("{name}, the 8th job: {}", text(&results[CRASHES as usize - 1]));
    done
}

/// What to print: the square of 1, or why there is none.
fn text(result: &Result<u64, JobError>) -> String {
    match result {
        Ok(square) => format!("1 * 1 = {square}"),
        Err(error) => error.to_string(),
    }
}

fn square(n: u64) -> u64 {
    if n > CRASHES {
        thread::sleep(Duration::from_millis(20)); // lasts until the crash
    }
    if n == CRASHES {
        set_dumpable(false).expect("always allowed"); // leaves no core file
        abort();
    }
    n * n
}

// ANCHOR: broken_pool
use futures_pool::ProcessPool;

/// A pool of processes for jobs that may crash: the job that crashed fails with
/// `JobError::WorkerDied`, a new worker takes its place, and all other jobs go
/// on. Begin `main` with `futures_pool::init([job(work)])`.
///
/// # Errors
///
/// `workers` is 0, or a process cannot be started.
pub fn pool_that_survives(workers: usize) -> std::io::Result<ProcessPool> {
    ProcessPool::builder().workers(workers).replace_dead_workers().build()
}
// ANCHOR_END: broken_pool
