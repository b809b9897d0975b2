//! Load balancing: a long job holds one worker, and the others do the rest.
//!
//!     cargo run -p futures_pool --bin load_balance
//!
//! Of 100 jobs on 4 threads, the first is long: it lasts as long as other jobs
//! are being done. If the jobs wait in one queue, the other three threads do
//! the other 99. If they are divided in advance into chunks of 25 (`chunksize`
//! in Python), 24 jobs are in the chunk of the long one, and wait behind it.
//! Chunks make many small jobs cheaper; jobs of unequal length need small ones.
//! The results come in the order of the jobs in both cases.
//!
//! Claims: F8
//! Change this and watch: `CHUNK` of 1. Only the jobs that are queued ahead of
//! their results, four for each worker, are done meanwhile.
//!
//! Output (times vary, counts do not):
//!     in chunks of 25: 75 jobs are done beside the long one
//!     from one queue: 99 jobs are done beside the long one
//!     The article, F8: "It has the advantages of a pool, as multiprocessing.Pool has."
//!     Our answer for Rust: holds (true)
//!     Our answer to F8 is borne out: while a long job held 1 of 4 workers, the others did 99 of 99 jobs

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::{thread, time::Duration};

use futures_pool::{MapOptions, ThreadPool};
use shared::{Result, claim, flags, say, watchdog::Watchdog};

const JOBS: usize = 100;
const WORKERS: usize = 4;
const CHUNK: usize = JOBS / WORKERS;

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(5))?;
    let pool = ThreadPool::new(WORKERS)?;
    // WRONG for jobs of unequal length: they are divided in advance
    let chunks = pool.map_with(MapOptions::chunk(CHUNK), work, 0..JOBS);
    let chunks = chunks.collect::<Result<Vec<_>, _>>()?[0];
    say!("in chunks of {CHUNK}: {chunks} jobs are done beside the long one");
    DONE.store(0, SeqCst);
    let queue = run_all(&pool, work, 0..JOBS)?;
    say!("from one queue: {} jobs are done beside the long one", queue[0]);

    let in_order = queue[1..].iter().copied().eq(1..JOBS);
    let (done, others) = (queue[0], JOBS - 1);
    let figure = format!(
        "while a long job held 1 of {WORKERS} workers, the others did {done} \
         of {others} jobs"
    );
    claim("F8", done == others && chunks < done && in_order, figure)
}

static DONE: AtomicUsize = AtomicUsize::new(0);

/// Job 0 returns how many jobs are done while it runs; it ends when for 100 ms
/// no other one has been done. The others return their number.
fn work(n: usize) -> usize {
    if n > 0 {
        DONE.fetch_add(1, SeqCst);
        return n;
    }
    let mut seen = usize::MAX;
    while seen != DONE.load(SeqCst) && DONE.load(SeqCst) < JOBS - 1 {
        seen = DONE.load(SeqCst);
        thread::sleep(Duration::from_millis(100));
    }
    DONE.load(SeqCst)
}

// ANCHOR: load_balance
use futures_pool::{Executor, Function, JobError, Value};

/// Queues a job for each input; a worker that is free takes the next one.
/// Returns the results in the order of the inputs, or the first error; the
/// other jobs are still done. All inputs are in memory at the same time.
pub fn run_all<A: Value, T: Value>(
    pool: &impl Executor,
    job: impl Function<A, T>,
    inputs: impl IntoIterator<Item = A>,
) -> Result<Vec<T>, JobError> {
    let inputs = inputs.into_iter();
    let handles: Vec<_> = inputs.map(|input| pool.submit(job, input)).collect();
    handles.into_iter().map(|handle| handle.result()).collect()
}
// ANCHOR_END: load_balance
