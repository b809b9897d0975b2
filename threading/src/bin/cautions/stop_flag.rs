//! Nobody can stop a thread from outside: it is asked, and it has to look.
//!
//!     cargo run -p threading --bin stop_flag
//!
//! How to ask depends on what the thread does most of the time: one that works
//! looks at a flag between two steps, one that waits is woken by what it waits
//! for.
//!
//! Change this and watch: `sleep` for 50 ms instead of `park_timeout`. Asking
//! takes that long then: nothing wakes a thread that sleeps.
//!
//! Output (figures vary):
//!     a thread that           ends when                 after asking
//!     works in steps of 1 ms  it sees the flag                684 us
//!     waits for orders        the channel closes               25 us
//!     naps for a minute       it is unparked                   15 us
//!     works without looking   never                     not in 200ms

use std::time::Duration;

use shared::measure::median;
use shared::{Failure, Result, flags, say, watchdog::within};

const TIMES: usize = 21;
const LIMIT: Duration = Duration::from_millis(200);

fn main() -> Result {
    flags([]);
    say!("{:<24}{:<22}{:>16}", "a thread that", "ends when", "after asking");
    row("works in steps of 1 ms", "it sees the flag", by_flag);
    row("waits for orders", "the channel closes", by_closing);
    row("naps for a minute", "it is unparked", by_unparking);
    // Nothing ends this one but the end of the process: it is left behind.
    let Err(stalled) = within(LIMIT, without_looking) else {
        return Err(Failure::new("a thread that never looks has ended"));
    };
    let found = format!("not in {:?}", stalled.limit);
    say!("{:<24}{:<22}{found:>16}", "works without looking", "never");
    Ok(())
}

fn row(thread: &str, ends_when: &str, stop: fn() -> u128) {
    let micros: Vec<_> = (0..TIMES).map(|_| stop()).collect();
    say!("{thread:<24}{ends_when:<22}{:>13} us", median(&micros));
}

// ANCHOR: stop_flag
fn by_flag() -> u128 {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    let stop = AtomicBool::new(false);
    let works = || {
        while !stop.load(Relaxed) {
            step();
        }
    };
    asked_to_end(works, |_| stop.store(true, Relaxed))
}

fn by_closing() -> u128 {
    let (rail, orders) = std::sync::mpsc::channel::<u32>();
    let waits = || orders.into_iter().for_each(|_| step());
    asked_to_end(waits, |_| drop(rail)) // the last sender ends the loop
}

fn by_unparking() -> u128 {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    let stop = AtomicBool::new(false);
    let naps = || {
        while !stop.load(Relaxed) {
            std::thread::park_timeout(std::time::Duration::from_mins(1));
        }
    };
    asked_to_end(naps, |thread| {
        stop.store(true, Relaxed); // first, or it wakes up and naps again
        thread.unpark();
    })
}

/// Microseconds from asking a thread that does `work` until it has ended.
fn asked_to_end(
    work: impl FnOnce() + Send,
    ask: impl FnOnce(&std::thread::Thread),
) -> u128 {
    use std::{sync::Barrier, thread, time::Duration, time::Instant};
    let at_work = Barrier::new(2);
    thread::scope(|floor| {
        let worker = floor.spawn(|| {
            at_work.wait();
            work();
        });
        at_work.wait();
        thread::sleep(Duration::from_micros(2_500)); // in the middle of a step
        let asked = Instant::now();
        ask(worker.thread());
        worker.join().expect("it does not panic");
        asked.elapsed().as_micros()
    })
}

/// Stands for a millisecond of work.
fn step() {
    std::thread::sleep(std::time::Duration::from_millis(1));
}
// ANCHOR_END: stop_flag

fn without_looking() -> u128 {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    let stop = AtomicBool::new(false);
    let deaf = || {
        loop {
            step(); // WRONG: never looks, so nobody can end it
        }
    };
    asked_to_end(deaf, |_| stop.store(true, Relaxed))
}
