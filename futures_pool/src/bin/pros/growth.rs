//! Pool growth: workers start as jobs come, one by one, up to max_workers.
//!
//!     cargo run -p futures_pool --bin growth
//!
//! You only call `submit`: the pool finds a worker that is free, or starts one,
//! or queues the job if it has as many workers as it may have. A pool of
//! processes starts all of them when it is made, because a process takes longer
//! to start than most jobs take. In both, at most four workers do 100 jobs.
//! ("To be confirmed" is the article's own remark.)
//!
//! The program `growth_ways` compares the pools of rayon, tokio and smol.
//!
//! Claims: F7
//! Change this and watch: `MOST` of 2. Both pools stop there, and F7, which
//! expects the third job to start a third worker, is contradicted.
//!
//! Output (figures vary):
//!     jobs [0, 1, 3, 100]: threads [0, 1, 3, 4]
//!     processes, without a job: 4
//!     The article, F7: "One submit is enough: the pool spreads work over up to max_workers (to be confirmed)."
//!     Our answer for Rust: holds (true)
//!     Our answer to F7 is borne out: 4 threads, or 4 processes, did 100 jobs

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::{collections::HashSet, fs, sync::RwLock, thread, time::Duration};

use futures_pool::{Executor, JobError, ProcessPool, init, job};
use nix::unistd::gettid;
use shared::{Result, claim, flags, say, watchdog::Watchdog};

const MOST: usize = 4;
const ALL: usize = 100;
const JOBS: [usize; 4] = [0, 1, 3, ALL];

fn main() -> Result {
    init([job(held), job(who)]);
    flags([]);
    let _bound = Watchdog::guard("the pools", Duration::from_secs(5))?;
    let before = threads()?;
    let pool = ThreadPool::new(MOST)?;
    let closed = GATE.write().expect("no panic while locked");
    let (mut handles, mut grown) = (Vec::new(), Vec::new());
    for jobs in JOBS {
        // Submits until there are `jobs` in all.
        handles.resize_with(jobs, || pool.submit(held, ()));
        wait_until_begun(jobs.min(MOST));
        grown.push(threads()? - before);
    }
    drop(closed);
    let workers = workers_of(handles.into_iter().map(|job| job.result()))?;
    say!("jobs {JOBS:?}: threads {grown:?}");
    let pool = ProcessPool::new(MOST)?;
    let processes = pool.pids().len();
    let others = workers_of(pool.map(who, [(); ALL]))?;
    say!("processes, without a job: {processes}");

    let figure =
        format!("{workers} threads, or {others} processes, did {ALL} jobs");
    let as_needed = grown == [0, 1, 3, MOST] && workers == MOST;
    claim("F7", as_needed && processes == MOST && others <= MOST, figure)
}

/// Closed while jobs come in: so no worker is free for a second one.
static GATE: RwLock<()> = RwLock::new(());
static BEGUN: AtomicUsize = AtomicUsize::new(0);

/// `()` means that the job needs no argument.
fn held((): ()) -> i32 {
    BEGUN.fetch_add(1, SeqCst);
    let _open = GATE.read().expect("no panic while locked");
    who(())
}

fn wait_until_begun(jobs: usize) {
    while BEGUN.load(SeqCst) < jobs {
        thread::sleep(Duration::from_millis(1));
    }
}

/// The number of the worker.
fn who((): ()) -> i32 {
    gettid().as_raw()
}

/// By how many workers these jobs were done.
fn workers_of(
    jobs: impl Iterator<Item = Result<i32, JobError>>,
) -> Result<usize> {
    Ok(jobs.collect::<Result<HashSet<_>, _>>()?.len())
}

/// Linux lists all threads of this process.
fn threads() -> Result<usize> {
    Ok(fs::read_dir("/proc/self/task")?.count())
}

// ANCHOR: growth
use futures_pool::ThreadPool;

/// A pool with a thread for each core that this process may use. It starts a
/// thread when a job comes and none is free. Other jobs wait in a queue without
/// a limit.
pub fn one_thread_per_core() -> std::io::Result<ThreadPool> {
    ThreadPool::builder().build()
}
// ANCHOR_END: growth
