//! RwLock: a writer that waits stops new readers, so one slow reader stops all.
//!
//!     cargo run -p threading --bin rwlock_writer
//!
//! Many threads may read at the same time; a writer needs the lock alone. While
//! a writer waits for one slow reader, new readers must wait behind the writer.
//! (So it is in std on Linux. If new readers did not wait, a writer could wait
//! for ever: starvation.) So hold a read lock as briefly as any other lock. A
//! thread that takes the read lock twice, while a writer waits in between,
//! deadlocks with itself. The cure: keep an `Arc` in the lock. A reader clones
//! it, releases the lock, and reads a snapshot.
//!
//! The program `held_too_long` shows what a `Mutex` costs.
//!
//! Change this and watch: `prices.read()` instead of `prices.write()`, and
//! `len()` instead of `push(30)`. No writer waits then, so no new reader has to
//! wait: after a second the program ends with an error.
//!
//! Output (figures vary):
//!     a reader beside a slow reader must wait: false
//!     a reader behind a waiting writer must wait: true
//!     by snapshots nobody waits: 2 prices, then 3

use std::{thread, time::Duration, time::Instant};

use shared::{Result, ensure, flags, say};

const NOT_POISONED: &str = "nobody panics with the lock";

fn main() -> Result {
    flags([]);
    let prices = RwLock::new(vec![12, 8]);
    let slow = prices.read()?; // WRONG: held while it does other things
    let waits = prices.try_read().is_err();
    say!("a reader beside a slow reader must wait: {waits}");
    let stopped = thread::scope(|scope| {
        let writer =
            scope.spawn(|| prices.write().expect(NOT_POISONED).push(30));
        let stopped = stops(&prices);
        say!("a reader behind a waiting writer must wait: {stopped}");
        drop(slow);
        writer.join().expect("it does not panic");
        stopped
    });

    let shared = Snapshots::new(vec![12, 8]);
    let slow = shared.get(); // a reader may keep it for any time
    shared.set(vec![12, 8, 30]);
    let (old, new) = (slow.len(), shared.get().len());
    say!("by snapshots nobody waits: {old} prices, then {new}");
    let right = !waits && stopped && (old, new) == (2, 3);
    ensure(right, "a reader waited without reason, or did not wait")
}

/// Whether a new reader must wait, now or in the next second.
fn stops(lock: &RwLock<Vec<u32>>) -> bool {
    let started = Instant::now();
    while lock.try_read().is_ok() {
        if started.elapsed() > Duration::from_secs(1) {
            return false;
        }
        thread::yield_now();
    }
    true
}

// ANCHOR: rwlock_writer
use std::sync::{Arc, PoisonError, RwLock};

/// A value that many threads read and few replace, each as a whole. Readers
/// keep a snapshot: nobody waits for a slow reader.
#[derive(Debug, Default)]
pub struct Snapshots<T>(RwLock<Arc<T>>);

impl<T> Snapshots<T> {
    /// Begins with this value.
    pub fn new(value: T) -> Snapshots<T> {
        Snapshots(RwLock::new(Arc::new(value)))
    }

    /// The value as it is now. It does not change any more.
    pub fn get(&self) -> Arc<T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the value; snapshots that others hold stay as they are.
    pub fn set(&self, value: T) {
        let new = Arc::new(value);
        let mut now = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *now, new);
        drop(now); // first the lock: dropping the old value may take long
        drop(old);
    }
}
// ANCHOR_END: rwlock_writer
