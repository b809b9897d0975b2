//! RefCell borrowed across an await: other futures find it already borrowed.
//!
//!     cargo run -p asyncio --bin borrow_across_await
//!
//! A RefCell is a lock that does not wait: a second `borrow_mut` panics with
//! "already borrowed". This program counts with `try_borrow_mut`, which returns
//! an error instead. Between two awaits of one thread nobody else runs, so
//! RefCell is enough. Across an await the borrow lasts, and the futures that
//! run meanwhile are refused. End the borrow before the await, or use a lock
//! that waits: see `race_across_await`.
//!
//! The lint `await_holding_refcell_ref` of Clippy finds this mistake; its lint
//! `await_holding_lock` finds a std lock's guard.
//!
//! Claims: A26
//! Change this and watch: `let mut names = names.borrow_mut();` as the first
//! line of `borrowed_across`. The second future panics, and `main` with it: all
//! ten are parts of `main`, not tasks of their own.
//!
//! Output (times vary, counts do not):
//!     borrowed across the await: 1 of 10 futures could append
//!     borrowed after the await: 10 of 10 futures could append
//!     The article, A26: "On one thread, coroutines need no locks."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A26 is borne out: a RefCell borrowed across the await refuses 9 of 10 futures; borrowed after it, 0 of 10

use std::cell::RefCell;

use futures::future::join_all;
use shared::{Result, claim, flags, say};
use tokio::task::yield_now;

const ALL: usize = 10;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let names = RefCell::new(Vec::new());
    join_all((0..ALL).map(|_| borrowed_across(&names))).await;
    let across = names.take().len();
    say!("borrowed across the await: {across} of {ALL} futures could append");
    let names = RefCell::new(Vec::new());
    join_all((0..ALL).map(|_| add_reply(&names, request()))).await;
    let after = names.take().len();
    say!("borrowed after the await: {after} of {ALL} futures could append");
    let figure = format!(
        "a RefCell borrowed across the await refuses {} of {ALL} futures; \
         borrowed after it, {} of {ALL}",
        ALL - across,
        ALL - after
    );
    claim("A26", across == 1 && after == ALL, figure)
}

/// Stands for any await: a request, a database, another task.
async fn request() -> String {
    yield_now().await; // forced: all others have their turn now
    "reply".into()
}

#[expect(clippy::await_holding_refcell_ref, reason = "that is the mistake")]
async fn borrowed_across(names: &RefCell<Vec<String>>) {
    let Ok(mut names) = names.try_borrow_mut() else { return };
    let name = request().await; // WRONG: it is borrowed meanwhile
    names.push(name);
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
