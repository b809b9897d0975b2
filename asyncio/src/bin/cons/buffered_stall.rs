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
//! The program `buffered_stall_ways` compares five ways.
//!
//! Claims: A29
//! Change this and watch: a `room` of 1. The first item is taken, the second
//! fills the room, and the task waits with the third. So nobody polls the
//! fourth download: 2 of 3 are done, and A29 is still borne out.
//!
//! Output (times vary, counts do not):
//!     downloads in their consumer's task: 0 of 3 are done while it awaits
//!     downloads in a task of their own: 3 of 3 are done while it awaits
//!     The article, A29: "Functions made for the loop are switched quickly and run evenly."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A29 is borne out: while their consumer awaits, 0 of 3 downloads go on in its task, 3 in another

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use futures::stream::iter;
use shared::{Result, claim, flags, say};
use tokio::{sync::Semaphore, time::sleep};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let downloads = || iter(1..=4).map(download).buffer_unordered(4);
    let stalled = done_meanwhile("their consumer's task", downloads()).await;
    let room = 4;
    let sent = in_a_task(downloads(), room);
    let running = done_meanwhile("a task of their own", sent).await;

    let figure = format!(
        "while their consumer awaits, {stalled} of 3 downloads go on in its \
         task, {running} in another"
    );
    claim("A29", stalled == 0 && running > 0, figure)
}

/// How many downloads are done while their consumer awaits something else.
async fn done_meanwhile(
    place: &str,
    downloads: impl Stream<Item = u64>,
) -> usize {
    let mut downloads = pin!(downloads);
    SENT.add_permits(1);
    downloads.next().await; // the first one; three are still running
    let before = DONE.load(Relaxed);
    SENT.add_permits(3); // now they could end
    // WRONG for a stream in this task: nobody polls it meanwhile.
    sleep(Duration::from_millis(60)).await;
    let done = DONE.load(Relaxed) - before;
    say!("downloads in {place}: {done} of 3 are done while it awaits");
    downloads.count().await; // the rest
    done
}

static DONE: AtomicUsize = AtomicUsize::new(0);
/// One permit for each download that its server has sent.
static SENT: Semaphore = Semaphore::const_new(0);

async fn download(size: u64) -> u64 {
    SENT.acquire().await.expect("it is never closed").forget();
    DONE.fetch_add(1, Relaxed);
    size
}

// ANCHOR: buffered_stall
use std::{panic::resume_unwind, pin::pin, task::Poll, task::ready};

use futures::stream::{Stream, StreamExt, poll_fn};
use tokio::{sync::mpsc, task::JoinSet};

/// The same stream in a task of its own, so that it goes on while its consumer
/// awaits something else. At most `room` (above 0) items wait in a channel, and
/// one more in the task; then the stream waits. If the stream panics, the
/// consumer panics, too. Dropping the returned stream cancels the task. Panics
/// if `room` is 0, and outside of tokio.
pub fn in_a_task<S>(
    stream: S,
    room: usize,
) -> impl Stream<Item = S::Item> + Unpin
where
    S: Stream<Item: Send> + Send + 'static, // and `S::Item: Send`
{
    let (sender, mut items) = mpsc::channel(room);
    let mut task = JoinSet::new(); // aborts the task when it is dropped
    task.spawn(async move {
        let mut stream = pin!(stream);
        while let Some(item) = stream.next().await {
            if sender.send(item).await.is_err() {
                break; // nobody wants the rest
            }
        }
    });
    poll_fn(move |context| {
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
