//! Lock poisoning: after a panic under a lock, the next thread gets an error.
//!
//!     cargo run -p threading --bin poison
//!
//! A transfer takes an amount from one account, and panics before it gives it
//! to the other one. Python's `with lock:` releases the lock, and nobody learns
//! that the data is half changed. In Rust the `Mutex` is poisoned: it still
//! works, but whoever locks it gets an `Err`, with the data inside, and can
//! repair it. A thread that only reads under an `RwLock` poisons nothing.
//!
//! Claims: T5
//! Change this and watch: leave out `clear_poison`. The amounts are repaired,
//! but each lock still returns an `Err`. `map_or` gives 0 for it, so the sum is
//! 0, and T5 is contradicted.
//!
//! Output (times vary, counts do not):
//!     a panic under a Mutex: poisoned true, sum 60 of 100
//!     after the repair: sum 100 of 100
//!     RwLock: poisoned by a reader false, by a writer true
//!     The article, T5: "Threads make you care about locks."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to T5 is borne out: a panic under a lock left a sum of 60, the repair one of 100

use std::sync::RwLock;
use std::{io, panic, thread};

use shared::{Result, claim, flags, say};

fn main() -> Result {
    flags([]);
    panic::set_hook(Box::new(|_| ())); // the panics are planned
    let accounts = Mutex::new(Accounts { giver: 100, taker: 0 });
    panics(|| accounts.lock().expect("it is new").transfer(40))?;
    let warned = accounts.is_poisoned();
    let mut found = 0;
    drop(lock_repaired(&accounts, |a| {
        found = a.giver + a.taker;
        a.giver = 100 - a.taker; // as if there had been no transfer
    }));
    let sum = accounts.lock().map_or(0, |a| a.giver + a.taker);
    say!("a panic under a Mutex: poisoned {warned}, sum {found} of 100");
    say!("after the repair: sum {sum} of 100");

    let list = RwLock::new(vec![1]);
    panics(|| panic!("while reading {:?}", list.read()))?; // holds the guard
    let by_reader = list.is_poisoned();
    panics(|| panic!("while writing {:?}", list.write()))?;
    let by_writer = list.is_poisoned();
    say!("RwLock: poisoned by a reader {by_reader}, by a writer {by_writer}");
    let figure = format!(
        "a panic under a lock left a sum of {found}, the repair one of {sum}"
    );
    let told = warned && by_writer && !by_reader;
    claim("T5", told && found < 100 && sum == 100, figure)
}

struct Accounts {
    giver: u32,
    taker: u32,
}

impl Accounts {
    fn transfer(&mut self, amount: u32) {
        self.giver -= amount;
        assert!(amount < 20, "over the limit"); // WRONG: the amount has gone
        self.taker += amount;
    }
}

/// Runs `work` in a thread that does not survive it.
fn panics(work: impl FnOnce() + Send) -> io::Result<()> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, work)?;
        assert!(thread.join().is_err(), "it panics, by plan");
        Ok(())
    })
}

// ANCHOR: poison
use std::sync::{Mutex, MutexGuard};

/// Locks. If a thread has panicked under this lock, repairs the value first.
/// If `repair` panics, the lock stays poisoned.
pub fn lock_repaired<T>(
    mutex: &Mutex<T>,
    repair: impl FnOnce(&mut T),
) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| {
        let mut guard = poisoned.into_inner();
        repair(&mut guard);
        mutex.clear_poison(); // from here on it is like new
        guard
    })
}
// ANCHOR_END: poison
