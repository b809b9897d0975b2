//! A lock held during slow work makes four threads as slow as one.
//!
//!     cargo run -p threading --bin held_too_long
//!
//! The slow work is a wait (for a disk, a server), so more cores do not help,
//! and a debug build is no slower. The cure is to hold the lock for a line
//! only; or an `RwLock`, where many read for long and few write.
//!
//! Claims: T5
//! Change this and watch: `write` for `read` in `read_together`: one at a time
//! again, although nobody changes anything.
//!
//! Output (figures vary):
//!     lock                                  ms   predicted
//!     Mutex, held during the work         82.3        80.0
//!     Mutex, held for a line              20.7        20.0
//!     Mutex, read for long                82.6        80.0
//!     RwLock, read for long               20.6        20.0
//!     T5 borne out: 4.0 times as fast held for a line, 4.0 by RwLock

use std::sync::{Mutex, RwLock};
use std::{thread, time::Duration, time::Instant};

use shared::{Result, claim, flags, measure::ms, say};

const THREADS: u32 = 4;
const ROUNDS: u32 = 5;
const SLOW: Duration = Duration::from_millis(4);

fn main() -> Result {
    flags([]);
    say!("{:<32}{:>8}{:>12}", "lock", "ms", "predicted");
    let (in_turn, together) = (THREADS * ROUNDS * SLOW, ROUNDS * SLOW);
    let long = timed("Mutex, held during the work", in_turn, held_too_long);
    let line = timed("Mutex, held for a line", together, held_for_a_line);
    let one = timed("Mutex, read for long", in_turn, read_alone);
    let all = timed("RwLock, read for long", together, read_together);

    let (brief, readers) = (long / line, one / all);
    let half = f64::from(THREADS) / 2.0;
    let figure = format!(
        "{brief:.1} times as fast held for a line, {readers:.1} by RwLock"
    );
    claim("T5", brief > half && readers > half, figure)
}

fn held_too_long() {
    static BILL: Mutex<u64> = Mutex::new(0);
    let mut bill = BILL.lock().expect("nobody panics with it");
    *bill += slow_work(12); // WRONG: all wait for what this one waits for
}

fn held_for_a_line() {
    static BILL: Mutex<u64> = Mutex::new(0);
    add(&BILL, || slow_work(12));
}

// ANCHOR: held_too_long
/// Works first; locks then, for a line.
pub fn add(bill: &std::sync::Mutex<u64>, slow_work: impl FnOnce() -> u64) {
    let price = slow_work();
    *bill.lock().expect("nobody panics with it") += price;
}
// ANCHOR_END: held_too_long

fn read_alone() {
    static PRICE: Mutex<u64> = Mutex::new(12);
    // WRONG: nobody writes. And the guard lives as long as its statement.
    slow_work(*PRICE.lock().expect("nobody panics with it"));
}

fn read_together() {
    static PRICE: RwLock<u64> = RwLock::new(12);
    slow_work(*PRICE.read().expect("nobody panics with it"));
}

/// Asks for a price, somewhere far away.
fn slow_work(price: u64) -> u64 {
    thread::sleep(SLOW);
    price
}

/// The best of five runs, in milliseconds: no wait is shorter than it says, and
/// on a busy machine many are longer.
fn timed(lock: &str, predicted: Duration, step: fn()) -> f64 {
    let times = [(); 5].map(|()| {
        let started = Instant::now();
        four_threads(step);
        started.elapsed()
    });
    let best = times.into_iter().min().expect("there are five");
    let (took, predicted) = (ms(best), ms(predicted));
    say!("{lock:<32}{took:>8.1}{predicted:>12.1}");
    took
}

/// Each thread takes `step` in every round.
fn four_threads(step: fn()) {
    thread::scope(|all| {
        for _ in 0..THREADS {
            all.spawn(|| (0..ROUNDS).for_each(|_| step()));
        }
    });
}
