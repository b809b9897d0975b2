//! asyncio.Queue: a bounded channel between tasks, back-pressure, shutdown.
//!
//!     cargo run -p asyncio --bin cookbook_queue
//!
//! A sender waits while a bounded channel is full: back-pressure. A channel
//! ends when its last sender is dropped, or its receiver closes it; no `None`
//! has to be sent. Each recipe is run, and its result compared with the one
//! that asyncio is known to give.
//!
//! A queue with many workers: `queue_workers`. The others: see `cookbook`.
//!
//! Claims: A20
//! Change this and watch: `channel(3)` in `back_pressure`. All jobs are in the
//! queue before one is taken, and A20 is contradicted.
//!
//! Output (times vary, counts do not):
//!     Python                    Rust              as in Python
//!     Queue(1).put()            channel(1), send  true
//!     put_nowait()              try_send          true
//!     shutdown()                close             true
//!     shutdown(immediate=True)  drop(receiver)    true
//!     The article, A20: "It offers many functions for concurrency."
//!     Our answer for Rust: holds (true)
//!     Our answer to A20 is borne out: 4 of 4 functions of a Queue work as in Python

use std::time::Duration;

use shared::{Result, claim_recipes, flags, watchdog::Watchdog};
use tokio::{join, sync::mpsc, task::yield_now};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("all recipes", Duration::from_secs(5))?;
    let recipes = [
        ("Queue(1).put()", "channel(1), send", back_pressure().await),
        ("put_nowait()", "try_send", refused_when_full()),
        ("shutdown()", "close", shut_down().await?),
        ("shutdown(immediate=True)", "drop(receiver)", shutdown_now().await),
    ];
    claim_recipes("A20", "functions of a Queue", &recipes)
}

/// The third job is not there before the first one is taken.
async fn back_pressure() -> bool {
    let (jobs, mut queue) = mpsc::channel(1);
    let producer = async {
        for job in 0..3 {
            jobs.send(job).await.expect("it is received below");
        }
    };
    let consumer = async {
        yield_now().await;
        let waiting = queue.len();
        while queue.recv().await.is_some_and(|job| job < 2) {}
        waiting
    };
    join!(producer, consumer).1 == 1
}

fn refused_when_full() -> bool {
    let (jobs, _queue) = mpsc::channel(1);
    jobs.try_send(1).is_ok() && jobs.try_send(2).is_err()
}

/// What is in the queue is still received.
async fn shut_down() -> Result<bool> {
    let (jobs, mut queue) = mpsc::channel(2);
    jobs.send(1).await?;
    let left = shutdown(&mut queue).await;
    Ok(left == [1] && jobs.send(2).await.is_err())
}

/// What is in the queue is dropped; the next sender gets its job back.
async fn shutdown_now() -> bool {
    let (jobs, queue) = mpsc::channel(2);
    let sent = jobs.send(1).await.is_ok();
    drop(queue);
    sent && jobs
        .send(2)
        .await
        .is_err_and(|mpsc::error::SendError(job)| job == 2)
}

// ANCHOR: shutdown
use tokio::sync::mpsc::Receiver;

/// `queue.shutdown()`, by the receiver: accepts no more jobs, and returns those
/// that are in the queue. Senders, also those that wait, get their job back as
/// an error; a sender with a place (`reserve`) is waited for. (By the senders:
/// drop them all.)
pub async fn shutdown<T>(queue: &mut Receiver<T>) -> Vec<T> {
    queue.close();
    let mut left = Vec::new();
    while let Some(job) = queue.recv().await {
        left.push(job);
    }
    left
}
// ANCHOR_END: shutdown
