//! Pipeline with back-pressure: three threads and bounded channels.
//!
//!     cargo run -p threading --bin queue_pipeline
//!
//! A fast stage feeds a slow one. The channel between them is bounded: while
//! it is full, the fast stage waits (back-pressure), and memory stays flat.
//! Without a limit the queue grows for as long as there is input. A channel
//! closes with its last sender, so each stage ends after the one before it;
//! Python's `Queue` needs `shutdown` (3.13), or a special item, for that.
//!
//! The program `forgotten_sender` shows a channel that never closes.
//!
//! Change this and watch: `ROOM` to 0. Every item goes directly to the
//! receiver, and at most 0 wait in the queue.
//!
//! Output (figures vary):
//!     bounded, room for 8: 500 items done, at most 8 in the queue
//!     unbounded: 500 items done, at most 499 in the queue

use std::{thread, time::Duration};

use crossbeam::channel::{bounded, unbounded};
use shared::{Result, ensure, flags, say};

const ITEMS: u32 = 500;
const ROOM: usize = 8;

fn main() -> Result {
    flags([]);
    let (done, longest) = pipeline(bounded(ROOM));
    say!(
        "bounded, room for {ROOM}: {done} items done, at most {longest} in the \
         queue"
    );
    let (all, unlimited) = pipeline(unbounded()); // WRONG: no limit
    say!("unbounded: {all} items done, at most {unlimited} in the queue");
    let complete = [done, all] == [ITEMS as usize; 2];
    let bounds = longest <= ROOM && unlimited > 2 * ROOM;
    ensure(complete && bounds, "items are lost, or a queue has a wrong length")
}

/// Reads, converts and counts at the same time. Returns how many were done, and
/// how many at most were in the queue between the first two stages.
fn pipeline(
    (sender, receiver): (Sender<u32>, Receiver<u32>),
) -> (usize, usize) {
    let (converted, results) = bounded(ROOM);
    thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut longest = 0;
            for item in 0..ITEMS {
                // Waits while the queue is full.
                sender.send(item).expect("the next stage takes all");
                longest = longest.max(sender.len());
            }
            longest
        }); // here `sender` is dropped: the loop of the next stage ends ...
        scope.spawn(move || stage(receiver, convert, converted));
        let done = results.iter().count(); // ... and then this one
        (done, reader.join().expect("it does not panic"))
    })
}

/// The slow one.
fn convert(item: u32) -> u32 {
    thread::sleep(Duration::from_micros(100));
    item
}

// ANCHOR: queue_pipeline
use crossbeam::channel::{Receiver, Sender};

/// What a thread does between two channels of a pipeline. It ends when `input`
/// has no sender any more, or `output` no receiver; both are closed then, so
/// the stages after it and before it end, too. Take `bounded` channels.
pub fn stage<From, To>(
    input: Receiver<From>,
    work: impl Fn(From) -> To,
    output: Sender<To>,
) {
    for item in input {
        if output.send(work(item)).is_err() {
            break;
        }
    }
}
// ANCHOR_END: queue_pipeline
