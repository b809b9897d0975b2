//! `await` returns a result or an error; two awaits in a row are sequential.
//!
//!     cargo run -p asyncio --bin await_or_join
//!
//! A future does nothing until it is awaited, joined or spawned. Making both
//! futures first is no help. `join!` waits for both at the same time, as
//! `asyncio.gather` does, and `spawn` starts a task, as `create_task` does.
//!
//! Claims: A8
//! Change this and watch: `fetch("b")` instead of `fetch("c")` in `passed_on`.
//! There is no error to return, and A8 is contradicted.
//!
//! Output (figures vary):
//!     await, await: page a and page b after 203 ms
//!     make both, await, await: page a and page b after 202 ms
//!     join!: page a and page b after 102 ms
//!     spawn both, await, await: page a and page b after 102 ms
//!     The article, A8: "The caller gets a coroutine's result with await."
//!     Our answer for Rust: holds (true)
//!     Our answer to A8 is borne out: await returned the value "page a", and the error "no page c"

use std::time::{Duration, Instant};

use shared::{Failure, Result, claim, flags, measure::ms, say};
use tokio::{join, spawn, time::sleep};

const WAIT: Duration = Duration::from_millis(100);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    time("await, await", in_a_row()).await?;
    time("make both, await, await", made_first()).await?;
    time("join!", joined()).await?;
    time("spawn both, await, await", spawned()).await?;

    let value = fetch("a").await?;
    let error = passed_on().await.err().map(|error| error.to_string());
    let error = error.as_deref().unwrap_or("no error");
    let figure =
        format!("await returned the value {value:?}, and the error {error:?}");
    claim("A8", value == "page a" && error == "no page c", figure)
}

/// A request that takes 100 ms.
async fn fetch(page: &str) -> Result<String> {
    sleep(WAIT).await;
    match page {
        "c" => Err(Failure::new("no page c")),
        _ => Ok(format!("page {page}")),
    }
}

type Pages = (String, String);

async fn in_a_row() -> Result<Pages> {
    let a = fetch("a").await?; // WRONG: the second one has not begun
    let b = fetch("b").await?;
    Ok((a, b))
}

async fn made_first() -> Result<Pages> {
    let (a, b) = (fetch("a"), fetch("b"));
    Ok((a.await?, b.await?)) // WRONG: nor has it here
}

async fn joined() -> Result<Pages> {
    let (a, b) = join!(fetch("a"), fetch("b"));
    Ok((a?, b?))
}

async fn spawned() -> Result<Pages> {
    let (a, b) = (spawn(fetch("a")), spawn(fetch("b")));
    Ok((a.await??, b.await??)) // the first ? is for a panic in the task
}

async fn time(way: &str, pages: impl Future<Output = Result<Pages>>) -> Result {
    let started = Instant::now();
    let (a, b) = pages.await?;
    let took = ms(started.elapsed());
    say!("{way}: {a} and {b} after {took:.0} ms");
    Ok(())
}

/// An error goes through `?` to whoever awaits this future.
async fn passed_on() -> Result<Pages> {
    both(fetch("a"), fetch("c")).await
}

// ANCHOR: await_or_join
/// Waits for both at the same time. The first error is returned at once, and
/// the other future is dropped. Both take turns on the thread of the caller.
pub async fn both<A, B, E>(
    one: impl Future<Output = Result<A, E>>,
    other: impl Future<Output = Result<B, E>>,
) -> Result<(A, B), E> {
    tokio::try_join!(one, other)
}
// ANCHOR_END: await_or_join
