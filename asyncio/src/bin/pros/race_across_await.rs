//! Ten tasks on one thread put a coin each into the till. Nine coins are lost.
//!
//!     cargo run -p asyncio --bin race_across_await
//!
//! On one thread nobody comes between two lines of code, and a plain `Cell` is
//! enough. But every await lets the others in: what was read before it may be
//! old after it, and what is still borrowed, nobody else can borrow.
//!
//! Claims: A26
//! Change this and watch: `borrow_mut()` instead of `try_borrow_mut()`. The
//! second task panics: already borrowed.
//!
//! Output (figures vary):
//!     ten tasks on one thread              coins    lost
//!     Cell: read, await, write                 1       9
//!     Cell: await, read, write                10       0
//!     tokio's Mutex, over the await           10       0
//!     smol's Mutex, over the await            10       0
//!     RefCell borrowed over the await          1       9
//!     RefCell borrowed after the await        10       0
//!     A26 borne out: 9 lost, 9 refused, 0 when cured

use std::cell::{Cell, RefCell};

use futures::future::join_all;
use shared::{Result, claim, flags, say};
use smol::{LocalExecutor, future::yield_now};

const TASKS: u64 = 10;

fn main() -> Result {
    flags([]);
    say!("{:<34}{:>8}{:>8}", "ten tasks on one thread", "coins", "lost");
    let torn = lost("Cell: read, await, write", await_between());
    let whole = lost("Cell: await, read, write", await_before());
    let tokio = lost("tokio's Mutex, over the await", locked_with_tokio());
    let smol = lost("smol's Mutex, over the await", locked_with_smol());
    let refused = lost("RefCell borrowed over the await", borrowed_over());
    let after = lost("RefCell borrowed after the await", borrowed_after());
    let cured = whole + tokio + smol + after;
    let figure = format!("{torn} lost, {refused} refused, {cured} when cured");
    claim("A26", torn > 0 && refused > 0 && cured == 0, figure)
}

/// Stands for any await: asking a bank, a database, another task.
async fn ask_the_bank() {
    yield_now().await; // forced: all others have their turn now
}

fn await_between() -> u64 {
    let till = Cell::new(0);
    ten_tasks(async || {
        let seen = till.get();
        ask_the_bank().await;
        till.set(seen + 1); // WRONG: the till may hold another sum by now
    });
    till.get()
}

fn await_before() -> u64 {
    let till = Cell::new(0);
    ten_tasks(async || {
        ask_the_bank().await;
        let seen = till.get();
        till.set(seen + 1);
    });
    till.get()
}

fn locked_with_tokio() -> u64 {
    let till = tokio::sync::Mutex::new(0);
    ten_tasks(async || {
        let mut till = till.lock().await;
        let seen = *till;
        ask_the_bank().await;
        *till = seen + 1;
    });
    till.into_inner()
}

fn locked_with_smol() -> u64 {
    let till = smol::lock::Mutex::new(0);
    ten_tasks(async || {
        let mut till = till.lock().await;
        let seen = *till;
        ask_the_bank().await;
        *till = seen + 1;
    });
    till.into_inner()
}

#[expect(clippy::await_holding_refcell_ref, reason = "that is the mistake")]
fn borrowed_over() -> u64 {
    let till = RefCell::new(0);
    ten_tasks(async || {
        if let Ok(mut till) = till.try_borrow_mut() {
            ask_the_bank().await; // WRONG: the till is borrowed meanwhile
            *till += 1;
        }
    });
    till.into_inner()
}

fn borrowed_after() -> u64 {
    let till = RefCell::new(0);
    ten_tasks(async || {
        ask_the_bank().await;
        if let Ok(mut till) = till.try_borrow_mut() {
            *till += 1;
        }
    });
    till.into_inner()
}

/// Ten tasks take the same steps, on this thread.
fn ten_tasks(steps: impl AsyncFn()) {
    let chef = LocalExecutor::new();
    let tasks: Vec<_> = (0..TASKS).map(|_| chef.spawn(steps())).collect();
    smol::block_on(chef.run(join_all(tasks)));
}

fn lost(way: &str, coins: u64) -> u64 {
    let lost = TASKS - coins;
    say!("{way:<34}{coins:>8}{lost:>8}");
    lost
}
