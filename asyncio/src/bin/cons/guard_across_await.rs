//! Deadlock: the guard of a std Mutex is held across an await.
//!
//!     cargo run -p asyncio --bin guard_across_await
//!
//! Two tasks add to a balance. The first holds the lock and awaits; the second
//! blocks the only thread in `lock`, so nobody can finish the first. Either the
//! guard ends before the await, or the lock is an async one, which suspends the
//! task instead of its thread. With tasks that may move between threads the
//! mistake does not compile: `compile_fail/guard_across_await.rs`. (Python's
//! `threading.Lock` has the same trap, `asyncio.Lock` is the cure.)
//!
//! The program `guard_on_runtimes` shows three runtimes.
//!
//! Claims: A33
//! Change this and watch: one `add()` in place of two in `held`. All is well
//! then: a test with one task does not find it. (`cargo clippy` does.)
//!
//! Output (times vary, counts do not):
//!     std guard, held across the await: deadlock
//!     std guard, released before it: 24
//!     tokio guard, held across the await: 24
//!     The article, A33: "Unlike threads, they need no complicated locking."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A33 is borne out: a std guard held across an await deadlocks, 0 of 2 cures do

use std::time::Duration;

use shared::{Result, claim, flags, say, watchdog::within};
use tokio::{join, runtime::Builder, task::yield_now};

fn main() -> Result {
    flags([]);
    let held = balance("std guard, held across the await", held);
    let released = balance("std guard, released before it", released);
    let suspends = balance("tokio guard, held across the await", suspends);
    let cures = [released, suspends];
    let stuck = cures.iter().filter(|balance| balance.is_none()).count();
    let figure = format!(
        "a std guard held across an await {}, {stuck} of 2 cures do",
        if held.is_none() { "deadlocks" } else { "does not deadlock" }
    );
    claim("A33", held.is_none() && cures == [Some(24); 2], figure)
}

#[expect(clippy::await_holding_lock, reason = "that is the mistake")]
async fn held() -> u64 {
    let balance = std::sync::Mutex::new(0);
    let add = async || {
        let mut balance = balance.lock().expect("no panic holds it");
        *balance += 12;
        yield_now().await; // WRONG: the other `add` blocks the thread meanwhile
    };
    join!(add(), add());
    balance.into_inner().expect("no panic held it")
}

async fn released() -> u64 {
    let balance = Shared::new(0);
    let add = async || {
        balance.with(|balance| *balance += 12);
        yield_now().await;
    };
    join!(add(), add());
    balance.with(|balance| *balance)
}

async fn suspends() -> u64 {
    let balance = tokio::sync::Mutex::new(0);
    let add = async || {
        let mut balance = balance.lock().await; // lets others run meanwhile
        *balance += 12;
        yield_now().await;
    };
    join!(add(), add());
    balance.into_inner()
}

/// What both tasks have added; `None` if that takes more than half a second.
fn balance<Way>(what: &str, way: fn() -> Way) -> Option<u64>
where
    Way: Future<Output = u64> + 'static,
{
    // A thread that is stuck is left behind: nobody can end a thread.
    let added = within(Duration::from_millis(500), move || {
        let runtime = Builder::new_current_thread().build();
        runtime.expect("it needs no file").block_on(way())
    });
    let added = added.ok();
    let told = added.map_or("deadlock".into(), |sum| sum.to_string());
    say!("{what}: {told}");
    added
}

// ANCHOR: guard_across_await
/// A value that tasks share. Its guard cannot be held across an await, because
/// nothing in `change` can await. Call nothing there that may block or lock.
pub struct Shared<T>(std::sync::Mutex<T>);

impl<T> Shared<T> {
    /// A value that nobody uses yet.
    pub fn new(value: T) -> Self {
        Shared(std::sync::Mutex::new(value))
    }

    /// Calls `change` with the value. Panics if an earlier change has panicked.
    pub fn with<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut self.0.lock().expect("an earlier change has panicked"))
    }
}
// ANCHOR_END: guard_across_await
