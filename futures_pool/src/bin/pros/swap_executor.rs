//! Swap threads for processes: the same job and code, one line differs.
//!
//!     cargo run -p futures_pool --bin swap_executor
//!
//! A job is a plain function. Its argument and its result can be encoded, so
//! they can go to another process; what cannot be encoded does not compile (see
//! `compile_fail`). As in Python, both executors have one interface, and code
//! that takes `&impl Executor` runs on either. Jobs that wait overlap on both,
//! and so do jobs that work: Rust's threads have no GIL.
//!
//! The program `blocking_in_rayon` has the same jobs on rayon, tokio and smol.
//!
//! Claims: F3, F4
//! Change this and watch: `ThreadPool` instead of `ProcessPool`. Nothing
//! crosses to another process then, and F3 is contradicted.
//!
//! Output (figures vary):
//!     executor   processes  wait together  work together
//!     threads            1              4              4
//!     processes          4              4              4
//!     The article, F3: "A job is easily moved from threads to processes and back."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to F3 is borne out: the same jobs gave the same results in 1 process, and in 4 workers
//!     The article, F4: "With limited change, concurrent waiting becomes parallel work."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to F4 is borne out: 4 jobs waited at the same time on threads, 4 worked at the same time on processes

use std::{collections::HashSet, process, thread, time::Duration};

use futures_pool::{ProcessPool, ThreadPool, init, job};
use serde::{Deserialize, Serialize};
use shared::{Result, Span, Table, chop, chopped, claim, ensure, flags};
use shared::{measure::now, watchdog::Watchdog};

const WORKERS: usize = 4;
const STROKES: u64 = 3_000_000;

fn main() -> Result {
    init([job(wait), job(work)]);
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(10))?;
    let threads = seen_on(&ThreadPool::new(WORKERS)?)?;
    let processes = seen_on(&ProcessPool::new(WORKERS)?)?; // The one change

    let head = ["executor", "processes", "wait together", "work together"];
    let mut table = Table::new(head);
    for (name, seen) in [("threads", &threads), ("processes", &processes)] {
        table.row([&name, &seen.pids.len(), &seen.waiting, &seen.working]);
    }
    table.print();
    verdict(&threads, &processes)
}

fn verdict(threads: &Seen, processes: &Seen) -> Result {
    let own = HashSet::from([process::id()]);
    let moved = threads.pids == own && processes.pids.is_disjoint(&own);
    let figure = format!(
        "the same jobs gave the same results in {} process, and in {} workers",
        threads.pids.len(),
        processes.pids.len()
    );
    claim("F3", moved, figure)?;
    let figure = format!(
        "{} jobs waited at the same time on threads, {} worked at the same \
         time on processes",
        threads.waiting, processes.working
    );
    claim("F4", threads.waiting > 1 && processes.working > 1, figure)
}

/// Where jobs ran, and how many of them at the same time.
struct Seen {
    pids: HashSet<u32>,
    waiting: usize,
    working: usize,
}

fn seen_on(pool: &impl Executor) -> Result<Seen> {
    let waited = map_on(pool, wait, 0..8)?;
    let worked = map_on(pool, work, 0..8)?;
    let right = |(n, done): (u64, &Done)| done.result == chopped(n, STROKES);
    ensure((0..).zip(&worked).all(right), "a result is wrong")?;
    let spans = |jobs: &[Done]| jobs.iter().map(|j| j.span).collect::<Vec<_>>();
    Ok(Seen {
        pids: worked.iter().map(|done| done.pid).collect(),
        waiting: Span::most_at_once(&spans(&waited)),
        working: Span::most_at_once(&spans(&worked)),
    })
}

#[derive(Serialize, Deserialize)]
struct Done {
    pid: u32,
    span: Span,
    result: u64,
}

fn wait(n: u64) -> Done {
    let start = now();
    thread::sleep(Duration::from_millis(20));
    Done { pid: process::id(), span: Span { start, end: now() }, result: n }
}

fn work(n: u64) -> Done {
    let start = now();
    let result = chop(n, STROKES);
    Done { pid: process::id(), span: Span { start, end: now() }, result }
}

// ANCHOR: swap_executor
use futures_pool::{Executor, Function, JobError, Value};

/// Runs `job` on each input, on threads or on processes, whichever the `pool`
/// has. Returns the results in the order of the inputs, or the first error;
/// jobs that have not begun by then are cancelled.
pub fn map_on<A: Value, T: Value>(
    pool: &impl Executor,
    job: impl Function<A, T>,
    inputs: impl IntoIterator<Item = A>,
) -> Result<Vec<T>, JobError> {
    pool.map(job, inputs).collect()
}
// ANCHOR_END: swap_executor
