//! asyncio's wait_for, timeout and shield: limit how long a wait may last.
//!
//!     cargo run -p asyncio --bin cookbook_timeout
//!
//! `timeout` drops what it got when the time is over. That cancels a job where
//! it waits. But it does not cancel a task, if `timeout` got the task's handle:
//! the task goes on. With `&mut task` you also keep the handle, and can await
//! the task later: that is Python's `shield`. Each recipe is run, and its
//! result compared with the one that asyncio is known to give.
//!
//! The other recipes: see `cookbook`.
//!
//! Claims: A20
//! Change this and watch: `timeout(limit, task)` instead of `&mut task`. This
//! does not compile: the handle is gone after the limit, so it cannot be
//! returned. (The task would go on, but nobody could await it any more.)
//!
//! Output (times vary, counts do not):
//!     Python                Rust                as in Python
//!     wait_for(job, 0.005)  timeout             true
//!     timeout_at(when)      timeout_at          true
//!     shield(task)          timeout(&mut task)  true
//!     The article, A20: "It offers many functions for concurrency."
//!     Our answer for Rust: holds (true)
//!     Our answer to A20 is borne out: 3 of 3 time limits work as in Python

use std::time::Duration;
use std::{future::pending, io::ErrorKind::TimedOut};

use shared::{Result, claim_recipes, flags, watchdog::Watchdog};
use tokio::{sync::oneshot, time::Instant, time::timeout_at};

const LIMIT: Duration = Duration::from_millis(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("all recipes", Duration::from_secs(5))?;
    let recipes = [
        ("wait_for(job, 0.005)", "timeout", late().await),
        ("timeout_at(when)", "timeout_at", late_for_both().await),
        ("shield(task)", "timeout(&mut task)", goes_on().await?),
    ];
    claim_recipes("A20", "time limits", &recipes)
}

async fn late() -> bool {
    let job = pending::<std::io::Result<()>>();
    wait_for::wait_for(LIMIT, job).await.is_err_and(|e| e.kind() == TimedOut)
}

/// Two jobs with the same end: the second one has no time left.
async fn late_for_both() -> bool {
    let end = Instant::now() + LIMIT;
    let one = timeout_at(end, pending::<()>()).await;
    let other = timeout_at(end, pending::<()>()).await;
    one.is_err() && other.is_err()
}

async fn goes_on() -> Result<bool> {
    let (send, value) = oneshot::channel();
    let waited = shield::wait_shielded(LIMIT, tokio::spawn(value)).await;
    let Err(task) = waited else { return Ok(false) };
    Ok(send.send(3).is_ok() && task.await? == Ok(3))
}

/// The part to copy.
pub mod wait_for {
    // ANCHOR: wait_for
    use std::{io, time::Duration};
    use tokio::time::timeout;

    /// `asyncio.wait_for(job, limit)`, `asyncio.timeout`: runs the job, but not
    /// longer than `limit`. Then the job is cancelled where it awaits, and the
    /// error is of the kind `TimedOut`.
    ///
    /// A job that never awaits cannot be cut: see `cookbook_threads`.
    pub async fn wait_for<T>(
        limit: Duration,
        job: impl Future<Output = io::Result<T>>,
    ) -> io::Result<T> {
        timeout(limit, job).await?
    }
    // ANCHOR_END: wait_for
}

/// The part to copy.
pub mod shield {
    // ANCHOR: shield
    use std::time::Duration;
    use tokio::task::{JoinError, JoinHandle};
    use tokio::time::timeout;

    /// `asyncio.wait_for(asyncio.shield(task), limit)`: waits for the task, but
    /// not longer than `limit`. Then the task goes on, and its handle is
    /// returned as the error, to be awaited later. The task goes on, too, when
    /// this is dropped.
    pub async fn wait_shielded<T>(
        limit: Duration,
        mut task: JoinHandle<T>,
    ) -> Result<Result<T, JoinError>, JoinHandle<T>> {
        match timeout(limit, &mut task).await {
            Ok(ended) => Ok(ended),
            Err(_) => Err(task),
        }
    }
    // ANCHOR_END: shield
}
