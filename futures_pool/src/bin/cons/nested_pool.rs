//! Pool starvation (deadlock): jobs wait for jobs of their own pool.
//!
//!     cargo run -p futures_pool --bin nested_pool
//!
//! Four jobs each submit a part of their work to the pool that runs them, and
//! wait for it. If the pool has four workers, all of them wait, and none is
//! left for the parts: they would wait forever. Here a limit ends the waiting.
//! Another pool for the parts cures that. A fifth worker would help, but only
//! as long as there are four jobs.
//!
//! The program `nested_rayon` shows the cure of rayon: `join`.
//!
//! Claims: F11
//! Change this and watch: `ThreadPool::new(5)` in `JOB_POOL`. The fifth worker
//! does the parts, nothing stalls, and F11 is contradicted. Then set `JOBS` to
//! 5 as well: five jobs occupy five workers, and all of them stall again.
//!
//! Output (times vary, counts do not):
//!     parts by the same pool: 0 of 4 jobs done
//!     parts by another pool: 4 of 4 jobs done
//!     The article, F11: "max_workers is fixed in advance and limits parallelism."
//!     Our answer for Rust: holds (true)
//!     Our answer to F11 is borne out: 4 of 4 jobs stalled waiting for their own pool, 0 waiting for another pool

use std::{sync::Barrier, time::Duration};

use futures_pool::Executor;
use shared::{Result, claim, flags, say, watchdog::Watchdog};

const JOBS: usize = 4;
/// More than enough: a part takes microseconds if a worker is free.
const LIMIT: Duration = Duration::from_millis(300);

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(5))?;
    let own = done_with(ask_own_pool)?;
    say!("parts by the same pool: {own} of {JOBS} jobs done");
    let other = done_with(ask_another_pool)?;
    say!("parts by another pool: {other} of {JOBS} jobs done");

    let figure = format!(
        "{} of {JOBS} jobs stalled waiting for their own pool, {} waiting for \
         another pool",
        JOBS - own,
        JOBS - other
    );
    claim("F11", own == 0 && other == JOBS, figure)
}

/// A job is a plain function and captures nothing, so its pool is a static.
static JOB_POOL: LazyLock<ThreadPool> =
    LazyLock::new(|| ThreadPool::new(JOBS).expect("it is not 0"));

/// `()` means that the job needs no argument.
fn ask_own_pool((): ()) -> bool {
    together(|| {
        let waiting = JOB_POOL.submit(part, ());
        // WRONG: a worker waits for a part that only another worker can do
        waiting.result_timeout(LIMIT).is_ok()
    })
}

fn ask_another_pool((): ()) -> bool {
    // The parts wait for nothing.
    together(|| part_pool().submit(part, ()).result_timeout(LIMIT).is_ok())
}

fn part((): ()) {}

/// Leaves nothing to luck: no job asks for its part before all jobs have begun,
/// and no job ends, and frees its worker, before all jobs have waited.
fn together(job: impl FnOnce() -> bool) -> bool {
    static ALL: Barrier = Barrier::new(JOBS);
    ALL.wait();
    let done = job();
    ALL.wait();
    done
}

fn done_with(job: fn(()) -> bool) -> Result<usize> {
    let jobs = [(); JOBS].map(|()| JOB_POOL.submit(job, ()));
    let done = jobs.into_iter().map(|job| job.result());
    Ok(done.collect::<Result<Vec<_>, _>>()?.iter().filter(|d| **d).count())
}

// ANCHOR: nested_pool
use std::sync::LazyLock;

use futures_pool::ThreadPool;

/// The pool for parts of jobs, with a thread for each core. A job of another
/// pool may submit to it and wait for the result; a job of this pool must not,
/// or all workers may wait. It is never dropped: at the end of `main` a job
/// that nobody has waited for may be lost.
pub fn part_pool() -> &'static ThreadPool {
    static PARTS: LazyLock<ThreadPool> = LazyLock::new(|| {
        ThreadPool::builder().build().expect("there is a core, not 0")
    });
    &PARTS
}
// ANCHOR_END: nested_pool
