//! Dishes in a buffered stream stand still while one of them is tasted.
//!
//!     cargo run -p asyncio --bin buffered_stall
//!
//! Their futures run only while somebody asks the stream for the next one, and
//! not while that somebody awaits something else: connections time out, clocks
//! stop. Given to tasks, they run by themselves.
//!
//! Claims: A29
//! Change this and watch: room for 1 in the channel. Then the task that asks
//! has to wait, too, and one dish stands still again.
//!
//! Output (figures vary):
//!     four dishes, stirred every 5 ms                longest unstirred
//!     buffered(4)                                                87 ms
//!     buffer_unordered(4)                                        88 ms
//!     FuturesUnordered                                           87 ms
//!     a task for each, buffer_unordered(4)                        6 ms
//!     one task that asks, and a channel                           6 ms
//!     buffer_unordered(0)                         nothing after 200 ms
//!     buffer_unordered(0.max(1))                                a dish
//!     A29 borne out: 87 ms unstirred, in tasks 6

use std::pin::pin;
use std::time::{Duration, Instant};

use futures::stream::{FuturesUnordered, Stream, StreamExt, iter};
use shared::{Failure, Result, claim, flags, measure::ms, say};
use tokio::time::{sleep, timeout};

const DISHES: [u32; 4] = [1, 2, 3, 4];
const STIRRING: Duration = Duration::from_millis(5);
const TASTING: Duration = Duration::from_millis(80);
const LIMIT: Duration = Duration::from_millis(200);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    say!(
        "{:<40}{:>24}",
        "four dishes, stirred every 5 ms",
        "longest unstirred"
    );
    let dishes = || iter(DISHES).map(cook);
    row("buffered(4)", dishes().buffered(4)).await;
    row("buffer_unordered(4)", dishes().buffer_unordered(4)).await;
    let bare: FuturesUnordered<_> = DISHES.map(cook).into_iter().collect();
    let stalled = row("FuturesUnordered", bare).await;
    let tasks = dishes().map(tokio::spawn).buffer_unordered(4);
    let tasks = tasks.map(|gap| gap.expect("no dish panics"));
    let spawned = row("a task for each, buffer_unordered(4)", tasks).await;
    let channel = in_a_task(dishes().buffer_unordered(4), 4);
    let sent = row("one task that asks, and a channel", channel).await;
    none_at_once().await?;
    let cured = spawned.max(sent);
    let figure =
        format!("{:.0} ms unstirred, in tasks {:.0}", ms(stalled), ms(cured));
    claim("A29", stalled >= TASTING && 2 * cured < stalled, figure)
}

/// Gives the longest time that it was not stirred.
async fn cook(dish: u32) -> Duration {
    let mut longest = Duration::ZERO;
    for _ in 0..4 * dish {
        let stirred = Instant::now();
        sleep(STIRRING).await;
        longest = longest.max(stirred.elapsed());
    }
    longest
}

/// Tastes each dish before it asks for the next.
async fn row(way: &str, dishes: impl Stream<Item = Duration>) -> Duration {
    let mut dishes = pin!(dishes);
    let mut longest = Duration::ZERO;
    while let Some(unstirred) = dishes.next().await {
        longest = longest.max(unstirred);
        sleep(TASTING).await; // WRONG, unless the dishes are in tasks
    }
    say!("{way:<40}{:>21.0} ms", ms(longest));
    longest
}

// ANCHOR: buffered_stall
/// The same stream, in a task of its own that always asks for the next item.
/// At most `room` items wait here; then the task waits, and its futures, too.
pub fn in_a_task<S>(
    stream: S,
    room: usize,
) -> impl futures::Stream<Item = S::Item>
where
    S: futures::Stream + Send + 'static,
    S::Item: Send,
{
    let (send, mut items) = tokio::sync::mpsc::channel(room);
    tokio::spawn(async move {
        let mut stream = std::pin::pin!(stream);
        while let Some(item) = futures::StreamExt::next(&mut stream).await {
            if send.send(item).await.is_err() {
                break; // nobody wants the rest
            }
        }
    });
    futures::stream::poll_fn(move |context| items.poll_recv(context))
}
// ANCHOR_END: buffered_stall

/// None at once means: never the first one.
async fn none_at_once() -> Result {
    let none = 0; // as if computed, or read from a file
    let mut dishes = iter(DISHES).map(cook).buffer_unordered(none); // WRONG
    if timeout(LIMIT, dishes.next()).await.is_ok() {
        return Err(Failure::new("a dish came, though none may be cooked"));
    }
    say!("{:<40}{:>24}", "buffer_unordered(0)", "nothing after 200 ms");
    let mut dishes = iter(DISHES).map(cook).buffer_unordered(none.max(1));
    let _first = timeout(LIMIT, dishes.next()).await?;
    say!("{:<40}{:>24}", "buffer_unordered(0.max(1))", "a dish");
    Ok(())
}
