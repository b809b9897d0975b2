//! Clean-up that awaits: ask tasks to stop (CancellationToken), do not abort.
//!
//!     cargo run -p asyncio --bin async_cleanup
//!
//! `Drop` cannot await: there is no async drop. To close a session by a
//! request, a task must not be cancelled itself; only what it waits for is, and
//! then it goes on. If it is cancelled nevertheless, its guard hands the
//! session to another task, which closes it.
//!
//! Read `cleanup` first.
//!
//! Claims: A25
//! Change this and watch: `tasks.shutdown()` instead of `join_all` in `asked`.
//! The tasks are cancelled before they hear that they should stop, and close
//! nothing.
//!
//! Output (times vary, counts do not):
//!     asked to stop: 20 of 20 sessions closed
//!     cancelled, with a guard: 20 of 20 sessions closed
//!     The article, A25: "All tasks can easily be cancelled or awaited at once."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A25 is borne out: tasks that are asked to stop close 20 of 20 sessions, guards hand over 20

use std::future::pending;
use std::sync::{Arc, atomic::AtomicU32, atomic::Ordering::Relaxed};

use shared::{Result, claim, flags, say};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::{JoinSet, yield_now};

const TASKS: u32 = 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let asked = asked().await;
    say!("asked to stop: {asked} of {TASKS} sessions closed");
    let handed = handed_over().await?;
    say!("cancelled, with a guard: {handed} of {TASKS} sessions closed");
    let figure = format!(
        "tasks that are asked to stop close {asked} of {TASKS} sessions, \
         guards hand over {handed}"
    );
    claim("A25", (asked, handed) == (TASKS, TASKS), figure)
}

type Closed = Arc<AtomicU32>;

/// Takes an await, as all that goes through a socket.
async fn close(closed: Closed) {
    yield_now().await;
    closed.fetch_add(1, Relaxed);
}

async fn asked() -> u32 {
    let (closed, stop) = (Closed::default(), CancellationToken::new());
    let work = pending::<()>;
    let task = || until_stopped(stop.clone(), work(), close(closed.clone()));
    let tasks: JoinSet<_> = (0..TASKS).map(|_| task()).collect();
    yield_now().await; // all of them wait now
    stop.cancel();
    tasks.join_all().await;
    closed.load(Relaxed)
}

async fn handed_over() -> Result<u32> {
    // Without a bound: a guard cannot wait for room.
    let (closer, mut sessions) = unbounded_channel();
    let closing = tokio::spawn(async move {
        while let Some(session) = sessions.recv().await {
            close(session).await;
        }
    });
    let closed = Closed::default();
    let task = |session: Session| async move {
        let _session = session; // its `drop` is the guard
        pending::<()>().await;
    };
    let session =
        |_| Session { closed: closed.clone(), closer: closer.clone() };
    let mut tasks: JoinSet<_> = (0..TASKS).map(session).map(task).collect();
    yield_now().await;
    tasks.shutdown().await;
    drop(closer); // the last one: `closing` ends
    closing.await?;
    Ok(closed.load(Relaxed))
}

struct Session {
    closed: Closed,
    closer: UnboundedSender<Closed>,
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.closer.send(self.closed.clone()); // no closer: all ends
    }
}

// ANCHOR: async_cleanup
use tokio_util::sync::CancellationToken;

/// Works until the work is done or `stop` is cancelled; in both cases it awaits
/// `clean_up` then. `None`: the work was stopped.
///
/// To stop it, cancel the token and await the task. If the task is aborted or
/// dropped, or the work panics, `clean_up` does not run.
pub async fn until_stopped<T>(
    stop: CancellationToken,
    work: impl Future<Output = T>,
    clean_up: impl Future<Output = ()>,
) -> Option<T> {
    let result = stop.run_until_cancelled(work).await;
    clean_up.await;
    result
}
// ANCHOR_END: async_cleanup
