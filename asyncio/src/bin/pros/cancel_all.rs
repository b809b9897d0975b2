//! Cancel all tasks together, or await all: JoinSet; what cannot be cancelled.
//!
//!     cargo run -p asyncio --bin cancel_all
//!
//! A cancelled task is dropped where it waits: what it holds is dropped, and
//! what stands after its `await` never runs. `shutdown` of a JoinSet cancels
//! all of its tasks and waits until they are gone. Blocking work that has begun
//! never awaits, so it cannot be cancelled: `shutdown` waits until it is done.
//!
//! The program `cancel_all_runtimes` compares three runtimes; `cleanup` shows
//! what a task can still do when it is cancelled.
//!
//! Claims: A25
//! Change this and watch: `tasks.abort_all()` instead of `cancel_all`. It
//! cancels them, too, but does not wait: some are still there, and A25 is
//! contradicted.
//!
//! Output (times vary, counts do not):
//!     cancelled: 10000 of 10000 tasks; 0 came to their end
//!     awaited: 10000 of 10000 tasks came to their end
//!     blocking work is cancelled, and comes to its end: true
//!     The article, A25: "All tasks can easily be cancelled or awaited at once."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A25 is borne out: 10000 tasks were cancelled together, 10000 awaited; blocking work was not cancelled

use std::sync::{Arc, atomic::AtomicU32, atomic::Ordering::Relaxed};
use std::thread;

use shared::{Result, claim, flags, say, watchdog::Watchdog};
use tokio::sync::{Semaphore, oneshot};

const TASKS: u32 = 10_000;
const LIMIT: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the tasks", 2 * LIMIT)?;
    let (counts, mut tasks) = start().await?;
    let all_gone = cancel_all(&mut tasks, LIMIT).await;
    let ended = counts.ended.load(Relaxed);
    let left = Arc::strong_count(&counts) as u32 - 1; // each task holds one
    let cancelled = TASKS - ended - left;
    say!("cancelled: {cancelled} of {TASKS} tasks; {ended} came to their end");

    let (counts, tasks) = start().await?;
    counts.gate.close(); // lets all go on
    tasks.join_all().await;
    let awaited = counts.ended.load(Relaxed);
    say!("awaited: {awaited} of {TASKS} tasks came to their end");

    let blocking = cancel_blocking_work().await?;
    say!("blocking work is cancelled, and comes to its end: {blocking}");
    let not = if blocking { "not " } else { "" };
    let figure = format!(
        "{cancelled} tasks were cancelled together, {awaited} awaited; \
         blocking work was {not}cancelled"
    );
    let all = all_gone && (cancelled, awaited) == (TASKS, TASKS);
    claim("A25", all && blocking, figure)
}

struct Counts {
    waiting: Semaphore,
    gate: Semaphore,
    ended: AtomicU32,
}

/// Starts the tasks, and returns when all of them wait at the gate.
async fn start() -> Result<(Arc<Counts>, JoinSet<()>)> {
    let [waiting, gate] = [(); 2].map(|()| Semaphore::new(0));
    let ended = AtomicU32::new(0);
    let counts = Arc::new(Counts { waiting, gate, ended });
    let tasks = (0..TASKS).map(|_| task(counts.clone())).collect();
    counts.waiting.acquire_many(TASKS).await?.forget();
    Ok((counts, tasks))
}

async fn task(counts: Arc<Counts>) {
    counts.waiting.add_permits(1);
    let _closed = counts.gate.acquire().await;
    counts.ended.fetch_add(1, Relaxed); // after the await
}

/// Whether it comes to its end, although it is cancelled at work.
async fn cancel_blocking_work() -> Result<bool> {
    let (begun, begins) = oneshot::channel();
    let (done, ends) = oneshot::channel();
    let mut tasks = JoinSet::new();
    tasks.spawn_blocking(move || {
        let _ = begun.send(());
        thread::sleep(Duration::from_millis(20)); // stands for the work
        done.send(())
    });
    begins.await?;
    let gone = cancel_all(&mut tasks, LIMIT).await;
    Ok(gone && ends.await.is_ok())
}

// ANCHOR: cancel_all
use std::time::Duration;
use tokio::{task::JoinSet, time::timeout};

/// Cancels all tasks, and waits until they are gone, and what they hold is
/// dropped; but not longer than `limit`: a task that never awaits, and blocking
/// work that has begun, cannot be cancelled. Returns whether all are gone.
pub async fn cancel_all<T: 'static>(
    tasks: &mut JoinSet<T>,
    limit: Duration,
) -> bool {
    timeout(limit, tasks.shutdown()).await.is_ok()
}
// ANCHOR_END: cancel_all
