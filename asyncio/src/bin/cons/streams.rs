//! Python's async for, async generators and comprehensions: in Rust, streams.
//!
//!     cargo run -p asyncio --bin streams
//!
//! In Python these are syntax, and the function `anext` came later. In Rust it
//! is the other way round: `next` is a function (of the crate `futures`), and a
//! loop over it is written by hand. `yield` and `for await` exist only within
//! the macro of the crate `async-stream`.
//!
//! The program `merge_streams` shows `yield from`, `async_with` shows `async
//! with`, and `unstable_syntax` asks the compiler for the syntax.
//!
//! Claims: A34, A35
//! Change this and watch: `number % 2 == 0` in `adapters`. That form gives
//! other numbers, and A34 is contradicted.
//!
//! Output (times vary, counts do not):
//!     Python               Rust             gives
//!     async for            while let        [2, 6, 10]
//!     async comprehension  filter, map      [2, 6, 10]
//!     async generator      stream::unfold   [2, 6, 10]
//!     async generator      stream!          [2, 6, 10]
//!     anext                StreamExt::next  [2, 6, 10]
//!     The article, A34: "There are asynchronous versions of for, with, generators and comprehensions."
//!     Our answer for Rust: inverted (the opposite problem)
//!     Our answer to A34 is borne out: 4 of 4 functions and macros give [2, 6, 10]
//!     The article, A35: "There are no asynchronous counterparts of next and iter."
//!     Our answer for Rust: inverted (the opposite problem)
//!     Our answer to A35 is borne out: next, a function, gives 1 of 1 stream whole

use futures::{StreamExt, future::ready, stream};
use shared::{Result, Table, claim, flags};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let mut table = Table::new(["Python", "Rust", "gives"]);
    let mut row = |python: &str, rust: &str, given: Vec<u32>| {
        table.row([&python, &rust, &format_args!("{given:?}")]);
        usize::from(given == [2, 6, 10])
    };
    let same = row("async for", "while let", by_loop().await)
        + row("async comprehension", "filter, map", adapters().await)
        + row("async generator", "stream::unfold", by_unfold().await)
        + row("async generator", "stream!", by_macro().await);
    let next = row("anext", "StreamExt::next", by_next().await);
    table.print();

    let figure = format!("{same} of 4 functions and macros give [2, 6, 10]");
    claim("A34", same == 4, figure)?;
    let figure = format!("next, a function, gives {next} of 1 stream whole");
    claim("A35", next == 1, figure)
}

fn numbers() -> impl Stream<Item = u32> + Unpin {
    stream::iter(1..=6)
}

async fn by_loop() -> Vec<u32> {
    let (mut numbers, mut doubled) = (numbers(), Vec::new());
    while let Some(number) = numbers.next().await {
        if number % 2 == 1 {
            doubled.push(2 * number);
        }
    }
    doubled
}

async fn adapters() -> Vec<u32> {
    let odd = numbers().filter(|number| ready(number % 2 == 1));
    odd.map(|number| 2 * number).collect().await
}

async fn by_unfold() -> Vec<u32> {
    let next = async |n: u32| (n <= 6).then_some((2 * n, n + 2));
    stream::unfold(1, next).collect().await
}

async fn by_macro() -> Vec<u32> {
    odd_doubled(numbers()).collect().await
}

async fn by_next() -> Vec<u32> {
    let (mut numbers, mut given) = (Box::pin(odd_doubled(numbers())), vec![]);
    for _ in 0..4 {
        given.extend(numbers.next().await); // the last one is `None`
    }
    given
}

// ANCHOR: streams
use async_stream::stream;
use futures::Stream;

/// An async generator: for each odd number its double. Lazy, as in Python; `?`
/// in it needs `try_stream!`. Pin it (`pin!` or `Box::pin`) to call `next`.
pub fn odd_doubled(
    numbers: impl Stream<Item = u32>,
) -> impl Stream<Item = u32> {
    stream! {
        for await number in numbers { // only the macro knows this loop
            if number % 2 == 1 {
                yield 2 * number;
            }
        }
    }
}
// ANCHOR_END: streams
