//! Deadlock: a lock is held across a parallel call whose items need the lock.
//!
//!     cargo run -p futures_pool --bin rayon_under_lock
//!
//! The thread that calls rayon waits until all items are done. If it holds a
//! lock meanwhile, an item that asks for the lock waits forever, and so does
//! the caller. The cure: compute in parallel without the lock, then lock once,
//! for the result. Here a limit ends the waiting.
//!
//! The program `rayon_stolen_lock` shows a deadlock although no item asks for
//! the lock.
//!
//! Change this and watch: in `locked`, move `drop(guard)` before the parallel
//! call. That call ends then (total 10), and the program, which expects a
//! deadlock, ends with an error.
//!
//! Output (figures vary):
//!     locked during the call: deadlock
//!     locked after the call: total 10

use std::sync::Mutex;
use std::time::Duration;

use rayon::ThreadPoolBuilder;
use shared::{Result, ensure, flags, say, watchdog::within};

/// More than enough: a call that is not stuck takes a millisecond.
const LIMIT: Duration = Duration::from_millis(500);

fn main() -> Result {
    flags([]);
    let during = within(LIMIT, || sum_with(locked)).ok();
    say!("locked during the call: {}", result(during));
    let after = within(LIMIT, || sum_with(collected)).ok();
    say!("locked after the call: {}", result(after));
    let expected = (during, after) == (None, Some(10));
    ensure(expected, "expected a deadlock in `locked`, and only there")
}

fn result(total: Option<u64>) -> String {
    total.map_or("deadlock".into(), |total| format!("total {total}"))
}

/// Adds 1, 2, 3 and 4 to a total, in a pool of its own: threads that are stuck
/// are left behind until the process ends.
fn sum_with(add: fn(&[u64], &Mutex<u64>)) -> u64 {
    let (pool, total) =
        (ThreadPoolBuilder::new().num_threads(2), Mutex::new(0));
    let pool = pool.build().expect("there is room for two more threads");
    pool.install(|| add(&[1, 2, 3, 4], &total));
    total.into_inner().expect("no panic while locked")
}

fn locked(items: &[u64], total: &Mutex<u64>) {
    let guard = total.lock().expect("no panic while locked");
    items.par_iter().for_each(|item| {
        // WRONG: the caller holds this lock, and waits for this item
        *total.lock().expect("no panic while locked") += item;
    });
    drop(guard);
}

fn collected(items: &[u64], total: &Mutex<u64>) {
    add_all(items, total, |item| *item);
}

// ANCHOR: rayon_under_lock
use rayon::prelude::*;

/// Computes something of each item in parallel, and adds the sum to a total
/// that others use, too. The lock is held for one addition.
///
/// # Panics
///
/// When `compute` panics, or another thread has panicked while it held the
/// lock.
pub fn add_all<T: Sync>(
    items: &[T],
    total: &std::sync::Mutex<u64>,
    compute: impl Fn(&T) -> u64 + Send + Sync,
) {
    let sum: u64 = items.par_iter().map(compute).sum(); // no lock is held
    *total.lock().expect("it is not poisoned") += sum;
}
// ANCHOR_END: rayon_under_lock
