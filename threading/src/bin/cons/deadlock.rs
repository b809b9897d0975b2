//! Two threads take two locks in opposite order, and wait for ever.
//!
//!     cargo run -p threading --bin deadlock
//!
//! A transfer locks two accounts. If it locks the giver first, two opposite
//! transfers can each hold the lock that the other one needs. The cure is one
//! order for everybody: the account with the lower number first.
//!
//! Claims: T5
//! Change this and watch: lock the taker first, instead of the giver: that is
//! an order, too, but again not the same one for both.
//!
//! Output (figures vary):
//!     locks first               ms    balances
//!     the giver              500.3       stuck
//!     the lower number         0.4    100, 100
//!     T5 borne out: stuck in any order, done in one order

use std::sync::{Barrier, Mutex};
use std::{thread, time::Duration, time::Instant};

use shared::{Result, claim, flags, measure::ms, say, watchdog::within};

const TRANSFERS: usize = 1_000;
/// Ample: what is not stuck needs a millisecond.
const LIMIT: Duration = Duration::from_millis(500);

fn main() -> Result {
    flags([]);
    say!("{:<20}{:>8}{:>12}", "locks first", "ms", "balances");
    let giver = is_stuck("the giver", giver_first)?;
    let lower = is_stuck("the lower number", lower_number_first)?;
    let word = |stuck| if stuck { "stuck" } else { "done" };
    let (any, one) = (word(giver), word(lower));
    let figure = format!("{any} in any order, {one} in one order");
    claim("T5", giver && !lower, figure)
}

fn giver_first(accounts: &[Mutex<i64>], from: usize, to: usize) {
    static EACH_HOLDS_ONE: Barrier = Barrier::new(2);
    let mut giver = accounts[from].lock().expect("nobody panics with it");
    EACH_HOLDS_ONE.wait(); // forced: otherwise it happens once a month
    // WRONG: the other thread holds this one, and waits for `giver`.
    let mut taker = accounts[to].lock().expect("nobody panics with it");
    *giver -= 1;
    *taker += 1;
}

// ANCHOR: deadlock
/// Both locks, always in the same order, whoever gives.
pub fn lower_number_first(
    accounts: &[std::sync::Mutex<i64>],
    from: usize,
    to: usize,
) {
    assert_ne!(from, to, "one lock cannot be taken twice");
    let lower = accounts[from.min(to)].lock().expect("nobody panics with it");
    let higher = accounts[from.max(to)].lock().expect("nobody panics with it");
    let (mut giver, mut taker) =
        if from < to { (lower, higher) } else { (higher, lower) };
    *giver -= 1;
    *taker += 1;
}
// ANCHOR_END: deadlock

/// Whether two threads that transfer in opposite directions ever finish.
fn is_stuck(
    order: &str,
    transfer: fn(&[Mutex<i64>], usize, usize),
) -> Result<bool> {
    let started = Instant::now();
    // When stuck, its threads are left behind: no thread can be ended.
    let outcome = within(LIMIT, move || both_ways(transfer));
    let took = ms(started.elapsed());
    let balances = match &outcome {
        Ok([first, second]) => format!("{first}, {second}"),
        Err(_) => "stuck".into(),
    };
    say!("{order:<20}{took:>8.1}{balances:>12}");
    Ok(outcome.is_err())
}

fn both_ways(transfer: fn(&[Mutex<i64>], usize, usize)) -> [i64; 2] {
    let accounts = [100, 100].map(Mutex::new);
    let all_ready = Barrier::new(2);
    let give = |from, to| {
        all_ready.wait();
        (0..TRANSFERS).for_each(|_| transfer(&accounts, from, to));
    };
    thread::scope(|both| {
        both.spawn(|| give(0, 1));
        both.spawn(|| give(1, 0));
    });
    accounts.map(|account| account.into_inner().expect("nobody panicked"))
}
