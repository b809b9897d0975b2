//! Cancel 10 000 tasks together: tokio, smol and async-std compared.
//!
//!     cargo run --release -p asyncio --bin cancel_all_runtimes
//!
//! Dropping a task of smol cancels it, and a JoinSet of tokio cancels all of
//! its own; a task of async-std has to be cancelled: it goes on when its handle
//! is dropped. The time is that from the call until the last task is gone.
//!
//! Read `cancel_all` first.
//!
//! Claims: A25
//! Change this and watch: `drop` the tasks of async-std. No task is gone then,
//! and A25 is contradicted.
//!
//! Output (times vary, counts do not):
//!                cancelled   ms
//!     tokio          10000  7.5
//!     smol           10000  6.5
//!     async-std      10000  9.3
//!     The article, A25: "All tasks can easily be cancelled or awaited at once."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A25 is borne out: 10000 tasks are cancelled together on 3 of 3 runtimes

use std::sync::{Arc, atomic::AtomicUsize, atomic::Ordering::Relaxed};
use std::{future::pending, time::Duration, time::Instant};

use async_std::task::{JoinHandle, spawn};
use futures::future::BoxFuture;
use shared::measure::ms;
use shared::watchdog::Watchdog;
use shared::{Result, Table, claim, flags, notice_debug_build};
use tokio::{sync::Semaphore, task::JoinSet};

const TASKS: usize = 10_000;

#[tokio::main]
async fn main() -> Result {
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the tasks", Duration::from_secs(5))?;
    let mut table = Table::new(["", "cancelled", "ms"]);
    let t = &mut table;
    let start = |jobs: Jobs| jobs.into_iter().collect();
    let cancel = async |mut tasks: JoinSet<()>| tasks.shutdown().await;
    let tokio = row(t, "tokio", start, cancel).await?;

    let start = |jobs: Jobs| jobs.into_iter().map(smol::spawn).collect();
    let smol = row(t, "smol", start, cancel_tasks).await?;

    let start = |jobs: Jobs| jobs.into_iter().map(spawn).collect();
    let cancel = async |tasks: Vec<JoinHandle<()>>| {
        join_all(tasks.into_iter().map(|task| task.cancel())).await;
    };
    let async_std = row(t, "async-std", start, cancel).await?;
    table.print();
    let runtimes = [tokio, smol, async_std];
    let all = runtimes.iter().filter(|all| **all).count();
    let figure = format!(
        "{TASKS} tasks are cancelled together on {all} of {} runtimes",
        runtimes.len()
    );
    claim("A25", all == runtimes.len(), figure)
}

type Jobs = Vec<BoxFuture<'static, ()>>;

/// Whether all tasks are cancelled, and none comes to its end.
async fn row<Started>(
    table: &mut Table<3>,
    runtime: &str,
    start: impl Fn(Jobs) -> Started,
    cancel: impl AsyncFnOnce(Started),
) -> Result<bool> {
    let waiting = Semaphore::new(0);
    let counts = Arc::new(Counts { waiting, ended: AtomicUsize::new(0) });
    let job = |_| Box::pin(job(counts.clone())) as BoxFuture<'static, ()>;
    let tasks = start((0..TASKS).map(job).collect());
    counts.waiting.acquire_many(TASKS as u32).await?.forget();
    let started = Instant::now();
    cancel(tasks).await;
    let took = format!("{:.1}", ms(started.elapsed()));
    let left = Arc::strong_count(&counts) - 1; // each task holds one
    let cancelled = TASKS - left - counts.ended.load(Relaxed);
    table.row([&runtime, &cancelled, &took]);
    Ok(cancelled == TASKS)
}

struct Counts {
    waiting: Semaphore,
    ended: AtomicUsize,
}

async fn job(counts: Arc<Counts>) {
    counts.waiting.add_permits(1);
    pending::<()>().await;
    counts.ended.fetch_add(1, Relaxed); // after the await
}

// ANCHOR: cancel_all_runtimes
use futures::future::join_all;

/// Cancels tasks of smol, and waits until they are gone, and what they hold is
/// dropped. (Dropping a task cancels it, too, but does not wait.) If one of
/// them has panicked, this panics, too, and does not wait for the others.
pub async fn cancel_tasks<T>(tasks: Vec<smol::Task<T>>) {
    join_all(tasks.into_iter().map(|task| task.cancel())).await;
}
// ANCHOR_END: cancel_all_runtimes
