//! A pipeline of three threads: who is faster waits, and the end runs down it.
//!
//!     cargo run -p threading --bin queue_pipeline
//!
//! A channel closes with its last sender, so each stage ends after the one
//! before it. Where a sender is forgotten, the next stage waits forever.
//!
//! Claims: T12
//! Change this and watch: `ROOM` to 0. Every order is handed over in person,
//! the queue stays empty, and it takes no longer: the oven is the slow one.
//!
//! Output (figures vary):
//!     queue before the oven      served        longest
//!     bounded, room for 8           500              8
//!     unbounded                     500            499
//!     all senders dropped: serving ends, after 2
//!     one sender forgotten: serving does not end in 500ms
//!     T12 borne out: queue 8 if bounded, else 499

use std::{thread, time::Duration};

use crossbeam::channel::{Receiver, Sender, bounded, unbounded};
use shared::{Result, claim, flags, say, watchdog::within};

const ORDERS: u32 = 500;
const ROOM: usize = 8;
const LIMIT: Duration = Duration::from_millis(500);

fn main() -> Result {
    flags([]);
    say!("{:<25}{:>8}{:>15}", "queue before the oven", "served", "longest");
    let bounded = row("bounded, room for 8", bounded(ROOM));
    let unbounded = row("unbounded", unbounded());

    let served = within(LIMIT, all_senders_dropped)?;
    say!("all senders dropped: serving ends, after {served}");
    // Left behind, it waits until the process ends.
    let forever = within(LIMIT, one_sender_forgotten).is_err();
    let ends = if forever { "does not end" } else { "ends" };
    say!("one sender forgotten: serving {ends} in {LIMIT:?}");

    let holds = bounded <= ROOM && unbounded > 2 * ROOM && forever;
    let figure = format!("queue {bounded} if bounded, else {unbounded}");
    claim("T12", holds, figure)
}

fn row(name: &str, queue: (Sender<u32>, Receiver<u32>)) -> usize {
    let (served, longest) = pipeline(queue);
    say!("{name:<25}{served:>8}{longest:>15}");
    longest
}

/// Cuts, bakes and serves at the same time. Returns how many were served, and
/// the longest queue between the first two.
fn pipeline((rail, cut): (Sender<u32>, Receiver<u32>)) -> (usize, usize) {
    let (pass, baked) = bounded(ROOM);
    thread::scope(|floor| {
        let cutter = floor.spawn(move || {
            let lengths = (0..ORDERS).map_while(|order| {
                rail.send(order).ok()?; // waits while the queue is full
                Some(rail.len())
            });
            lengths.max().unwrap_or(0)
        }); // here `rail` is dropped: the oven's loop ends ...
        floor.spawn(move || stage(cut, bake, pass));
        let served = baked.iter().count(); // ... `pass` with it: this ends
        (served, cutter.join().expect("it does not panic"))
    })
}

/// The slow one.
fn bake(order: u32) -> u32 {
    thread::sleep(Duration::from_micros(100));
    order
}

// ANCHOR: queue_pipeline
/// A thread's work between two queues. It ends when `orders` has no sender any
/// more or `pass` no receiver, and both close with it: in both directions the
/// end runs along the line.
fn stage<From, To>(
    orders: crossbeam::channel::Receiver<From>,
    work: impl Fn(From) -> To,
    pass: crossbeam::channel::Sender<To>,
) {
    for order in orders {
        if pass.send(work(order)).is_err() {
            break;
        }
    }
}
// ANCHOR_END: queue_pipeline

fn all_senders_dropped() -> usize {
    let (pass, plates) = bounded(ROOM);
    thread::scope(|floor| {
        for cook in 0..2 {
            let pass = pass.clone();
            floor.spawn(move || pass.send(cook));
        }
        drop(pass); // both cooks have their own
        plates.iter().count()
    })
}

fn one_sender_forgotten() -> usize {
    let (pass, plates) = bounded(ROOM);
    thread::scope(|floor| {
        for cook in 0..2 {
            let pass = pass.clone();
            floor.spawn(move || pass.send(cook));
        }
        plates.iter().count() // WRONG: waits for `pass`, which is still here
    })
}
