//! Python's `yield from` for async generators: join two streams, or merge them.
//!
//!     cargo run -p asyncio --bin merge_streams
//!
//! Python has no `async yield from` until 3.16; a loop with `yield` stands for
//! it. In Rust both ways are functions of `futures`: `flatten` and `chain` take
//! one stream after the other, `select_all` takes whatever is ready first.
//!
//! Read `streams` first.
//!
//! Claims: A36
//! Change this and watch: `merge(two_streams())` instead of
//! `stream::iter(two_streams()).flatten()`. It mixes the streams, too, and A36
//! is contradicted.
//!
//! Output (figures vary):
//!     flatten, one after the other: [1, 2, 10, 20]
//!     select_all, as they are ready: [1, 10, 2, 20]
//!     The article, A36: "There is no asynchronous version of yield from."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to A36 is borne out: flatten gives [1, 2, 10, 20], select_all [1, 10, 2, 20]

use futures::{Stream, StreamExt, stream};
use shared::{Result, claim, flags, say};
use smol::future::yield_now;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let behind: Vec<_> = stream::iter(two_streams()).flatten().collect().await;
    say!("flatten, one after the other: {behind:?}");
    let merged: Vec<_> = merge(two_streams()).collect().await;
    say!("select_all, as they are ready: {merged:?}");

    let figure = format!("flatten gives {behind:?}, select_all {merged:?}");
    let mixed = merged == [1, 10, 2, 20];
    claim("A36", behind == [1, 2, 10, 20] && mixed, figure)
}

/// Each waits a moment before each number: then it is the other one's turn.
fn two_streams() -> [impl Stream<Item = u32>; 2] {
    [1, 10].map(|unit| {
        stream::iter([1, 2]).then(move |number| async move {
            yield_now().await;
            unit * number
        })
    })
}

// ANCHOR: merge_streams
/// The items of all streams, as they are ready; the end when all have ended.
/// A stream that is always ready cannot starve the others.
pub fn merge<S: futures::Stream>(
    streams: impl IntoIterator<Item = S>,
) -> impl futures::Stream<Item = S::Item> {
    futures::stream::select_all(streams.into_iter().map(Box::pin))
}
// ANCHOR_END: merge_streams
