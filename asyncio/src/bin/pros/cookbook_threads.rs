//! asyncio.to_thread, run_coroutine_threadsafe: from tasks to threads and back.
//!
//!     cargo run -p asyncio --bin cookbook_threads
//!
//! Blocking work in a task stops the event loop: hand it to a thread. A thread
//! that wants something of tasks needs a handle of the runtime, or a channel.
//! Each recipe is run, and its result compared with the one that asyncio is
//! known to give.
//!
//! The program `run_in_executor` limits how many threads. The other recipes:
//! see `cookbook`.
//!
//! Claims: A20
//! Change this and watch: call `run_threadsafe` in a task, without `to_thread`.
//! It panics: a thread that runs tasks must not block.
//!
//! Output (times vary, counts do not):
//!     Python                    Rust              as in Python
//!     to_thread(work)           spawn_blocking    true
//!     run_coroutine_threadsafe  Handle::block_on  true
//!     call_soon_threadsafe      blocking_send     true
//!     The article, A20: "It offers many functions for concurrency."
//!     Our answer for Rust: holds (true)
//!     Our answer to A20 is borne out: 3 of 3 functions for threads work as in Python

use std::{thread, time::Duration};

use run_threadsafe::run_threadsafe;
use shared::{Result, claim_recipes, flags, watchdog::Watchdog};
use to_thread::to_thread;
use tokio::{runtime::Handle, sync::mpsc};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("all recipes", Duration::from_secs(5))?;
    let recipes = [
        ("to_thread(work)", "spawn_blocking", on_another_thread().await?),
        ("run_coroutine_threadsafe", "Handle::block_on", back().await?),
        ("call_soon_threadsafe", "blocking_send", sent_by_a_thread().await),
    ];
    claim_recipes("A20", "functions for threads", &recipes)
}

async fn on_another_thread() -> Result<bool> {
    let other = to_thread(|| thread::current().id()).await?;
    Ok(other != thread::current().id())
}

async fn back() -> Result<bool> {
    let (handle, caller) = (Handle::current(), thread::current().id());
    let job = async { thread::current().id() };
    let other = to_thread(move || run_threadsafe(&handle, job)).await?;
    Ok(other? == caller)
}

async fn sent_by_a_thread() -> bool {
    let (callbacks, mut queue) = mpsc::channel(1);
    let thread = thread::spawn(move || callbacks.blocking_send(3).is_ok());
    let received = queue.recv().await == Some(3);
    received && thread.join().is_ok_and(|sent| sent)
}

/// The part to copy.
pub mod to_thread {
    // ANCHOR: to_thread
    use tokio::task::{JoinError, spawn_blocking};

    /// `asyncio.to_thread(work)`: runs blocking work on a thread of the
    /// runtime's pool, which has up to 512. The error holds the message of a
    /// panic. Panics if the system refuses the pool's first thread.
    ///
    /// Work that has begun goes on, even when this is dropped. To limit how
    /// much runs at the same time: `run_in_executor`.
    pub async fn to_thread<T: Send + 'static>(
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        spawn_blocking(work).await
    }
    // ANCHOR_END: to_thread
}

/// The part to copy.
pub mod run_threadsafe {
    // ANCHOR: run_threadsafe
    use tokio::{runtime::Handle, task::JoinError};

    /// `asyncio.run_coroutine_threadsafe(job, loop).result()`: runs the job as
    /// a task of the runtime, and waits for its result on this thread, which
    /// must not be one that runs tasks. The error holds the message of a panic.
    pub fn run_threadsafe<Job>(
        runtime: &Handle,
        job: Job,
    ) -> Result<Job::Output, JoinError>
    where
        Job: Future<Output: Send> + Send + 'static, // the result is `Send`, too
    {
        runtime.block_on(runtime.spawn(job))
    }
    // ANCHOR_END: run_threadsafe
}
