//! Race condition on one thread: a lost update, because of an await in between.
//!
//!     cargo run -p asyncio --bin race_across_await
//!
//! Tasks on one thread take turns at each await, and nowhere else. Between two
//! awaits no lock is needed. But a value that was read before an await may have
//! changed after it: whoever writes then overwrites the updates of others.
//! Either read after the await, or hold a lock across it (`asyncio.Lock`).
//!
//! The program `borrow_across_await` shows a RefCell, which refuses instead.
//! smol has a lock, too, `smol::lock::Mutex`; both run on any runtime.
//!
//! Claims: A26
//! Change this and watch: `std::future::ready(())` instead of `yield_now()` in
//! `request`. It never waits, nothing is lost, and A26 is contradicted.
//!
//! Output (times vary, counts do not):
//!     read, await, write: 1 of 10 updates kept
//!     await, read, write: 10 of 10 updates kept
//!     under a lock: 10 of 10 updates kept
//!     The article, A26: "On one thread, coroutines need no locks."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A26 is borne out: read before the await: 9 of 10 updates lost; read after it: 0

use std::cell::Cell;

use futures::future::join_all;
use shared::{Result, claim, flags, say};
use tokio::task::yield_now;

const TASKS: usize = 10;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let across = read_await_write().await;
    say!("read, await, write: {across} of {TASKS} updates kept");
    let after = await_read_write().await;
    say!("await, read, write: {after} of {TASKS} updates kept");
    let locked = under_a_lock().await;
    say!("under a lock: {locked} of {TASKS} updates kept");
    let (lost, kept) = (TASKS - across, after.min(locked));
    let figure = format!(
        "read before the await: {lost} of {TASKS} updates lost; read after it: \
         {}",
        TASKS - after
    );
    claim("A26", lost > 0 && kept == TASKS, figure)
}

/// Stands for any await: a request, a database, another task.
async fn request() {
    yield_now().await; // forced: all others have their turn now
}

async fn read_await_write() -> usize {
    let count = Cell::new(0);
    let add_one = async || {
        let seen = count.get();
        request().await;
        count.set(seen + 1); // WRONG: `count` may have changed meanwhile
    };
    join_all((0..TASKS).map(|_| add_one())).await;
    count.get()
}

async fn await_read_write() -> usize {
    let count = Cell::new(0);
    let add_one = async || {
        request().await;
        count.set(count.get() + 1);
    };
    join_all((0..TASKS).map(|_| add_one())).await;
    count.get()
}

async fn under_a_lock() -> usize {
    let count = Mutex::new(0);
    let add_one = async |seen: &usize| {
        request().await;
        seen + 1
    };
    join_all((0..TASKS).map(|_| update(&count, add_one))).await;
    count.into_inner()
}

// ANCHOR: race_across_await
use tokio::sync::Mutex;

/// `async with asyncio.Lock()`: changes a value by a step that awaits. Other
/// updates wait meanwhile, in the order in which they come, so none is lost. A
/// step that is cancelled or panics changes nothing.
///
/// A step that updates the same value waits for itself: a deadlock.
pub async fn update<T>(value: &Mutex<T>, step: impl AsyncFnOnce(&T) -> T) {
    let mut value = value.lock().await;
    let new = step(&value).await;
    *value = new;
}
// ANCHOR_END: race_across_await
