//! Python's async loops and generators, and what Rust has for them: functions.
//!
//!     cargo run -p asyncio --bin streams
//!
//! It is the other way round here: `next` is a function (of the crate
//! `futures`), a loop over it is written by hand. `yield` and `for await` exist
//! within the macro of `async-stream` only; see `unstable_syntax` for what may
//! come.
//!
//! Claims: A34, A35, A36
//! Change this and watch: `flatten_unordered(None)` for `flatten()`: it mixes
//! as `select_all` does, and A36 ends.
//!
//! Output (figures vary):
//!     Python               Rust                     gives
//!     async for            while let                [2, 6, 10]
//!     async comprehension  filter, map, collect     [2, 6, 10]
//!     async generator      stream::unfold           [2, 6, 10]
//!     async generator      stream!                  [2, 6, 10]
//!     async with           an async closure         [2, 6, 10]
//!     anext                StreamExt::next          [2, 6, 10]
//!     yield from           flatten                  [1, 2, 3, 10, 20, 30]
//!                          select_all               [1, 10, 2, 20, 3, 30]
//!     A34 borne out: one sequence in 5 forms, by functions and a macro
//!     A35 borne out: a function gives one after the other
//!     A36 borne out: flatten keeps the order, select_all mixes

use std::pin::pin;

use async_stream::stream;
use futures::future::ready;
use futures::stream::{self, Stream, StreamExt};
use shared::{Result, claim, flags, say};
use smol::future::yield_now;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    say!("{:<21}{:<25}gives", "Python", "Rust");
    let right = told("async for", "while let", by_loop().await);
    let adapted = plates().collect().await;
    let forms = [
        told("async comprehension", "filter, map, collect", adapted),
        told("async generator", "stream::unfold", by_unfold().await),
        told("async generator", "stream!", by_macro().await),
        told("async with", "an async closure", by_closure().await),
    ];
    let nexts = told("anext", "StreamExt::next", by_next().await);
    let behind = told("yield from", "flatten", flattened().await);
    let mixed = told("", "select_all", selected().await);

    let same = forms.iter().all(|form| *form == right);
    claim("A34", same, "one sequence in 5 forms, by functions and a macro")?;
    claim("A35", nexts == right, "a function gives one after the other")?;
    let one_by_one = behind.is_sorted() && !mixed.is_sorted();
    claim("A36", one_by_one, "flatten keeps the order, select_all mixes")
}

fn told(python: &str, rust: &str, plates: Vec<u32>) -> Vec<u32> {
    say!("{python:<21}{rust:<25}{plates:?}");
    plates
}

fn orders() -> impl Stream<Item = u32> + Unpin {
    stream::iter(1..=6)
}

async fn by_loop() -> Vec<u32> {
    let (mut orders, mut plates) = (orders(), Vec::new());
    while let Some(number) = orders.next().await {
        if number % 2 == 1 {
            plates.push(2 * number);
        }
    }
    plates
}

fn plates() -> impl Stream<Item = u32> {
    let odd = orders().filter(|number| ready(number % 2 == 1));
    odd.map(|number| 2 * number)
}

async fn by_unfold() -> Vec<u32> {
    let next =
        |number| ready((number <= 6).then_some((2 * number, number + 2)));
    stream::unfold(1_u32, next).collect().await
}

async fn by_macro() -> Vec<u32> {
    let plates = stream! {
        for await number in orders() { // only the macro knows it
            if number % 2 == 1 {
                yield 2 * number;
            }
        }
    };
    plates.collect().await
}

async fn by_closure() -> Vec<u32> {
    in_the_shop(async || plates().collect().await).await
}

/// What `async with` is for: to wait before and after, which `drop` cannot.
async fn in_the_shop<T>(work: impl AsyncFnOnce() -> T) -> T {
    yield_now().await; // opens
    let done = work().await;
    yield_now().await; // closes: forgotten if this future is dropped before
    done
}

async fn by_next() -> Vec<u32> {
    let mut plates = pin!(plates());
    let three = [plates.next().await, plates.next().await, plates.next().await];
    three.into_iter().flatten().collect()
}

async fn flattened() -> Vec<u32> {
    stream::iter(two_cooks()).flatten().collect().await
}

async fn selected() -> Vec<u32> {
    stream::select_all(two_cooks()).collect().await
}

fn two_cooks() -> [impl Stream<Item = u32>; 2] {
    [1, 10].map(|unit| {
        Box::pin(stream! {
            for number in 1..=3 {
                yield_now().await; // forced: the other one's turn
                yield unit * number;
            }
        })
    })
}
