//! Lock contention: a lock held during slow work makes four threads wait.
//!
//!     cargo run -p threading --bin held_too_long
//!
//! The slow work is a wait (for a disk, for a server), so more cores do not
//! help. Held during the work, the lock lets one thread work at a time. The
//! cure: copy out what the work needs, release the lock, work, and lock again
//! for one line of code. Beware of a guard that nobody sees: in
//! `f(*lock.lock()?)` the lock is held until `f` returns.
//!
//! An `RwLock` lets many readers hold the lock, but a writer still has to wait
//! for their slow work: see the program `rwlock_writer`.
//!
//! Claims: T5
//! Change this and watch: in the function `held_too_long`, copy the price in a
//! line of its own, `let copy = *price.lock()...;`, and work with the copy.
//! Then both ways take equally long, and T5 is contradicted.
//!
//! Output (figures vary):
//!     held during the work: 81.7 ms (20ms if parallel, 80ms if in turn)
//!     held for a line: 20.5 ms (20ms if parallel, 80ms if in turn)
//!     The article, T5: "Threads make you care about locks."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to T5 is borne out: 4 threads are 4.0 times as fast if they hold a lock for a line, and not during the work

use std::{thread, time::Duration, time::Instant};

use shared::measure::{NoiseMeter, best_of, ms};
use shared::{Result, claim_timed, flags, say};

const THREADS: u32 = 4;
const ROUNDS: u32 = 5;
const SLOW: Duration = Duration::from_millis(4);

fn main() -> Result {
    flags([]);
    let meter = NoiseMeter::start();
    let long = four_threads("held during the work", held_too_long);
    let brief = four_threads("held for a line", held_for_a_line);

    let figure = format!(
        "4 threads are {:.1} times as fast if they hold a lock for a line, and \
         not during the work",
        long / brief
    );
    claim_timed("T5", long > 2.0 * brief, meter.read(), figure)
}

fn held_too_long(price: &Mutex<u64>, sum: &Mutex<u64>) {
    // WRONG: the guard lives to the end of the statement, during the work.
    let result = slow_work(*price.lock().expect("no panic while locked"));
    *sum.lock().expect("no panic while locked") += result;
}

fn held_for_a_line(price: &Mutex<u64>, sum: &Mutex<u64>) {
    work_and_add(price, sum, slow_work);
}

// ANCHOR: held_too_long
use std::sync::Mutex;

/// Copies the input out of its lock, works without a lock, and adds the result
/// under the other lock. Another thread may change the input during the work.
///
/// # Panics
///
/// A thread has panicked while it held one of the two locks.
pub fn work_and_add<T: Clone>(
    input: &Mutex<T>,
    sum: &Mutex<u64>,
    work: impl FnOnce(T) -> u64,
) {
    let copy = input.lock().expect("no panic while locked").clone();
    let result = work(copy);
    *sum.lock().expect("no panic while locked") += result;
}
// ANCHOR_END: held_too_long

/// Asks a server for something.
fn slow_work(price: u64) -> u64 {
    thread::sleep(SLOW);
    price
}

/// Four threads take `step` in every round. The best of five tries, in
/// milliseconds.
fn four_threads(label: &str, step: fn(&Mutex<u64>, &Mutex<u64>)) -> f64 {
    let took = best_of(5, || {
        let (price, sum) = (Mutex::new(12), Mutex::new(0));
        let started = Instant::now();
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| (0..ROUNDS).for_each(|_| step(&price, &sum)));
            }
        });
        started.elapsed()
    });
    let (one, all) = (ROUNDS * SLOW, THREADS * ROUNDS * SLOW);
    let took = ms(took);
    say!("{label}: {took:.1} ms ({one:?} if parallel, {all:?} if in turn)");
    took
}
