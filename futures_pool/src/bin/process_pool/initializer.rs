//! Initializer (initargs): each worker loads its data once, not for each job.
//!
//!     cargo run -p futures_pool --bin initializer
//!
//! The argument of a job is sent to the worker with every job. Data that all
//! jobs need is loaded by an initializer: a function that each worker calls
//! before its first job. It is listed in `init`, like a job, and a new worker
//! that replaces a dead one calls it, too. If the initializer panics, all jobs
//! fail with `JobError::Broken`.
//!
//! Change this and watch: leave out `.initializer(load, argument)`. The first
//! job panics, because its worker has no table.
//!
//! Output (figures vary):
//!     100 jobs found their number in the table
//!     each worker loaded it 1 time

use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use futures_pool::{Executor, init, job};
use shared::{Result, ensure, flags, say};

const JOBS: usize = 100;

fn main() -> Result {
    init([job(load), job(square)]);
    flags([]);
    let pool = pool_with_data(2, load, JOBS)?;
    let mut loads = HashMap::new();
    for (n, found) in (0..).zip(pool.map(square, 0..JOBS)) {
        let found = found?;
        ensure(found.square == n * n, "a number in the table is wrong")?;
        loads.insert(found.worker, found.loads);
    }
    say!("{JOBS} jobs found their number in the table");
    let most = loads.values().max().copied().unwrap_or(0);
    say!("each worker loaded it {most} time");
    ensure(most == 1, "a worker has loaded the table again")
}

static TABLE: OnceLock<Vec<usize>> = OnceLock::new();
static LOADS: AtomicUsize = AtomicUsize::new(0);

/// The initializer. Each worker is a process, so this fills its own table.
fn load(size: usize) {
    LOADS.fetch_add(1, Relaxed);
    TABLE.get_or_init(|| (0..size).map(|n| n * n).collect());
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Found {
    square: usize,
    worker: u32,
    loads: usize,
}

/// The job.
fn square(n: usize) -> Found {
    let table = TABLE.get().expect("the initializer has loaded it");
    let (square, worker) = (table[n], std::process::id());
    Found { square, worker, loads: LOADS.load(Relaxed) }
}

// ANCHOR: initializer
use futures_pool::{Function, ProcessPool, Value};

/// A pool of processes whose workers call `load(argument)`, each with a copy of
/// the argument, before their first job (`initializer` and `initargs`). Begin
/// `main` with `init`, and list `load` there beside the jobs.
///
/// # Errors
///
/// `workers` is 0, or a process cannot be started. If `load` panics, the jobs
/// fail with `JobError::Broken`. (`WorkerDied` is for a worker that crashes.)
pub fn pool_with_data<A: Value + Clone + Sync>(
    workers: usize,
    load: impl Function<A, ()>,
    argument: A,
) -> std::io::Result<ProcessPool> {
    ProcessPool::builder().workers(workers).initializer(load, argument).build()
}
// ANCHOR_END: initializer
