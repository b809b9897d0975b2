//! Back-pressure: a pool's queue has no limit, unless you give it one.
//!
//!     cargo run -p futures_pool --bin queue_growth
//!
//! Jobs come in faster than four workers can do them. `submit` queues them at
//! once, so all inputs are in memory together, as in Python. With a limit,
//! `submit` waits until there is room in the queue: whoever brings the jobs is
//! held back. The jobs take no longer, because the workers are the slow part.
//!
//! The program `queue_growth_ways` has rayon and tokio.
//!
//! Claims: F15
//! Change this and watch: the `sleep` in `inputs` instead of in `work`. The
//! workers wait for jobs, no queue grows, and F15 is contradicted.
//!
//! Output (figures vary):
//!     queue without a limit: up to 395 jobs wait
//!     queue with room for 16: up to 19 jobs wait
//!     The article, F15: "The thread pool has all merits of threads and queues."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to F15 is borne out: 395 of 400 jobs waited in a queue without a limit, 19 in one with room for 16

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::{thread, time::Duration};

use futures_pool::Executor;
use shared::{Result, claim, ensure, flags, say, watchdog::Watchdog};

const JOBS: usize = 400;
const ROOM: NonZero<usize> = NonZero::new(16).expect("it is not 0");

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(8))?;
    let unlimited = most_waiting(&ThreadPool::new(4)?)?; // WRONG: no limit
    say!("queue without a limit: up to {unlimited} jobs wait");
    let limited = most_waiting(&pool_with_queue_limit(4, ROOM)?)?;
    say!("queue with room for {ROOM}: up to {limited} jobs wait");

    let figure = format!(
        "{unlimited} of {JOBS} jobs waited in a queue without a limit, \
         {limited} in one with room for {ROOM}"
    );
    // One more is in the hands of `submit`, and each worker may have just
    // taken one.
    claim("F15", limited <= ROOM.get() + 5 && unlimited > 2 * limited, figure)
}

fn most_waiting(pool: &ThreadPool) -> Result<usize> {
    BEGUN.store(0, SeqCst);
    MOST.store(0, SeqCst);
    let jobs: Vec<_> = inputs().map(|input| pool.submit(work, input)).collect();
    let done = jobs.into_iter().filter_map(|job| job.result().ok()).count();
    ensure(done == JOBS, "not all jobs are done")?;
    Ok(MOST.load(SeqCst))
}

static BEGUN: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

/// Made one by one, when they are asked for.
fn inputs() -> impl Iterator<Item = Vec<u8>> {
    (1..=JOBS).map(|made| {
        MOST.fetch_max(made - BEGUN.load(SeqCst), SeqCst);
        vec![1; 1 << 10]
    })
}

fn work(input: Vec<u8>) -> usize {
    BEGUN.fetch_add(1, SeqCst);
    thread::sleep(Duration::from_millis(1)); // the job itself
    input.len()
}

// ANCHOR: queue_growth
use std::num::NonZero;

use futures_pool::ThreadPool;

/// A pool of threads with back-pressure: `submit` waits while `room` jobs are
/// in the queue, so inputs are not made faster than they are used. `map` needs
/// no such limit: it takes four inputs ahead for each worker.
///
/// # Errors
///
/// `workers` is 0.
pub fn pool_with_queue_limit(
    workers: usize,
    room: NonZero<usize>,
) -> std::io::Result<ThreadPool> {
    ThreadPool::builder().workers(workers).queue_limit(room).build()
}
// ANCHOR_END: queue_growth
