//! Buffered streams that stall, and tasks that do not: five ways compared.
//!
//!     cargo run -p asyncio --bin buffered_stall_ways
//!
//! Four downloads run at a time; their consumer awaits something else before it
//! asks for the second one. Whatever polls bare futures inside of the
//! consumer's task stalls them. Spawned futures go on: `buffered` then only
//! collects their results.
//!
//! Read `buffered_stall` first.
//!
//! Claims: A29
//! Change this and watch: leave `.map(task)` and `.map(result)` out of
//! `in_tasks`. The downloads stand still there, too, and A29 is contradicted.
//!
//! Output (figures vary):
//!     way                                steps while the consumer awaits
//!     buffered                                                         0
//!     buffer_unordered                                                 0
//!     FuturesUnordered                                                 0
//!     a task for each, buffered                                       30
//!     a task for each, buffer_unordered                               30
//!     The article, A29: "Functions made for the loop are switched quickly and run evenly."
//!     Our answer for Rust: limits (true within limits)
//!     A29 borne out: downloads stand still in 3 of 5 ways

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use futures::stream::{BoxStream, FuturesUnordered, iter};
use shared::{Failure, Result, Table, claim, flags};
use tokio::time::sleep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let downloads = || iter(1..=4).map(download);
    let bare: FuturesUnordered<_> = (1..=4).map(download).collect();
    let spawned = downloads().map(task).buffered(4).map(result);
    let ways: [(_, BoxStream<u32>); 5] = [
        ("buffered", downloads().buffered(4).boxed()),
        ("buffer_unordered", downloads().buffer_unordered(4).boxed()),
        ("FuturesUnordered", bare.boxed()),
        ("a task for each, buffered", spawned.boxed()),
        ("a task for each, buffer_unordered", in_tasks(downloads(), 4).boxed()),
    ];
    let mut table = Table::new(["way", "steps while the consumer awaits"]);
    let mut steps = Vec::new();
    for (way, downloads) in ways {
        let meanwhile = steps_meanwhile(downloads).await?;
        table.row([&way, &meanwhile]);
        steps.push(meanwhile);
    }
    table.print();
    let stalled = steps.iter().filter(|steps| **steps == 0).count();
    let figure = format!("downloads stand still in {stalled} of 5 ways");
    let (futures, tasks) = steps.split_at(3);
    let stand_still = futures.iter().all(|steps| *steps == 0);
    claim("A29", stand_still && tasks.iter().all(|steps| *steps > 0), figure)
}

/// How many steps the downloads make while their consumer awaits.
async fn steps_meanwhile(mut downloads: BoxStream<'_, u32>) -> Result<usize> {
    let first = downloads.next().await;
    let before = STEPS.load(Relaxed);
    sleep(Duration::from_millis(40)).await;
    let steps = STEPS.load(Relaxed) - before;
    match (first, downloads.count().await) {
        (Some(1), 3) => Ok(steps),
        _ => Err(Failure::new("a download is missing")),
    }
}

static STEPS: AtomicUsize = AtomicUsize::new(0);

async fn download(size: u32) -> u32 {
    for _ in 0..5 * size {
        sleep(Duration::from_millis(1)).await;
        STEPS.fetch_add(1, Relaxed);
    }
    size
}

// ANCHOR: buffered_stall_ways
use futures::stream::{Stream, StreamExt};
use tokio::task::JoinError;
use tokio_util::task::AbortOnDropHandle;

/// A task for each future, `limit` of them at a time (above 0); their results
/// as they are completed. They go on while the consumer awaits something else;
/// the next ones start when it takes results. A panic in one is a panic of the
/// consumer; dropping the stream cancels the tasks. Needs a tokio runtime.
pub fn in_tasks<Job>(
    jobs: impl Stream<Item = Job>,
    limit: usize,
) -> impl Stream<Item = Job::Output>
where
    Job: Future<Output: Send> + Send + 'static,
{
    jobs.map(task).buffer_unordered(limit).map(result)
}

fn task<Job>(job: Job) -> AbortOnDropHandle<Job::Output>
where
    Job: Future<Output: Send> + Send + 'static,
{
    AbortOnDropHandle::new(tokio::spawn(job))
}

fn result<T>(ended: Result<T, JoinError>) -> T {
    ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}
// ANCHOR_END: buffered_stall_ways
