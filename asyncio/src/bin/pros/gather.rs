//! asyncio.gather: run many jobs together, limit how many, results in order.
//!
//!     cargo run -p asyncio --bin gather
//!
//! A future of Rust does nothing until it is awaited: `join_all` awaits many at
//! the same time on one task, and keeps the order. `buffer_unordered`, which is
//! often recommended as gather with a Semaphore, returns results as jobs end.
//!
//! Claims: A20
//! Change this and watch: `buffered` instead of `buffer_unordered`. The order
//! is right then, so A20 is contradicted. But `buffered(2)` starts job 2 late:
//! job 1 has ended, but its result is kept until job 9 has ended, and a kept
//! result occupies one of the two places.
//!
//! Output (figures vary):
//!     gather: [9, 1, 2, 5]
//!     gather_limited: [9, 1, 2, 5]
//!     buffer_unordered: [1, 2, 5, 9]
//!     The article, A20: "It offers many functions for concurrency."
//!     Our answer for Rust: holds (true)
//!     Our answer to A20 is borne out: gather and gather_limited keep the order; buffer_unordered does not

use futures::stream::{self, StreamExt};
use limited::gather_limited;
use shared::{Result, claim, flags, say};
use tokio::task::yield_now;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let all = gather(JOBS.map(job)).await;
    say!("gather: {all:?}");
    let limited = gather_limited(JOBS.map(job), 2).await;
    say!("gather_limited: {limited:?}");
    let jobs = stream::iter(JOBS.map(job));
    // WRONG: the results come in the order in which the jobs end
    let unordered: Vec<_> = jobs.buffer_unordered(2).collect().await;
    say!("buffer_unordered: {unordered:?}");

    let in_order = [&all, &limited, &unordered].map(|results| results == &JOBS);
    let both = if in_order[0] && in_order[1] { "keep" } else { "do not keep" };
    let stream = if in_order[2] { "does, too" } else { "does not" };
    let figure = format!(
        "gather and gather_limited {both} the order; buffer_unordered {stream}"
    );
    claim("A20", in_order == [true, true, false], figure)
}

const JOBS: [u32; 4] = [9, 1, 2, 5];

/// Awaits `n` times; the job with the smallest number ends first.
async fn job(n: u32) -> u32 {
    for _ in 0..n {
        yield_now().await;
    }
    n
}

// ANCHOR: gather
use futures::future::join_all;

/// `asyncio.gather(*jobs)`: runs all jobs at the same time, on this task and
/// its thread, and returns the results in the order of the jobs.
///
/// For jobs that return a `Result`, `try_join_all` returns the first error at
/// once and drops the other jobs; Python's would go on.
pub async fn gather<Job: Future>(
    jobs: impl IntoIterator<Item = Job>,
) -> Vec<Job::Output> {
    join_all(jobs).await
}
// ANCHOR_END: gather

/// The part to copy.
pub mod limited {
    // ANCHOR: gather_limited
    use futures::future::join_all;
    use tokio::sync::Semaphore;

    /// `asyncio.gather` with a `Semaphore`: runs at most `limit` jobs at the
    /// same time, and returns the results in the order of the jobs. A slow job
    /// delays no other one. (`StreamExt::buffered` is different: it keeps
    /// later results until the slow job has ended, and each occupies a place.)
    ///
    /// With a limit of 0 it waits forever.
    pub async fn gather_limited<Job: Future>(
        jobs: impl IntoIterator<Item = Job>,
        limit: usize,
    ) -> Vec<Job::Output> {
        let permits = &Semaphore::new(limit);
        let limited = |job: Job| async move {
            let _permit = permits.acquire().await.expect("it stays open");
            job.await
        };
        join_all(jobs.into_iter().map(limited)).await
    }
    // ANCHOR_END: gather_limited
}
