//! RefCell borrowed across an await: other tasks panic with "already borrowed".
//!
//!     cargo run -p asyncio --bin borrow_across_await
//!
//! A RefCell is a lock that does not wait: a second `borrow_mut` panics.
//! Between two awaits of one thread nobody else runs, so RefCell is enough.
//! Across an await the borrow lasts, and the tasks that run meanwhile are
//! refused. End the borrow before the await, or use a lock that waits: see
//! `race_across_await`.
//!
//! Clippy finds it: `await_holding_refcell_ref`, as it finds a std lock's
//! guard.
//!
//! Claims: A26
//! Change this and watch: `borrow_mut()` instead of `try_borrow_mut()`. The
//! second task panics, and `main` with it.
//!
//! Output (times vary, counts do not):
//!     borrowed across the await: 1 of 10 tasks could append
//!     borrowed after the await: 10 of 10 tasks could append
//!     The article, A26: "On one thread, coroutines need no locks."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A26 is borne out: a RefCell borrowed across the await refuses 9 of 10 tasks; borrowed after it, 0 of 10

use std::cell::RefCell;

use futures::future::join_all;
use shared::{Result, claim, flags, say};
use tokio::task::yield_now;

const TASKS: usize = 10;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let names = RefCell::new(Vec::new());
    join_all((0..TASKS).map(|_| borrowed_across(&names))).await;
    let across = names.take().len();
    say!("borrowed across the await: {across} of {TASKS} tasks could append");
    let names = RefCell::new(Vec::new());
    join_all((0..TASKS).map(|_| add_reply(&names, request()))).await;
    let after = names.take().len();
    say!("borrowed after the await: {after} of {TASKS} tasks could append");
    let figure = format!(
        "a RefCell borrowed across the await refuses {} of {TASKS} tasks; \
         borrowed after it, {} of {TASKS}",
        TASKS - across,
        TASKS - after
    );
    claim("A26", across == 1 && after == TASKS, figure)
}

/// Stands for any await: a request, a database, another task.
async fn request() -> String {
    yield_now().await; // forced: all others have their turn now
    "reply".into()
}

#[expect(clippy::await_holding_refcell_ref, reason = "that is the mistake")]
async fn borrowed_across(names: &RefCell<Vec<String>>) {
    if let Ok(mut names) = names.try_borrow_mut() {
        let name = request().await; // WRONG: it is borrowed meanwhile
        names.push(name);
    }
}

// ANCHOR: borrow_across_await
/// Awaits the reply, and only then borrows the list: no other task of this
/// thread finds it borrowed.
pub async fn add_reply<T>(
    list: &std::cell::RefCell<Vec<T>>,
    reply: impl Future<Output = T>,
) {
    let reply = reply.await;
    list.borrow_mut().push(reply);
}
// ANCHOR_END: borrow_across_await
