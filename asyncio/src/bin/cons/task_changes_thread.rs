//! A task moves to another thread after an await, its thread local does not.
//!
//!     cargo run -p asyncio --bin task_changes_thread
//!
//! On a runtime with several threads, work stealing moves a task to whichever
//! worker is idle. What the task has put into a thread local stays behind in
//! the old thread. A task local moves with the task. In Python an event loop
//! has one thread, so this cannot happen.
//!
//! Read `task_local` first.
//!
//! Change this and watch: let `change_thread` only return `Ok(())`. Nothing is
//! awaited then, so the task stays in its thread, and the program fails.
//!
//! Output (figures vary):
//!     7 in a thread local, after an await: 0
//!     7 in a task local, after an await: 7

use std::{cell::Cell, sync::mpsc, thread, time::Duration};

use shared::{Failure, Result, ensure, flags, say, watchdog::Watchdog};
use tokio::sync::oneshot;

thread_local! {
    static OF_THREAD: Cell<u32> = const { Cell::new(0) };
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the tasks", Duration::from_secs(10))?;
    let of_thread = tokio::spawn(async {
        OF_THREAD.set(7);
        change_thread().await?;
        Ok::<_, Failure>(OF_THREAD.get()) // WRONG: reads another thread's value
    });
    let of_thread = of_thread.await??; // the first ? is for a panic
    say!("7 in a thread local, after an await: {of_thread}");
    let of_task = tokio::spawn(with_number(7, async {
        change_thread().await?;
        Ok::<_, Failure>(number().unwrap_or(0))
    }));
    let of_task = of_task.await??;
    say!("7 in a task local, after an await: {of_task}");
    let right = (of_thread, of_task) == (0, 7);
    ensure(right, "a number is where it should not be")
}

/// Blocks the old worker, so this task must continue on the other.
async fn change_thread() -> Result {
    let before = thread::current().id();
    let (resume, resumed) = oneshot::channel();
    let (release, released) = mpsc::channel::<()>();
    // This worker runs the new task next, and no other can steal it (see
    // `lifo_slot`). We do not await it: its end would wake us on its own
    // thread, the old one.
    tokio::spawn(async move {
        thread::scope(|scope| {
            // Another thread wakes us: this one will be blocked.
            scope.spawn(|| resume.send(()));
            released.recv() // an error, when `release` is dropped
        })
    });
    resumed.await?;
    drop(release);
    let moved = thread::current().id() != before;
    ensure(moved, "the task has not changed its thread")
}

// ANCHOR: task_changes_thread
tokio::task_local! {
    static NUMBER: u32;
}

/// Runs a task with a number that its functions read by [`number`], in whatever
/// threads they run.
pub async fn with_number<T>(number: u32, task: impl Future<Output = T>) -> T {
    NUMBER.scope(number, task).await
}

/// The number of this task; `None` outside of [`with_number`].
pub fn number() -> Option<u32> {
    NUMBER.try_get().ok()
}
// ANCHOR_END: task_changes_thread
