//! Lost update: between the read and the write of a thread another one writes.
//!
//!     cargo run -p threading --bin lock_race
//!
//! A data race does not compile in Rust: two threads may not write to the same
//! `u64` (E0499, `compile_fail/data_race.rs`). A race condition still compiles:
//! an update in two steps. Between the read and the write of one thread another
//! thread may write, and its update is lost. Here all threads read 0 before any
//! of them writes. The slowest thread then writes 1, and erases what the others
//! have counted. Python's `x += 1` is two steps as well. The cure is one step
//! (`fetch_add`), or a lock around both.
//!
//! Claims: T5
//! Change this and watch: `count.fetch_add(1, Relaxed)` instead of
//! `count.store(..)` in `in_two_steps`. Then 0 updates are lost, and T5 is
//! contradicted.
//!
//! Output (figures vary):
//!     load, then store: 172554 counted, 327446 lost
//!     fetch_add: 500000 counted, 0 lost
//!     Mutex: 500000 counted, 0 lost
//!     The article, T5: "Threads make you care about locks."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to T5 is borne out: of 500000 updates 327446 are lost in two steps, 0 in one step, 0 under a lock

use std::sync::{Barrier, Mutex};
use std::thread;

use shared::{Result, claim, flags, say};

const THREADS: u64 = 5;
const ROUNDS: u64 = 100_000;

fn main() -> Result {
    flags([]);
    let two_steps = lost("load, then store", in_two_steps);
    let one_step = lost("fetch_add", in_one_step);
    let locked = lost("Mutex", under_a_lock);
    let all = THREADS * ROUNDS;
    let figure = format!(
        "of {all} updates {two_steps} are lost in two steps, {one_step} in \
         one step, {locked} under a lock"
    );
    claim("T5", two_steps > 0 && one_step + locked == 0, figure)
}

fn in_two_steps() -> u64 {
    let count = AtomicU64::new(0);
    let all_have_read = Barrier::new(THREADS as usize);
    race(|round| {
        let seen = count.load(Relaxed);
        if round == 0 {
            all_have_read.wait(); // forced: all have seen the same number
        }
        // WRONG: `count` may have changed since it was read.
        count.store(seen + 1, Relaxed);
    });
    count.into_inner()
}

fn in_one_step() -> u64 {
    let counter = Counter::default();
    race(|_| counter.add(1));
    counter.get()
}

fn under_a_lock() -> u64 {
    let count = Mutex::new(0);
    race(|_| *count.lock().expect("no panic while locked") += 1);
    count.into_inner().expect("as above")
}

/// All threads make an update in every round.
fn race(update: impl Fn(u64) + Sync) {
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| (0..ROUNDS).for_each(&update));
        }
    });
}

fn lost(way: &str, count: fn() -> u64) -> u64 {
    let counted = count();
    let lost = THREADS * ROUNDS - counted;
    say!("{way}: {counted} counted, {lost} lost");
    lost
}

// ANCHOR: lock_race
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A counter that threads share by reference: no update is lost.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds in one step.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Relaxed);
    }

    /// What has been counted so far.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
// ANCHOR_END: lock_race
