//! Cancel 10 000 tasks at once: tokio, smol and async-std compared.
//!
//!     cargo run --release -p asyncio --bin cancel_all_runtimes
//!
//! Dropping a task of smol cancels it, and a JoinSet of tokio cancels all of
//! its own; a task of async-std has to be cancelled, for it goes on when its
//! handle is dropped. The time is that from the call until the last task is
//! gone.
//!
//! Read `cancel_all` first.
//!
//! Claims: A25
//! Change this and watch: `drop` the tasks of async-std. After five seconds no
//! task is gone, and A25 is contradicted.
//!
//! Output (figures vary):
//!                cancelled    ms
//!     tokio          10000   9.2
//!     smol           10000   9.2
//!     async-std      10000  12.6
//!     The article, A25: "All tasks can easily be cancelled or awaited at once."
//!     Our answer for Rust: limits (true within limits)
//!     A25 borne out: 10000 tasks are cancelled at once on 3 of 3 runtimes

use std::sync::{Arc, atomic::AtomicU32, atomic::Ordering::Relaxed};
use std::{future::pending, time::Duration, time::Instant};

use async_std::task::{JoinHandle, spawn};
use futures::future::BoxFuture;
use shared::measure::ms;
use shared::{Result, Table, claim, flags, notice_debug_build};
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

const TASKS: u32 = 10_000;

#[tokio::main]
async fn main() -> Result {
    flags([]);
    notice_debug_build();
    let mut table = Table::new(["", "cancelled", "ms"]);
    let t = &mut table;
    let start = |tasks: Tasks| tasks.into_iter().collect::<JoinSet<()>>();
    let cancel = async |mut tasks: JoinSet<()>| tasks.shutdown().await;
    let tokio = row(t, "tokio", start, cancel).await;

    let start = |tasks: Tasks| tasks.into_iter().map(smol::spawn).collect();
    let smol = row(t, "smol", start, cancel_tasks).await;

    let start = |tasks: Tasks| tasks.into_iter().map(spawn).collect();
    let cancel = async |tasks: Vec<JoinHandle<()>>| {
        join_all(tasks.into_iter().map(|task| task.cancel())).await;
    };
    let async_std = row(t, "async-std", start, cancel).await;
    table.print();
    let all = [tokio, smol, async_std].iter().filter(|all| **all).count();
    let figure = format!("{TASKS} tasks are cancelled at once on {all} of 3");
    claim("A25", all == 3, figure + " runtimes")
}

type Tasks = Vec<BoxFuture<'static, ()>>;

/// Whether all tasks are cancelled, and none comes to its end.
async fn row<Started>(
    table: &mut Table<3>,
    runtime: &str,
    start: impl Fn(Tasks) -> Started,
    cancel: impl AsyncFnOnce(Started),
) -> bool {
    let [waiting, gone] = [(); 2].map(|()| Semaphore::new(0));
    let counts = Counts { waiting, gone, ended: AtomicU32::new(0) };
    let counts = Arc::new(counts);
    let task = |_| Box::pin(task(counts.clone())) as BoxFuture<'static, ()>;
    let tasks = start((0..TASKS).map(task).collect());
    all(&counts.waiting).await;
    let started = Instant::now();
    cancel(tasks).await;
    all(&counts.gone).await;
    let took = format!("{:.1}", ms(started.elapsed()));
    let cancelled = counts.gone.available_permits();
    table.row([&runtime, &cancelled, &took]);
    cancelled == TASKS as usize && counts.ended.load(Relaxed) == 0
}

/// Waits until `count` has come to all tasks, but only some seconds.
async fn all(count: &Semaphore) {
    let all = count.acquire_many(TASKS);
    let _ = timeout(Duration::from_secs(5), all).await; // it is counted
}

/// Each semaphore counts how many tasks have come so far.
struct Counts {
    waiting: Semaphore,
    gone: Semaphore,
    ended: AtomicU32,
}

async fn task(counts: Arc<Counts>) {
    let _guard = Gone(&counts);
    counts.waiting.add_permits(1);
    pending::<()>().await;
    counts.ended.fetch_add(1, Relaxed); // after the await
}

struct Gone<'a>(&'a Counts);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.gone.add_permits(1);
    }
}

// ANCHOR: cancel_all_runtimes
use futures::future::join_all;

/// Cancels tasks of smol, and waits until they are gone, and what they hold is
/// dropped. (Dropping a task cancels it, too, but does not wait.)
pub async fn cancel_tasks<T>(tasks: Vec<smol::Task<T>>) {
    join_all(tasks.into_iter().map(|task| task.cancel())).await;
}
// ANCHOR_END: cancel_all_runtimes
