//! asyncio's Lock, Semaphore, Barrier and Future: tasks wait for each other.
//!
//!     cargo run -p asyncio --bin cookbook_sync
//!
//! tokio's locks work on any runtime; `spawn_limited` needs tokio's, because it
//! spawns a task. A guard releases its lock or permit when it is dropped, even
//! when the task is cancelled or panics. A lock that is never held across an
//! await is better a `std::sync::Mutex`. Each recipe is run, and its result
//! compared with the one that asyncio is known to give.
//!
//! The other recipes: see `cookbook`. A Lock across an await:
//! `race_across_await`.
//!
//! Claims: A20
//! Change this and watch: `let _more = permits.acquire().await?;` below the
//! line of `held`. No permit is left for the task: the watchdog ends the
//! program after five seconds.
//!
//! Output (times vary, counts do not):
//!     Python                  Rust               as in Python
//!     async with lock         Mutex::lock        true
//!     Semaphore(2)            Semaphore::new(2)  true
//!     Barrier(2)              Barrier::new(2)    true
//!     Future(), set_result()  oneshot::channel   true
//!     The article, A20: "It offers many functions for concurrency."
//!     Our answer for Rust: holds (true)
//!     Our answer to A20 is borne out: 4 of 4 functions for waiting work as in Python

use std::{sync::Arc, time::Duration};

use shared::{Result, claim_recipes, flags, watchdog::Watchdog};
use tokio::sync::{Barrier, Mutex, Semaphore};
use tokio::{join, task::yield_now};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("all recipes", Duration::from_secs(5))?;
    let recipes = [
        ("async with lock", "Mutex::lock", lock().await),
        ("Semaphore(2)", "Semaphore::new(2)", semaphore().await?),
        ("Barrier(2)", "Barrier::new(2)", barrier().await),
        ("Future(), set_result()", "oneshot::channel", future().await),
    ];
    claim_recipes("A20", "functions for waiting", &recipes)
}

async fn lock() -> bool {
    let lock = Mutex::new(());
    let guard = lock.lock().await;
    let locked = lock.try_lock().is_err();
    drop(guard);
    locked && lock.try_lock().is_ok()
}

async fn semaphore() -> Result<bool> {
    let permits = Arc::new(Semaphore::new(2));
    let held = permits.acquire().await?;
    let task = semaphore::spawn_limited(&permits, yield_now()).await;
    let full = permits.try_acquire().is_err();
    task.await?;
    drop(held);
    Ok(full && permits.available_permits() == 2)
}

async fn barrier() -> bool {
    let all = Barrier::new(2);
    let (one, two) = join!(all.wait(), all.wait());
    one.is_leader() != two.is_leader()
}

async fn future() -> bool {
    let set_result = |result: tokio::sync::oneshot::Sender<_>| {
        std::thread::spawn(move || result.send(3));
    };
    future::from_callback(set_result).await == Some(3)
}

/// The part to copy.
pub mod semaphore {
    // ANCHOR: semaphore
    use std::sync::Arc;
    use tokio::{sync::Semaphore, task::JoinHandle};

    /// `asyncio.Semaphore`: waits for a permit, then starts the job as a task.
    /// The task holds the permit until it ends, whether it is awaited or not.
    ///
    /// Panics if somebody has closed the semaphore, or outside of a tokio
    /// runtime.
    pub async fn spawn_limited<Job>(
        permits: &Arc<Semaphore>,
        job: Job,
    ) -> JoinHandle<Job::Output>
    where
        Job: Future<Output: Send> + Send + 'static, // the result is `Send`, too
    {
        let permit = permits.clone().acquire_owned().await.expect("it is open");
        tokio::spawn(async move {
            let _permit = permit;
            job.await
        })
    }
    // ANCHOR_END: semaphore
}

/// The part to copy.
pub mod future {
    // ANCHOR: future
    use tokio::sync::oneshot::{Sender, channel};

    /// `asyncio.Future` with `set_result`: calls `start` with a sender for one
    /// value, and waits for the value. Any thread or callback may send it.
    /// `None`: the sender was dropped without a value.
    pub async fn from_callback<T>(start: impl FnOnce(Sender<T>)) -> Option<T> {
        let (set_result, result) = channel();
        start(set_result);
        result.await.ok()
    }
    // ANCHOR_END: future
}
