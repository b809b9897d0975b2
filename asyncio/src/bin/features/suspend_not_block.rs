//! Suspended is not blocked: while a task awaits, other tasks have their turns.
//!
//!     cargo run -p asyncio --bin suspend_not_block
//!
//! Two tasks share one thread: one sleeps 100 ms, the other one counts its
//! turns. `sleep(..).await` lets other tasks use the thread until the time has
//! come. `thread::sleep` keeps the thread (Python: `asyncio.sleep` and
//! `time.sleep`). Scheduling is cooperative: nobody takes the thread away from
//! a task.
//!
//! Claims: A11
//! Change this and watch: `flavor = "multi_thread"`. The other task goes on in
//! another thread, and A11 is contradicted.
//!
//! Output (figures vary):
//!     beside sleep(..).await the other task has 48 turns
//!     beside thread::sleep(..) the other task has 0 turns
//!     beside spawn_blocking(..) the other task has 47 turns
//!     The article, A11: "Suspending is not blocking: the loop's thread goes on with other things."
//!     Our answer for Rust: holds (true)
//!     Our answer to A11 is borne out: another task had 48 turns beside a suspended task, 0 beside a blocked one

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::{thread, time::Duration};

use shared::{Result, claim, flags, say};
use tokio::time::sleep;

const NAP: Duration = Duration::from_millis(100);

static TURNS: AtomicU64 = AtomicU64::new(0);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let other = tokio::spawn(async {
        loop {
            sleep(Duration::from_millis(1)).await;
            TURNS.fetch_add(1, Relaxed);
        }
    });
    let suspended = turns_beside("sleep(..).await", suspends).await;
    let blocked = turns_beside("thread::sleep(..)", blocks).await;
    let moved = turns_beside("spawn_blocking(..)", moves).await;
    other.abort();
    let figure = format!(
        "another task had {suspended} turns beside a suspended task, {blocked} \
         beside a blocked one"
    );
    claim("A11", suspended.min(moved) > 0 && blocked == 0, figure)
}

async fn suspends() {
    sleep(NAP).await;
}

async fn blocks() {
    thread::sleep(NAP); // WRONG: no other task has a turn meanwhile
}

async fn moves() {
    blocking(|| thread::sleep(NAP)).await;
}

/// How many turns the other task has from the first poll of this one to its
/// end.
async fn turns_beside<F: Future>(what: &str, nap: fn() -> F) -> u64 {
    let before = TURNS.load(Relaxed);
    nap().await;
    let turns = TURNS.load(Relaxed) - before;
    say!("beside {what} the other task has {turns} turns");
    turns
}

// ANCHOR: suspend_not_block
/// Runs a call that blocks on a thread for such calls; the tasks go on. When
/// this future is dropped, the call goes on; tokio has 512 such threads.
///
/// # Panics
///
/// When the call panics, or the runtime shuts down before it has begun.
pub async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> T + Send + 'static,
) -> T {
    tokio::task::spawn_blocking(call).await.expect("the call panicked")
}
// ANCHOR_END: suspend_not_block
