//! Five threads count to 500 000 together, in three ways. One loses counts.
//!
//!     cargo run -p threading --bin lock_race
//!
//! A data race does not compile in Rust: two threads may not write to the same
//! `u64` (E0499). What does compile, and is still wrong, is an update in two
//! steps: between reading and writing, somebody else may write.
//!
//! Claims: T5
//! Change this and watch: let everybody wait in every round, not only in the
//! first: of five counts, four are lost each time.
//!
//! Output (figures vary):
//!     way                counted    lost   ns each
//!     load, then store    139038  360962        19
//!     fetch_add           500000       0        32
//!     Mutex               500000       0       162
//!     T5 borne out: 360962 lost in two steps, 0 in one, 0 locked

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Barrier, Mutex};
use std::{thread, time::Instant};

use shared::{Result, claim, flags, say};

const THREADS: u64 = 5;
const ROUNDS: u64 = 100_000;

fn main() -> Result {
    flags([]);
    say!("{:<18}{:>8}{:>8}{:>10}", "way", "counted", "lost", "ns each");
    let torn = lost("load, then store", in_two_steps());
    let whole = lost("fetch_add", in_one_step());
    let locked = lost("Mutex", under_a_lock());
    let figure =
        format!("{torn} lost in two steps, {whole} in one, {locked} locked");
    claim("T5", torn > 0 && whole == 0 && locked == 0, figure)
}

fn in_two_steps() -> Counted {
    let count = AtomicU64::new(0);
    let all_have_read = Barrier::new(THREADS as usize);
    let nanos = race(|round| {
        let seen = count.load(Relaxed);
        if round == 0 {
            all_have_read.wait(); // forced: all have seen the same number
        }
        count.store(seen + 1, Relaxed); // WRONG: it may be another one by now
    });
    (count.into_inner(), nanos)
}

fn in_one_step() -> Counted {
    let count = AtomicU64::new(0);
    let nanos = race(|_| _ = count.fetch_add(1, Relaxed));
    (count.into_inner(), nanos)
}

fn under_a_lock() -> Counted {
    let count = Mutex::new(0);
    let nanos = race(|_| *count.lock().expect("nobody panics with it") += 1);
    (count.into_inner().expect("as above"), nanos)
}

/// What was counted, and nanoseconds for each step.
type Counted = (u64, u128);

/// Five threads take `step` in every round.
fn race(step: impl Fn(u64) + Sync) -> u128 {
    let started = Instant::now();
    thread::scope(|all| {
        for _ in 0..THREADS {
            all.spawn(|| (0..ROUNDS).for_each(&step));
        }
    });
    started.elapsed().as_nanos() / u128::from(THREADS * ROUNDS)
}

fn lost(way: &str, (counted, nanos): Counted) -> u64 {
    let lost = THREADS * ROUNDS - counted;
    say!("{way:<18}{counted:>8}{lost:>8}{nanos:>10}");
    lost
}
