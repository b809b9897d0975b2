//! Deadlock: two threads take two locks in opposite order, and wait forever.
//!
//!     cargo run -p threading --bin deadlock
//!
//! A transfer locks two accounts. If each first locks the account that gives,
//! two opposite transfers can each hold the lock that the other one needs.
//! Nobody reports this, neither Rust nor Python: the program stands still. The
//! cure is a lock order, the same for all threads: the account with the lower
//! number first. T5 differs by its mechanism: a `Mutex` of Rust owns its data,
//! so no thread can forget the lock. The order of two locks is still your task.
//!
//! Claims: T5
//! Change this and watch: lock the taker first, instead of the giver: the
//! two threads still lock in opposite order, and deadlock.
//!
//! Output (figures vary):
//!     the giver first: deadlock, not done in 500ms
//!     the lower number first: done, the balances are 100 and 100
//!     The article, T5: "Threads make you care about locks."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to T5 is borne out: opposite transfers deadlock if each locks its giver first; both finish in one lock order

use std::sync::Barrier;
use std::{thread, time::Duration};

use shared::{Result, claim, flags, say, watchdog::within};

const TRANSFERS: usize = 1_000;
/// More than enough: without a deadlock all transfers take a millisecond.
const LIMIT: Duration = Duration::from_millis(500);

fn main() -> Result {
    flags([]);
    let giver_stuck = is_stuck("the giver first", giver_first);
    let ordered_stuck = is_stuck("the lower number first", in_lock_order);
    let word = |stuck| if stuck { "deadlock" } else { "finish" };
    let (giver_word, ordered_word) = (word(giver_stuck), word(ordered_stuck));
    let figure = format!(
        "opposite transfers {giver_word} if each locks its giver first; both \
         {ordered_word} in one lock order"
    );
    claim("T5", giver_stuck && !ordered_stuck, figure)
}

fn giver_first(accounts: &[Mutex<i64>], from: usize, to: usize) {
    static EACH_HOLDS_ONE: Barrier = Barrier::new(2); // both threads share it
    let mut giver = accounts[from].lock().expect("no panic while locked");
    EACH_HOLDS_ONE.wait(); // without this the deadlock is rare
    // WRONG: the other thread holds this lock, and waits for `giver`.
    let mut taker = accounts[to].lock().expect("no panic while locked");
    *giver -= 1;
    *taker += 1;
}

fn in_lock_order(accounts: &[Mutex<i64>], from: usize, to: usize) {
    let (mut giver, mut taker) = lock_both(accounts, from, to);
    *giver -= 1;
    *taker += 1;
}

// ANCHOR: deadlock
use std::sync::{Mutex, MutexGuard};

/// Locks two of the values, always the one with the lower number first, so two
/// threads that need the same two cannot deadlock. Returns both guards in the
/// order of the arguments.
///
/// # Panics
///
/// If both numbers are the same, if one does not exist, and if a thread has
/// panicked while it held one of the two locks (then the other lock may be
/// poisoned by this panic, too).
pub fn lock_both<T>(
    values: &[Mutex<T>],
    one: usize,
    other: usize,
) -> (MutexGuard<'_, T>, MutexGuard<'_, T>) {
    assert_ne!(one, other, "a thread cannot lock the same value twice");
    // Checked before a lock is held: a panic would poison that lock.
    assert!(one.max(other) < values.len(), "there is no such value");
    let lock = |n: usize| values[n].lock().expect("the value is whole");
    if one < other {
        let first = lock(one);
        (first, lock(other))
    } else {
        let first = lock(other);
        (lock(one), first)
    }
}
// ANCHOR_END: deadlock

/// Whether two threads that transfer in opposite directions are stuck.
fn is_stuck(order: &str, transfer: fn(&[Mutex<i64>], usize, usize)) -> bool {
    // If they are stuck, the threads stay until the program ends: no thread can
    // be stopped.
    let outcome = within(LIMIT, move || {
        let accounts = [100, 100].map(Mutex::new);
        let both_ready = Barrier::new(2); // the threads begin together
        let give = |from, to| {
            both_ready.wait();
            (0..TRANSFERS).for_each(|_| transfer(&accounts, from, to));
        };
        thread::scope(|scope| {
            scope.spawn(|| give(0, 1));
            scope.spawn(|| give(1, 0));
        });
        accounts.map(|account| account.into_inner().expect("no panic"))
    });
    match &outcome {
        Ok([a, b]) => say!("{order}: done, the balances are {a} and {b}"),
        Err(_) => say!("{order}: deadlock, not done in {LIMIT:?}"),
    }
    outcome.is_err()
}
