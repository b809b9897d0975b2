//! A thread local is overwritten by other tasks at an await: use a task local.
//!
//!     cargo run -p asyncio --bin task_local
//!
//! Two tasks on one thread note the id of their request. A thread local belongs
//! to the thread: after an await it has the other task's id. A task local stays
//! with its task, as a ContextVar does in Python. But a spawned task does not
//! inherit it, as it would in Python: it has to be given to it.
//!
//! The program `task_changes_thread` shows the same with several threads.
//!
//! Change this and watch: leave out `yield_now().await`. No other task has a
//! turn then, the thread local is right, and the program fails.
//!
//! Output (figures vary):
//!     request 1 reads from a thread local: 2
//!     request 1 reads from a task local: 1
//!     a task that it spawns reads: None; if given: Some(1)

use std::cell::Cell;

use shared::{Result, ensure, flags, say};
use tokio::task::yield_now;

thread_local! {
    static OF_THREAD: Cell<u32> = const { Cell::new(0) };
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let (first, _) = tokio::join!(in_thread_local(1), in_thread_local(2));
    say!("request 1 reads from a thread local: {first}");
    let (own, _) = tokio::join!(
        REQUEST.scope(1, in_task_local()),
        REQUEST.scope(2, in_task_local())
    );
    say!("request 1 reads from a task local: {own}");
    let (bare, given) = REQUEST.scope(1, in_spawned_tasks()).await?;
    say!("a task that it spawns reads: {bare:?}; if given: {given:?}");
    let right = (first, own, bare, given) == (2, 1, None, Some(1));
    ensure(right, "a request has the wrong id")
}

async fn in_thread_local(request: u32) -> u32 {
    OF_THREAD.set(request);
    yield_now().await; // forced: the other task has its turn
    OF_THREAD.get() // WRONG: this is the thread's, not the task's
}

async fn in_task_local() -> u32 {
    yield_now().await;
    REQUEST.get()
}

async fn in_spawned_tasks() -> Result<(Option<u32>, Option<u32>)> {
    let read = async || REQUEST.try_get().ok();
    let bare = tokio::spawn(read()).await?; // WRONG: a new task has no id
    let given = spawn_with_request(read()).await?;
    Ok((bare, given))
}

// ANCHOR: task_local
tokio::task_local! {
    /// The request that a task works for. `REQUEST.scope(id, future)` sets it,
    /// `REQUEST.get()` panics where none is set, `try_get()` does not.
    pub static REQUEST: u32;
}

/// As `tokio::spawn`: the new task works for the same request, if there is one.
pub fn spawn_with_request<Work>(
    work: Work,
) -> tokio::task::JoinHandle<Work::Output>
where
    Work: Future<Output: Send> + Send + 'static, // the result is `Send`, too
{
    match REQUEST.try_get() {
        Ok(request) => tokio::spawn(REQUEST.scope(request, work)),
        Err(_) => tokio::spawn(work),
    }
}
// ANCHOR_END: task_local
