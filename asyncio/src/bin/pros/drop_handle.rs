//! A dropped JoinHandle detaches its task: it goes on, unless you cancel it.
//!
//!     cargo run -p asyncio --bin drop_handle
//!
//! Dropping the handle of tokio's `spawn` cancels nothing: the task goes on,
//! and nobody can await or cancel it any more. A Python task goes on, too, but
//! only while something refers to it: asyncio itself does not, and a task
//! without a reference may vanish before it is done. An `AbortOnDropHandle`
//! cancels its task when it is dropped: when the owner ends, so does the task.
//!
//! The program `drop_handle_kinds` compares seven kinds of handle.
//!
//! Claims: X1
//! Change this and watch: `std::mem::forget` instead of `drop` in `goes_on`.
//! Now both tasks go on: only a drop cancels. X1 is contradicted.
//!
//! Output (figures vary):
//!     JoinHandle dropped: the task goes on: true
//!     AbortOnDropHandle dropped: the task goes on: false
//!     Not in the article, X1: "What dropping a handle does depends on the model."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to X1 is borne out: a task goes on without its JoinHandle: true, without its AbortOnDropHandle: false

use std::pin::Pin;

use shared::{Result, claim, flags, say};
use tokio::{join, sync::oneshot};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let detached = goes_on(tokio::spawn).await?;
    say!("JoinHandle dropped: the task goes on: {detached}");
    let owned = goes_on(spawn_owned).await?;
    say!("AbortOnDropHandle dropped: the task goes on: {owned}");
    let figure = format!(
        "a task goes on without its JoinHandle: {detached}, without its \
         AbortOnDropHandle: {owned}"
    );
    claim("X1", detached && !owned, figure)
}

/// Whether a task that waits goes on after its handle was dropped.
async fn goes_on<Handle>(start: impl FnOnce(Job) -> Handle) -> Result<bool> {
    let (begun, has_begun) = oneshot::channel();
    let (send_event, event) = oneshot::channel();
    let (done, is_done) = oneshot::channel();
    let handle = start(Box::pin(async move {
        // `join!` polls the wait first: it begins before `begun` is sent.
        let (_event, _sent) = join!(event, async { begun.send(()) });
        let _ = done.send(());
    }));
    has_begun.await?;
    drop(handle);
    let _ = send_event.send(()); // an error: nobody waits any more
    // `done` is dropped unused when the task is cancelled.
    Ok(is_done.await.is_ok())
}

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

// ANCHOR: drop_handle
use tokio_util::task::AbortOnDropHandle;

/// Starts a task that is cancelled when its handle is dropped: with its owner,
/// by `?`, by a time limit around it. `detach` lets it go on. Await the handle
/// for the result.
pub fn spawn_owned<Job>(job: Job) -> AbortOnDropHandle<Job::Output>
where
    Job: Future<Output: Send> + Send + 'static, // the result is `Send`, too
{
    AbortOnDropHandle::new(tokio::spawn(job))
}
// ANCHOR_END: drop_handle
