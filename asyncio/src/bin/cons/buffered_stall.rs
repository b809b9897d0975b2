//! Buffered streams stall: their futures stop while the consumer awaits.
//!
//!     cargo run -p asyncio --bin buffered_stall
//!
//! `buffer_unordered(4)` does not start tasks: it polls four futures inside of
//! the task that consumes the stream, and only while that task asks for the
//! next item. While the consumer awaits something else, nobody polls them:
//! connections time out, heartbeats are not sent. (In Python `as_completed`
//! makes tasks, which run by themselves.) The cure: give the stream a task of
//! its own, and receive its items through a bounded channel (back-pressure).
//!
//! `buffered_stall_ways` compares five ways.
//!
//! Claims: A29
//! Change this and watch: a `room` of 1. The task waits with its third item,
//! and the fourth download stands still behind it: there are fewer steps.
//!
//! Output (figures vary):
//!     downloads in their consumer's task: 0 steps while it awaits
//!     downloads in a task of their own: 30 steps while it awaits
//!     The article, A29: "Functions made for the loop are switched quickly and run evenly."
//!     Our answer for Rust: limits (true within limits)
//!     A29 borne out: while their consumer awaits, downloads make 0 steps in its task, 30 in another

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use futures::{Stream, StreamExt, stream::iter};
use shared::{Result, claim, flags, say};
use tokio::time::sleep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let downloads = || iter(1..=4).map(download).buffer_unordered(4);
    let stalled = steps_meanwhile("their consumer's task", downloads()).await;
    let room = 4;
    let sent = in_a_task(downloads(), room);
    let running = steps_meanwhile("a task of their own", sent).await;

    let figure = format!(
        "while their consumer awaits, downloads make {stalled} steps in its \
         task, {running} in another"
    );
    claim("A29", stalled == 0 && running > 0, figure)
}

/// How many steps the downloads make while their consumer awaits.
async fn steps_meanwhile(
    place: &str,
    downloads: impl Stream<Item = u32>,
) -> usize {
    let mut downloads = pin!(downloads);
    downloads.next().await; // the first one; then something else is awaited
    let before = STEPS.load(Relaxed);
    // WRONG for a stream in this task: nobody polls it meanwhile.
    sleep(Duration::from_millis(40)).await;
    let steps = STEPS.load(Relaxed) - before;
    say!("downloads in {place}: {steps} steps while it awaits");
    downloads.count().await; // the rest
    steps
}

static STEPS: AtomicUsize = AtomicUsize::new(0);

async fn download(size: u32) -> u32 {
    for _ in 0..5 * size {
        sleep(Duration::from_millis(1)).await;
        STEPS.fetch_add(1, Relaxed);
    }
    size
}

// ANCHOR: buffered_stall
use std::{panic::resume_unwind, task::Poll, task::ready};

use tokio::{sync::mpsc, task::JoinSet};

/// The same stream in a task of its own, so that it goes on while its consumer
/// awaits something else. Of what is ready at most `room` items wait (above 0);
/// then the stream waits, too. A panic in it is a panic of the consumer;
/// dropping it cancels the task. Needs a tokio runtime.
pub fn in_a_task<S>(
    stream: S,
    room: usize,
) -> impl futures::Stream<Item = S::Item> + Unpin
where
    S: futures::Stream<Item: Send> + Send + 'static,
{
    let (sender, mut items) = mpsc::channel(room);
    let mut task = JoinSet::new(); // aborts the task when it is dropped
    task.spawn(async move {
        let mut stream = std::pin::pin!(stream);
        while let Some(item) = futures::StreamExt::next(&mut stream).await {
            if sender.send(item).await.is_err() {
                break; // nobody wants the rest
            }
        }
    });
    futures::stream::poll_fn(move |context| {
        if let Some(item) = ready!(items.poll_recv(context)) {
            return Poll::Ready(Some(item));
        }
        match ready!(task.poll_join_next(context)) {
            Some(Err(error)) => resume_unwind(error.into_panic()),
            _ => Poll::Ready(None),
        }
    })
}
// ANCHOR_END: buffered_stall
