//! Cooperative scheduling: `await` is no yield; what is ready goes on at once.
//!
//!     cargo run -p asyncio --bin await_is_not_yield
//!
//! A future that is ready does not pause, so a loop of such awaits is as greedy
//! as one without (Python's `await` is the same; `asyncio.sleep(0)` pauses).
//! Another task on the same thread counts its turns beside 100 000 awaits.
//! tokio's own channels, sockets and timers pause after 128 operations in a row
//! (the budget of a task); a channel of another crate does not.
//!
//! Claims: A16
//! Change this and watch: `tokio::task::unconstrained(..)` around the future in
//! `tokio_channel`. There is no budget, no turn, and A16 is contradicted.
//!
//! Output (figures vary):
//!     100000 awaits of what is ready: another task has 0 turns
//!     100000 awaits, and a yield every 1 000: another task has 100 turns
//!     100000 items from tokio's channel: another task has 781 turns
//!     100000 items from smol's channel: another task has 0 turns
//!     The article, A16: "They pause at every await and go on when what they await is there."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A16 is borne out: turns beside 100000 awaits: 0; with yields 100; by tokio's budget 781

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::{future::ready, hint::black_box};

use shared::{Result, claim, flags, say};
use tokio::sync::mpsc::unbounded_channel;

const AWAITS: u64 = 100_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let ready = turns_beside("awaits of what is ready", rushes()).await;
    let yields =
        turns_beside("awaits, and a yield every 1 000", yields()).await;
    let budget =
        turns_beside("items from tokio's channel", tokio_channel()).await;
    let other = turns_beside("items from smol's channel", smol_channel()).await;

    let figure = format!(
        "turns beside {AWAITS} awaits: {ready}; with yields {yields}; by \
         tokio's budget {budget}"
    );
    let greedy = ready == 0 && other == 0;
    let fair = yields >= AWAITS / 2_000 && budget >= AWAITS / 256;
    claim("A16", greedy && fair, figure)
}

async fn rushes() {
    for number in 0..AWAITS {
        black_box(ready(number).await); // WRONG: an await, and no pause
    }
}

async fn yields() {
    let wait = async |number| _ = black_box(ready(number).await);
    for_each_fairly(0..AWAITS, wait).await;
}

async fn tokio_channel() {
    let (sender, mut receiver) = unbounded_channel();
    (0..AWAITS).for_each(|n| sender.send(n).expect("it is open"));
    drop(sender);
    while receiver.recv().await.is_some() {}
}

async fn smol_channel() {
    let (sender, receiver) = smol::channel::unbounded();
    (0..AWAITS).for_each(|n| sender.try_send(n).expect("it is open"));
    drop(sender);
    while receiver.recv().await.is_ok() {}
}

static TURNS: AtomicU64 = AtomicU64::new(0);

/// How many turns another task has between the first poll of `work` and its
/// end.
async fn turns_beside(what: &str, work: impl Future) -> u64 {
    let other = tokio::spawn(async {
        loop {
            TURNS.fetch_add(1, Relaxed);
            yield_now().await;
        }
    });
    yield_now().await; // it has begun
    TURNS.store(0, Relaxed);
    work.await;
    other.abort();
    let turns = TURNS.load(Relaxed);
    say!("{AWAITS} {what}: another task has {turns} turns");
    turns
}

// ANCHOR: await_is_not_yield
use tokio::task::yield_now;

/// Calls `work` on each item, and gives the other tasks a turn after every
/// 1 000 items, however fast they are.
pub async fn for_each_fairly<I>(
    items: impl IntoIterator<Item = I>,
    mut work: impl AsyncFnMut(I),
) {
    for (number, item) in (1_u64..).zip(items) {
        work(item).await;
        if number % 1_000 == 0 {
            yield_now().await;
        }
    }
}
// ANCHOR_END: await_is_not_yield
