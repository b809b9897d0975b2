//! What Python's asyncio offers between tasks, and the Rust that does the same.
//!
//!     cargo run -p asyncio --bin cookbook_sync
//!
//! Each row is run and checked. Closing is dropping: a queue ends when its last
//! sender is gone.
//!
//! Claims: A20
//! Change this and watch: the expected result in any row, and it fails.
//!
//! Output (figures vary):
//!     Python's asyncio               Rust                           crate
//!     async with lock                lock().await                   tokio
//!     Semaphore(2)                   Semaphore::new(2)              tokio
//!     event.set(), event.wait()      watch, wait_for                tokio
//!     condition.wait_for(test)       watch, wait_for(test)          tokio
//!     Barrier(2)                     Barrier::new(2)                tokio
//!     future.set_result(3)           oneshot, send(3)               tokio
//!     Queue()                        unbounded_channel()            tokio
//!     Queue(1), put_nowait()         channel(1), try_send()         tokio
//!     queue.get() by many            bounded(2), clone()            smol
//!     queue.join(), task_done()      TaskTracker, wait()            tokio-util
//!     queue.shutdown()               drop(sender)                   tokio
//!     queue.shutdown(True)           drop(receiver)                 tokio
//!     A20 borne out: 12 functions, 3 crates

use std::{collections::BTreeSet, time::Duration};

use shared::{Failure, Result, claim, flags, say, watchdog::Watchdog};
use tokio::sync::{Barrier, Mutex, Semaphore, mpsc, oneshot, watch};
use tokio::{join, spawn, task::yield_now};
use tokio_util::task::TaskTracker;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let _guard = Watchdog::guard("all recipes", Duration::from_secs(10))?;
    say!("{:<31}{:<31}crate", "Python's asyncio", "Rust");
    let crates = [
        lock().await?,
        semaphore().await?,
        event().await?,
        condition().await?,
        barrier().await?,
        future().await?,
        queue().await?,
        queue_full().await?,
        queue_of_many().await?,
        queue_join().await?,
        queue_shutdown().await?,
        queue_shutdown_now().await?,
    ];
    let different = BTreeSet::from(crates).len();
    let figure = format!("{} functions, {different} crates", crates.len());
    claim("A20", different > 1, figure)
}

/// The crate, once the recipe has done what its row says.
fn row(what: [&'static str; 3], works: bool) -> Row {
    let [python, rust, name] = what;
    say!("{python:<31}{rust:<31}{name}");
    let failed = || Failure::new(format!("{rust} is not {python}"));
    works.then_some(name).ok_or_else(failed)
}

type Row = Result<&'static str>;

async fn lock() -> Row {
    let till = Mutex::new(12);
    *till.lock().await += 12;
    let works = till.try_lock().is_ok_and(|till| *till == 24);
    row(["async with lock", "lock().await", "tokio"], works)
}

async fn semaphore() -> Row {
    let seats = Semaphore::new(2);
    let taken = (seats.acquire().await?, seats.acquire().await?);
    let full = seats.try_acquire().is_err();
    drop(taken);
    let works = full && seats.available_permits() == 2;
    row(["Semaphore(2)", "Semaphore::new(2)", "tokio"], works)
}

async fn event() -> Row {
    let (open, mut door) = watch::channel(false);
    let guest = spawn(async move { door.wait_for(|open| *open).await.is_ok() });
    open.send(true)?;
    row(["event.set(), event.wait()", "watch, wait_for", "tokio"], guest.await?)
}

async fn condition() -> Row {
    let (plates, mut waiting) = watch::channel(0);
    let guest = async { waiting.wait_for(|plates| *plates >= 3).await.is_ok() };
    let cook = async { _ = plates.send_replace(3) };
    let (works, ()) = join!(guest, cook);
    row(["condition.wait_for(test)", "watch, wait_for(test)", "tokio"], works)
}

async fn barrier() -> Row {
    let all = Barrier::new(2);
    let (one, two) = join!(all.wait(), all.wait());
    let works = one.is_leader() != two.is_leader();
    row(["Barrier(2)", "Barrier::new(2)", "tokio"], works)
}

async fn future() -> Row {
    let (set, result) = oneshot::channel();
    let works = set.send(3).is_ok() && result.await? == 3;
    row(["future.set_result(3)", "oneshot, send(3)", "tokio"], works)
}

async fn queue() -> Row {
    let (rail, mut orders) = mpsc::unbounded_channel();
    rail.send("kimbap")?;
    let works = orders.recv().await == Some("kimbap");
    row(["Queue()", "unbounded_channel()", "tokio"], works)
}

async fn queue_full() -> Row {
    let (rail, _orders) = mpsc::channel(1);
    let works = rail.try_send(1).is_ok() && rail.try_send(2).is_err();
    row(["Queue(1), put_nowait()", "channel(1), try_send()", "tokio"], works)
}

async fn queue_of_many() -> Row {
    let (rail, orders) = smol::channel::bounded(2);
    let other = orders.clone();
    rail.send(1).await?;
    rail.send(2).await?;
    let works = orders.recv().await? + other.recv().await? == 3;
    row(["queue.get() by many", "bounded(2), clone()", "smol"], works)
}

async fn queue_join() -> Row {
    let tracker = TaskTracker::new();
    let tasks = [1, 2].map(|_| tracker.spawn(yield_now()));
    tracker.close();
    tracker.wait().await;
    let works = tasks.iter().all(|task| task.is_finished());
    row(
        ["queue.join(), task_done()", "TaskTracker, wait()", "tokio-util"],
        works,
    )
}

async fn queue_shutdown() -> Row {
    let (rail, mut orders) = mpsc::channel(2);
    rail.send(1).await?;
    drop(rail);
    let works = (orders.recv().await, orders.recv().await) == (Some(1), None);
    row(["queue.shutdown()", "drop(sender)", "tokio"], works)
}

async fn queue_shutdown_now() -> Row {
    let (rail, orders) = mpsc::channel(2);
    rail.send(1).await?;
    drop(orders);
    row(
        ["queue.shutdown(True)", "drop(receiver)", "tokio"],
        rail.send(2).await.is_err(),
    )
}
