//! Tasks that borrow: those that end with their parent may; spawned ones not.
//!
//!     cargo run -p asyncio --bin scoped_tasks
//!
//! A joined future is a part of the one that joins it: both take turns on one
//! thread, and are dropped together, so it may borrow. Tasks of smol may, if
//! their executor is a local variable. A task of `tokio::spawn` lives on by
//! itself and must own all that it uses (`'static`);
//! `compile_fail/borrow_in_task.rs` is the one that must not compile; a test
//! checks its error code.
//!
//! Claims: A15
//! Change this and watch: `spawned(lent())` for `joined(lent())`: E0597.
//!
//! Output (figures vary):
//!     four tasks          receipts       sum  outlive their parent
//!     join_all            lent        500500                     0
//!     FuturesUnordered    lent        500500                     0
//!     smol's Executor     lent        500500                     0
//!     tokio::spawn        copied      500500                     4
//!     tokio::spawn        lent         E0597
//!     A15 borne out: 0 that borrow outlive their parent, 4 spawned

use std::{future::pending, sync::Arc};

use futures::{FutureExt, future::BoxFuture};
use shared::{Failure, Result, claim, flags, say};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let receipts: Vec<u64> = (1..=1_000).collect();
    let lent = || receipts.chunks(250).map(total).collect();
    let copied = || receipts.chunks(250).map(Vec::from).map(total_of_own);

    say!("four tasks          receipts       sum  outlive their parent");
    let sums = joined(lent()).await;
    let parts = row("join_all", "lent", sums, left(joined)?)?;
    let sums = unordered(lent()).await;
    let more = row("FuturesUnordered", "lent", sums, left(unordered)?)?;
    let sums = on_an_executor(lent()).await;
    let local = row("smol's Executor", "lent", sums, left(on_an_executor)?)?;
    let sums = spawned(copied().collect()).await;
    let alone = row("tokio::spawn", "copied", sums, left(spawned)?)?;
    let refused = include_str!("../../../compile_fail/borrow_in_task.rs");
    say!("{:<20}{:<10}{:>8}", "tokio::spawn", "lent", &refused[4..9]);

    let lent = parts + more + local;
    let figure =
        format!("{lent} that borrow outlive their parent, {alone} spawned");
    claim("A15", lent == 0 && alone == TASKS, figure)
}

fn row(
    way: &str,
    receipts: &str,
    sums: Vec<u64>,
    alive: usize,
) -> Result<usize> {
    let sum: u64 = sums.iter().sum();
    if sum != 500_500 {
        return Err(Failure::new(format!("{way} adds up to {sum}")));
    }
    say!("{way:<20}{receipts:<10}{sum:>8}{alive:>22}");
    Ok(alive)
}

async fn total(receipts: &[u64]) -> u64 {
    receipts.iter().sum()
}

async fn total_of_own(receipts: Vec<u64>) -> u64 {
    total(&receipts).await
}

// ANCHOR: scoped_tasks
/// Parts of one future: polled in turn, on its thread, and dropped with it.
async fn joined<F: Future>(tasks: Vec<F>) -> Vec<F::Output> {
    futures::future::join_all(tasks).await
}

/// The same, in the order in which they end.
async fn unordered<F: Future>(tasks: Vec<F>) -> Vec<F::Output> {
    use futures::StreamExt;
    let tasks = tasks.into_iter();
    tasks.collect::<futures::stream::FuturesUnordered<_>>().collect().await
}

/// Tasks of an executor that ends before what they borrow.
async fn on_an_executor<F>(tasks: Vec<F>) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send,
{
    let executor = smol::Executor::new();
    let tasks = tasks.into_iter().map(|task| executor.spawn(task));
    let all = futures::future::join_all(tasks);
    executor.run(all).await
}

/// Tasks of a runtime that does not end before anything here.
async fn spawned<F>(tasks: Vec<F>) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let tasks = tasks.into_iter().map(tokio::spawn);
    let done = futures::future::join_all(tasks).await.into_iter();
    done.map(|output| output.expect("no task panics")).collect()
}
// ANCHOR_END: scoped_tasks

/// How many of four tasks are left when their parent is dropped.
fn left<P: Future>(
    parent: fn(Vec<BoxFuture<'static, ()>>) -> P,
) -> Result<usize> {
    let guest = Arc::new(());
    let tasks = (0..TASKS).map(|_| stays(guest.clone()).boxed());
    // Polled once, and dropped: they have begun, and have not ended.
    match parent(tasks.collect()).now_or_never() {
        None => Ok(Arc::strong_count(&guest) - 1),
        Some(_) => Err(Failure::new("those that stay have ended")),
    }
}

async fn stays(_guest: Arc<()>) {
    pending().await
}

const TASKS: usize = 4;
