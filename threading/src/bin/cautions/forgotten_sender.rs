//! A channel that never closes: a sender is forgotten, the receiver deadlocks.
//!
//!     cargo run -p threading --bin forgotten_sender
//!
//! The loop over a channel ends when the last sender is dropped. Each producer
//! has a clone of the sender; the original stays with the function that made
//! the clones. If it keeps the original, the loop waits forever: a deadlock
//! that nobody reports. The cure is to drop the original, or to move it into
//! the last producer. In Python a `Queue` has an end only since 3.13
//! (`shutdown`); before, one sends a special item.
//!
//! Change this and watch: move `sender` into a third producer instead of the
//! `drop`: that closes the channel as well.
//!
//! Output (figures vary):
//!     one sender forgotten: it hangs
//!     all senders dropped: it ends, the sum is 3

use std::{thread, time::Duration};

use shared::{Result, ensure, flags, say, watchdog::within};

const LIMIT: Duration = Duration::from_millis(500);

fn main() -> Result {
    flags([]);
    // Left behind, its thread waits until the process ends.
    let hangs = within(LIMIT, forgotten).is_err();
    let fate = if hangs { "it hangs" } else { "it ends" };
    say!("one sender forgotten: {fate}");
    let sum: u32 = within(LIMIT, || produced(0..2, |n| n + 1))?.iter().sum();
    say!("all senders dropped: it ends, the sum is {sum}");
    ensure(hangs, "the channel was closed, although a sender was left")?;
    ensure(sum == 3, "a result is missing")
}

fn forgotten() -> Vec<u32> {
    let (sender, results) = sync_channel(8);
    thread::scope(|scope| {
        for n in 0..2 {
            let sender = sender.clone();
            scope.spawn(move || sender.send(n + 1));
        }
        results.iter().collect() // WRONG: waits for `sender`, which is here
    })
}

// ANCHOR: forgotten_sender
use std::sync::mpsc::sync_channel;

/// Runs `job` on each item, each on a thread of its own, and returns all
/// results, in the order in which the jobs ended (Python: a list of
/// `as_completed`). If a job panics, the caller panics, too.
pub fn produced<T: Send, R: Send>(
    items: impl IntoIterator<Item = T>,
    job: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let (sender, results) = sync_channel(8);
    let job = &job;
    std::thread::scope(|scope| {
        for item in items {
            let sender = sender.clone();
            // An error means that nobody wants results any more.
            scope.spawn(move || sender.send(job(item)).is_ok());
        }
        drop(sender); // each thread has its own: the last one closes
        results.iter().collect()
    })
}
// ANCHOR_END: forgotten_sender
