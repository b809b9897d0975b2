//! What a thread remembers for a task is wrong or gone after an await.
//!
//!     cargo run -p asyncio --bin task_local
//!
//! On one thread, another task has written over it; on two, the task may go on
//! where nothing is noted. A task local stays with its task. But a task that is
//! spawned does not inherit it, as it would inherit a contextvar in Python.
//!
//! Change this and watch: `look.await` instead of `spawn(look).await?`: that is
//! no task of its own, and finds the note.
//!
//! Output (figures vary):
//!     the dish noted in a                 before      after
//!     thread local, one thread            kimbap      galbi
//!     thread local, another thread        kimbap      nothing
//!     task local, another thread          kimbap      kimbap
//!     task local, spawned task            kimbap      nothing
//!     task local, spawned and given       kimbap      kimbap

use std::{cell::Cell, sync::mpsc, thread, time::Duration};

use shared::{Failure, Result, flags, say, watchdog::Watchdog};
use tokio::{runtime::Builder, spawn, sync::oneshot, task::yield_now};

const LIMIT: Duration = Duration::from_secs(10);

fn main() -> Result {
    flags([]);
    let _guard = Watchdog::guard("looking at all notes", LIMIT)?;
    let one = Builder::new_current_thread().build()?;
    let two = Builder::new_multi_thread().worker_threads(2).build()?;
    say!("{:<36}{:<12}after", "the dish noted in a", "before");
    let wrong = [
        row("thread local, one thread", one.block_on(overwritten()))?,
        row("thread local, another thread", two.block_on(left_behind()))?,
        row("task local, another thread", two.block_on(taken_along()))?,
        row("task local, spawned task", two.block_on(not_inherited()))?,
        row("task local, spawned and given", two.block_on(inherited()))?,
    ];
    if wrong != [true, true, false, true, false] {
        return Err(Failure::new("a note is where it should not be"));
    }
    Ok(())
}

/// What is noted before an await, and after it.
type Notes = Result<[&'static str; 2]>;

/// Whether the note has changed.
fn row(noted_in: &str, notes: Notes) -> Result<bool> {
    let [before, after] = notes?;
    say!("{noted_in:<36}{before:<12}{after}");
    Ok(before != after)
}

thread_local! {
    static OF_THREAD: Cell<&'static str> = const { Cell::new("nothing") };
}

async fn overwritten() -> Notes {
    let kimbap = spawn(note("kimbap"));
    spawn(note("galbi")).await?;
    Ok(kimbap.await?)
}

async fn note(dish: &'static str) -> [&'static str; 2] {
    OF_THREAD.set(dish);
    let before = OF_THREAD.get();
    yield_now().await; // forced: the other task has its turn
    [before, OF_THREAD.get()] // WRONG: it may be the other one's
}

async fn left_behind() -> Notes {
    let task = spawn(async {
        OF_THREAD.set("kimbap");
        let before = OF_THREAD.get();
        go_elsewhere().await?;
        Ok([before, OF_THREAD.get()]) // WRONG: that was another thread's
    });
    task.await?
}

async fn taken_along() -> Notes {
    let task = spawn(OF_TASK.scope("kimbap", async {
        let before = OF_TASK.get();
        go_elsewhere().await?;
        Ok([before, OF_TASK.get()])
    }));
    task.await?
}

async fn not_inherited() -> Notes {
    let task = OF_TASK.scope("kimbap", async {
        let before = OF_TASK.get();
        let look = async { OF_TASK.try_get().unwrap_or("nothing") };
        Ok([before, spawn(look).await?]) // WRONG: a new task has no notes
    });
    task.await
}

async fn inherited() -> Notes {
    let task = OF_TASK.scope("kimbap", async {
        let before = OF_TASK.get();
        let look = async { OF_TASK.try_get().unwrap_or("nothing") };
        Ok([before, spawn_with_note(look).await?])
    });
    task.await
}

// ANCHOR: task_local
tokio::task_local! {
    static OF_TASK: &'static str;
}

/// As `tokio::spawn`, with what this task has noted.
pub fn spawn_with_note<Work>(
    work: Work,
) -> tokio::task::JoinHandle<Work::Output>
where
    Work: Future<Output: Send> + Send + 'static,
{
    tokio::spawn(OF_TASK.scope(OF_TASK.get(), work))
}
// ANCHOR_END: task_local

/// Goes on in another thread: this one is held until that has happened.
async fn go_elsewhere() -> Result {
    let (resume, resumed) = oneshot::channel();
    let (release, released) = mpsc::channel::<()>();
    // What a task spawns last, its thread does next, and nobody else can. Not
    // awaited: its end would bring us back to its thread.
    spawn(async move {
        thread::scope(|floor| {
            floor.spawn(|| resume.send(()));
            released.recv() // fails when `release` is dropped
        })
    });
    resumed.await?;
    drop(release);
    Ok(())
}
