//! Back-pressure compared: queues of rayon and tokio, and inputs in batches.
//!
//!     cargo run -p futures_pool --bin queue_growth_ways
//!
//! Jobs with an input of 32 KiB come in faster than four threads can do them.
//! The queues of rayon and of tokio's `spawn_blocking` have no limit, like that
//! of our pool, so all inputs are in memory. Where the work is for rayon, make
//! the inputs in batches: the next batch when one is done. A bounded channel
//! holds the producer back, too: `queue_pipeline`.
//!
//! Read `queue_growth` first.
//!
//! Claims: F15
//! Change this and watch: the `sleep` in `inputs` instead of in `work`. The
//! workers wait for jobs, no queue grows, and F15 is contradicted.
//!
//! Output (figures vary):
//!     jobs by                most waiting
//!     rayon, spawn                    351
//!     tokio, spawn_blocking           363
//!     rayon, batches of 16             16
//!     The article, F15: "The thread pool has all merits of threads and queues."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to F15 is borne out: of 400 jobs at least 351 waited in queues without a limit, 16 in batches

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::{thread, time::Duration};

use rayon::{ThreadPool, ThreadPoolBuilder};
use shared::{Result, Table, claim, ensure, flags, watchdog::Watchdog};
use tokio::runtime::Builder;

const JOBS: usize = 400;
const WORKERS: usize = 4;
const BATCH: usize = 16;

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(10))?;
    let pool = ThreadPoolBuilder::new().num_threads(WORKERS).build()?;
    let rayon = most_waiting(|| spawn_on(&pool))?;
    let tokio = most_waiting(spawn_blocking)?;
    let in_batches = || for_each_in_batches(inputs(), BATCH, work);
    let batches = most_waiting(|| pool.install(in_batches))?;

    let mut table = Table::new(["jobs by", "most waiting"]);
    table.row([&"rayon, spawn", &rayon]);
    table.row([&"tokio, spawn_blocking", &tokio]);
    table.row([&format!("rayon, batches of {BATCH}"), &batches]);
    table.print();
    let least = rayon.min(tokio);
    let figure = format!(
        "of {JOBS} jobs at least {least} waited in queues without a limit, \
         {batches} in batches"
    );
    claim("F15", batches <= BATCH && least > 2 * batches, figure)
}

/// How many jobs waited at the same time, at most, while all of them were done.
fn most_waiting(run: impl FnOnce()) -> Result<usize> {
    BEGUN.store(0, SeqCst);
    MOST.store(0, SeqCst);
    run();
    ensure(BEGUN.load(SeqCst) == JOBS, "not all jobs were begun")?;
    Ok(MOST.load(SeqCst))
}

static BEGUN: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

/// Made one by one, when they are asked for.
fn inputs() -> impl Iterator<Item = Vec<u8>> {
    (1..=JOBS).map(|made| {
        MOST.fetch_max(made - BEGUN.load(SeqCst), SeqCst);
        vec![1; 32 << 10]
    })
}

fn work(_: Vec<u8>) {
    BEGUN.fetch_add(1, SeqCst);
    thread::sleep(Duration::from_millis(1)); // the job itself
}

fn spawn_on(pool: &ThreadPool) {
    pool.in_place_scope(|scope| {
        // WRONG: all of them are in memory
        inputs().for_each(|input| scope.spawn(|_| work(input)));
    });
}

fn spawn_blocking() {
    let mut builder = Builder::new_current_thread();
    let runtime = builder.max_blocking_threads(WORKERS).build();
    let runtime = runtime.expect("it can be built");
    let jobs = inputs().map(|input| runtime.spawn_blocking(|| work(input)));
    let jobs: Vec<_> = jobs.collect(); // WRONG: all of them are in memory
    for job in jobs {
        runtime.block_on(job).expect("no job panics");
    }
}

// ANCHOR: queue_growth_ways
use rayon::prelude::*;

/// Calls `work` with each input in parallel, on rayon's threads. Inputs are
/// made `batch` at a time (0 counts as 1), so no more are in memory; the next
/// batch is made when all of the last one is done.
///
/// # Panics
///
/// When `work` panics; no other batch is begun then.
pub fn for_each_in_batches<A: Send>(
    inputs: impl IntoIterator<Item = A>,
    batch: usize,
    work: impl Fn(A) + Send + Sync,
) {
    let mut inputs = inputs.into_iter();
    loop {
        let some: Vec<A> = inputs.by_ref().take(batch.max(1)).collect();
        if some.is_empty() {
            return;
        }
        some.into_par_iter().for_each(&work);
    }
}
// ANCHOR_END: queue_growth_ways
