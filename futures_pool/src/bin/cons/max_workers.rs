//! max_workers limits concurrency: N workers do 64 waits in 64 / N rounds.
//!
//!     cargo run -p futures_pool --bin max_workers
//!
//! A worker that waits cannot do another job meanwhile. So the number of
//! workers, which is fixed when the pool is made, decides how many jobs wait at
//! the same time, and how long all of them take. Here times are in waits, of
//! 10 ms each. A task that waits occupies no thread: on one thread any number
//! of tasks wait at the same time.
//!
//! Claims: F11
//! Change this and watch: `ThreadPool::new(2 * at_once)`. More jobs wait at the
//! same time than the table predicts, and F11 is contradicted.
//!
//! Output (times vary, counts do not):
//!     workers  overlap  predicted  measured
//!           1        1         64      65.1
//!           2        2         32      32.8
//!           4        4         16      16.5
//!           8        8          8       8.8
//!          16       16          4       4.8
//!          32       32          2       2.4
//!          64       64          1       1.7
//!       tasks       64          1       1.3
//!     The article, F11: "max_workers is fixed in advance and limits parallelism."
//!     Our answer for Rust: holds (true)
//!     Our answer to F11 is borne out: of 64 waits as many overlapped as there were workers, in 7 of 7 pools; 64 as tasks

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::{thread, time::Duration, time::Instant};

use futures::future::join_all;
use shared::measure::now;
use shared::{Result, Span, Table, claim, flags, watchdog::Watchdog};
use tokio::runtime::Builder;

const WAITS: usize = 64;
const WAIT: Duration = Duration::from_millis(10);
const WORKERS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the waits", Duration::from_secs(10))?;
    let mut table = Table::new(["workers", "overlap", "predicted", "measured"]);
    let mut limited = 0;
    for workers in WORKERS {
        let started = Instant::now();
        let at_once = Span::most_at_once(&on_a_pool(workers)?);
        limited += usize::from(at_once == workers);
        let took = started.elapsed().div_duration_f64(WAIT);
        let predicted = WAITS.div_ceil(workers);
        table.row([&workers, &at_once, &predicted, &format!("{took:.1}")]);
    }
    let started = Instant::now();
    let tasks = Span::most_at_once(&as_tasks()?);
    let took = started.elapsed().div_duration_f64(WAIT);
    table.row([&"tasks", &tasks, &1, &format!("{took:.1}")]);
    table.print();
    let pools = WORKERS.len();
    let figure = format!(
        "of {WAITS} waits as many overlapped as there were workers, in \
         {limited} of {pools} pools; {tasks} as tasks"
    );
    claim("F11", limited == pools && tasks == WAITS, figure)
}

fn on_a_pool(workers: usize) -> Result<Vec<Span>> {
    BEGUN.store(0, SeqCst);
    let waits = map_with_limit(workers, wait, [workers; WAITS])?;
    Ok(waits.into_iter().collect::<Result<_, _>>()?)
}

static BEGUN: AtomicUsize = AtomicUsize::new(0);

/// Forced: the first ones wait until there is one for each worker.
fn wait(workers: usize) -> Span {
    let start = now();
    BEGUN.fetch_add(1, SeqCst);
    while BEGUN.load(SeqCst) < workers {
        thread::sleep(WAIT / 10);
    }
    thread::sleep(WAIT); // the job itself
    Span { start, end: now() }
}

/// All on one thread.
fn as_tasks() -> Result<Vec<Span>> {
    let runtime = Builder::new_current_thread().enable_time().build()?;
    let wait = async || {
        let start = now();
        tokio::time::sleep(WAIT).await;
        Span { start, end: now() }
    };
    Ok(runtime.block_on(join_all((0..WAITS).map(|_| wait()))))
}

// ANCHOR: max_workers
use futures_pool::{Executor, Function, JobError, ThreadPool, Value};

/// Runs `job` on each input, at most `at_once` at the same time, on threads.
/// Returns the results in the order of the inputs, an error in the place of a
/// job that panicked.
///
/// # Errors
///
/// `at_once` is 0.
pub fn map_with_limit<A: Value, T: Value>(
    at_once: usize,
    job: impl Function<A, T>,
    inputs: impl IntoIterator<Item = A>,
) -> std::io::Result<Vec<Result<T, JobError>>> {
    let pool = ThreadPool::new(at_once)?;
    let results = pool.map(job, inputs).collect();
    Ok(results)
}
// ANCHOR_END: max_workers
