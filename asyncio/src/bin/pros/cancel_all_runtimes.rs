//! Cancel or await 10 000 tasks at once: tokio, smol and async-std compared.
//!
//!     cargo run --release -p asyncio --bin cancel_all_runtimes
//!
//! Dropping tasks of smol cancels them; those of async-std have to be cancelled
//! one by one, and a dropped handle lets its task go on. The time is that from the
//! call until the last task is gone.
//!
//! Read `cancel_all` first.
//!
//! Claims: A25
//! Change this and watch: `drop(tasks)` in `async_std_cancel`. After five seconds
//! no task is gone, and A25 is contradicted.
//!
//! Output (figures vary):

use std::sync::{Arc, atomic::AtomicU32, atomic::Ordering::Relaxed};
use std::time::{Duration, Instant};

use futures::future::join_all;
use shared::measure::ms;
use shared::{Result, Table, claim, flags, notice_debug_build};
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

const TASKS: u32 = 10_000;

#[tokio::main]
async fn main() -> Result {
    flags([]);
    notice_debug_build();
    let mut table = Table::new(["", "gone", "ended", "ms"]);
    let t = &mut table;
    let cancelled = [
        row(t, "tokio JoinSet, shutdown", tokio_cancel).await,
        row(t, "smol, drop", smol_cancel).await,
        row(t, "async-std, cancel", async_std_cancel).await,
    ];
    let awaited = [
        row(t, "tokio JoinSet, join_all", tokio_await).await,
        row(t, "smol, join_all", smol_await).await,
        row(t, "async-std, join_all", async_std_await).await,
    ];
    table.print();
    let all = |ends: [[u32; 2]; 3], wanted| {
        ends.iter().filter(|end| **end == wanted).count()
    };
    let cancelled = all(cancelled, [TASKS, 0]);
    let awaited = all(awaited, [TASKS, TASKS]);
    let figure = format!(
        "{TASKS} tasks were all cancelled at once on {cancelled} of 3 runtimes, \
         and all awaited on {awaited}"
    );
    claim("A25", (cancelled, awaited) == (3, 3), figure)
}

/// How many tasks are gone in the end, and how many have come to their end.
async fn row(
    table: &mut Table<4>,
    way: &str,
    end_all: impl AsyncFnOnce(&Arc<Counts>) -> Instant,
) -> [u32; 2] {
    let [waiting, gate, gone] = [(); 3].map(|()| Semaphore::new(0));
    let counts = Counts { waiting, gate, gone, ended: AtomicU32::new(0) };
    let counts = Arc::new(counts);
    let started = end_all(&counts).await;
    all(&counts.gone).await;
    let took = ms(started.elapsed());
    let gone = counts.gone.available_permits() as u32;
    let ended = counts.ended.load(Relaxed);
    table.row([&way, &gone, &ended, &format_args!("{took:.1}")]);
    [gone, ended]
}

/// Waits until `count` has come to all tasks, or some seconds: it is counted.
async fn all(count: &Semaphore) {
    let all = timeout(Duration::from_secs(5), count.acquire_many(TASKS));
    let _ = all.await;
}

async fn tokio_cancel(counts: &Arc<Counts>) -> Instant {
    let mut tasks: JoinSet<()> = tasks(counts).collect();
    let started = counts.all_wait().await;
    tasks.shutdown().await;
    started
}

async fn smol_cancel(counts: &Arc<Counts>) -> Instant {
    let tasks: Vec<_> = tasks(counts).map(smol::spawn).collect();
    let started = counts.all_wait().await;
    drop(tasks);
    started
}

async fn async_std_cancel(counts: &Arc<Counts>) -> Instant {
    let tasks: Vec<_> = tasks(counts).map(async_std::task::spawn).collect();
    let started = counts.all_wait().await;
    join_all(tasks.into_iter().map(|task| task.cancel())).await;
    started
}

async fn tokio_await(counts: &Arc<Counts>) -> Instant {
    let tasks: JoinSet<()> = tasks(counts).collect();
    let started = counts.all_wait().await;
    counts.gate.close();
    tasks.join_all().await;
    started
}

async fn smol_await(counts: &Arc<Counts>) -> Instant {
    let tasks: Vec<_> = tasks(counts).map(smol::spawn).collect();
    let started = counts.all_wait().await;
    counts.gate.close();
    join_all(tasks).await;
    started
}

async fn async_std_await(counts: &Arc<Counts>) -> Instant {
    let tasks: Vec<_> = tasks(counts).map(async_std::task::spawn).collect();
    let started = counts.all_wait().await;
    counts.gate.close();
    join_all(tasks).await;
    started
}

struct Counts {
    waiting: Semaphore,
    gate: Semaphore,
    gone: Semaphore,
    ended: AtomicU32,
}

impl Counts {
    async fn all_wait(&self) -> Instant {
        all(&self.waiting).await;
        Instant::now()
    }
}

fn tasks(
    counts: &Arc<Counts>,
) -> impl Iterator<Item = impl Future<Output = ()> + Send + 'static> {
    (0..TASKS).map(|_| task(counts.clone()))
}

async fn task(counts: Arc<Counts>) {
    let _gone = OnDrop(&counts.gone);
    counts.waiting.add_permits(1);
    let _closed = counts.gate.acquire().await;
    counts.ended.fetch_add(1, Relaxed); // behind the await
}

struct OnDrop<'a>(&'a Semaphore);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}
