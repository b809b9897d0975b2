//! Futurelock (deadlock): a future nobody polls holds the lock its task needs.
//!
//!     cargo run -p asyncio --bin futurelock
//!
//! `select!` on `&mut update` keeps the future alive when the other branch
//! wins. From then on nobody polls it, so it never releases its lock: the task
//! is deadlocked with itself, although no thread is blocked. Two cures: let
//! `select!` own the future, then it is dropped; or spawn it, then the runtime
//! goes on polling it. In Python `asyncio.wait` takes only tasks, which run by
//! themselves.
//!
//! The program `futurelock_ways` shows the case of two locks, and of a future
//! that still waits for its lock.
//!
//! Claims: A33
//! Change this and watch: `drop(tokio::join!(update, lock.lock()))` for the
//! line marked WRONG. It polls both, there is no deadlock, and A33 is
//! contradicted.
//!
//! Output (times vary, counts do not):
//!     select! keeps the future: deadlock
//!     select! owns the future: done
//!     the runtime owns it: done
//!     The article, A33: "Unlike threads, they need no complicated locking."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A33 is borne out: a task that keeps a future and does not poll it deadlocks; 0 of 2 cures deadlock

use std::{future::ready, pin::pin, sync::Arc, time::Duration};

use shared::{Result, claim, flags, say};
use tokio::{sync::Mutex, task::yield_now, time::timeout};

type Lock = Arc<Mutex<()>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let kept_stuck = deadlocks("select! keeps the future", kept).await;
    let owned_stuck = deadlocks("select! owns the future", owned).await;
    let spawned_stuck = deadlocks("the runtime owns it", spawned).await;
    let cures = [owned_stuck, spawned_stuck];
    let stuck = cures.iter().filter(|stuck| **stuck).count();
    let figure = format!(
        "a task that keeps a future and does not poll it {}; {stuck} of \
         2 cures deadlock",
        if kept_stuck { "deadlocks" } else { "does not deadlock" }
    );
    claim("A33", kept_stuck && stuck == 0, figure)
}

/// Takes the lock, and holds it across an await.
async fn update(lock: Lock) {
    let _guard = lock.lock().await;
    yield_now().await; // here the other branch of `select!` wins
}

async fn kept(lock: Lock) {
    let mut update = pin!(update(lock.clone())); // for `&mut update`
    select! {
        biased; // in this order: `update` takes the lock, then `ready` wins
        () = &mut update => {}
        () = ready(()) => {}
    }
    drop(lock.lock().await); // WRONG: waits for `update`, which nobody polls
}

async fn owned(lock: Lock) {
    select! {
        biased;
        () = update(lock.clone()) => {}
        () = ready(()) => {} // `update` is dropped here, and its guard with it
    }
    drop(lock.lock().await);
}

async fn spawned(lock: Lock) {
    // `yield_now` wins after one turn of `update`, which holds the lock then.
    let unfinished = first_of(update(lock.clone()), yield_now()).await;
    drop(lock.lock().await); // comes: the runtime polls `update` to its end
    if let Err(update) = unfinished {
        update.await.expect("it does not panic");
    }
}

/// Half a second is ample: a way that is not stuck needs a microsecond.
async fn deadlocks<Way: Future<Output = ()>>(
    what: &str,
    way: fn(Lock) -> Way,
) -> bool {
    let limit = Duration::from_millis(500);
    let stuck = timeout(limit, way(Lock::default())).await.is_err();
    say!("{what}: {}", if stuck { "deadlock" } else { "done" });
    stuck
}

// ANCHOR: futurelock
use tokio::{select, task::JoinHandle};

/// Waits for `work` until `other` is ready. If `other` wins, the work goes on
/// as a task and releases its locks; `Err` holds the task's handle. If `work`
/// panics before that, the caller panics, too. If this future is dropped, the
/// work goes on as well.
pub async fn first_of<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
    other: impl Future<Output = ()>,
) -> Result<T, JoinHandle<T>> {
    let mut task = tokio::spawn(work);
    select! {
        done = &mut task => Ok(done.unwrap_or_else(|error| {
            std::panic::resume_unwind(error.into_panic())
        })),
        () = other => Err(task),
    }
}
// ANCHOR_END: futurelock
