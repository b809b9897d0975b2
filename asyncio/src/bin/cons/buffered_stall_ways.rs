//! Buffered streams that stall, and tasks that do not: five ways compared.
//!
//!     cargo run -p asyncio --bin buffered_stall_ways
//!
//! Four downloads run at a time; their consumer awaits something else before it
//! asks for the second result. Bare futures are polled by the consumer's task
//! only, so they stand still while it awaits something else. Spawned futures go
//! on: `buffered` then only collects their results.
//!
//! Read `buffered_stall` first.
//!
//! Claims: A29
//! Change this and watch: `jobs.buffer_unordered(limit)` as the end of
//! `in_tasks`. The downloads stand still there, too, and A29 is contradicted.
//!
//! Output (times vary, counts do not):
//!     way                                done while the consumer awaits
//!     buffered                                                   0 of 3
//!     buffer_unordered                                           0 of 3
//!     FuturesUnordered                                           0 of 3
//!     a task for each, buffered                                  3 of 3
//!     a task for each, buffer_unordered                          3 of 3
//!     The article, A29: "Functions made for the loop are switched quickly and run evenly."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A29 is borne out: downloads stand still in 3 of 5 ways

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use futures::stream::{BoxStream, FuturesUnordered, iter};
use shared::{Result, Table, claim, ensure, flags};
use tokio::{sync::Semaphore, time::sleep};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let downloads = || iter(1..=4).map(download);
    let bare: FuturesUnordered<_> = (1..=4).map(download).collect();
    let spawned = downloads().map(tokio::spawn).buffered(4);
    let spawned = spawned.map(|ended| ended.expect("it does not panic"));
    let ways: [(_, BoxStream<u64>); 5] = [
        ("buffered", downloads().buffered(4).boxed()),
        ("buffer_unordered", downloads().buffer_unordered(4).boxed()),
        ("FuturesUnordered", bare.boxed()),
        ("a task for each, buffered", spawned.boxed()),
        ("a task for each, buffer_unordered", in_tasks(downloads(), 4).boxed()),
    ];
    let mut table = Table::new(["way", "done while the consumer awaits"]);
    let mut done = Vec::new();
    for (way, downloads) in ways {
        let meanwhile = done_meanwhile(downloads).await?;
        table.row([&way, &format_args!("{meanwhile} of 3")]);
        done.push(meanwhile);
    }
    table.print();
    let stalled = done.iter().filter(|done| **done == 0).count();
    let all = done.len();
    let figure = format!("downloads stand still in {stalled} of {all} ways");
    let (futures, tasks) = done.split_at(3);
    claim("A29", futures == [0; 3] && !tasks.contains(&0), figure)
}

/// How many downloads are done while their consumer awaits something else.
async fn done_meanwhile(mut downloads: BoxStream<'_, u64>) -> Result<usize> {
    SENT.add_permits(1);
    downloads.next().await; // the first one; three are still running
    let before = DONE.load(Relaxed);
    SENT.add_permits(3); // now they could end
    sleep(Duration::from_millis(60)).await;
    let done = DONE.load(Relaxed) - before;
    ensure(downloads.count().await == 3, "a download is missing")?;
    Ok(done)
}

static DONE: AtomicUsize = AtomicUsize::new(0);
/// One permit for each download that its server has sent.
static SENT: Semaphore = Semaphore::const_new(0);

async fn download(size: u64) -> u64 {
    SENT.acquire().await.expect("it is never closed").forget();
    DONE.fetch_add(1, Relaxed);
    size
}

// ANCHOR: buffered_stall_ways
use std::panic::resume_unwind;

use futures::stream::{Stream, StreamExt};
use tokio_util::task::AbortOnDropHandle;

/// Runs each future as a task, at most `limit` (above 0) at a time, and yields
/// each result when it is ready. They go on while the consumer awaits something
/// else; the next ones start when it takes results. A panic in one is a panic
/// of the consumer; dropping the stream cancels the tasks. Panics if `limit` is
/// 0. Needs a tokio runtime.
pub fn in_tasks<Job>(
    jobs: impl Stream<Item = Job>,
    limit: usize,
) -> impl Stream<Item = Job::Output>
where
    Job: Future<Output: Send> + Send + 'static, // the result is `Send`, too
{
    assert_ne!(limit, 0, "no job could ever begin");
    jobs.map(|job| AbortOnDropHandle::new(tokio::spawn(job)))
        .buffer_unordered(limit)
        .map(|ended| {
            ended.unwrap_or_else(|error| resume_unwind(error.into_panic()))
        })
}
// ANCHOR_END: buffered_stall_ways
