//! asyncio.as_completed, wait(FIRST_COMPLETED): each result when it is there.
//!
//!     cargo run -p asyncio --bin as_completed
//!
//! Here the jobs are tasks: they go on while a result is handled, if that
//! awaits (or the runtime has several threads). Futures in a `FuturesUnordered`
//! or in a buffered stream would stand still then: the program `buffered_stall`
//! shows this mistake.
//!
//! Claims: A20
//! Change this and watch: let `job` panic for 6. `main` panics, too, and the
//! jobs that have not ended are cancelled.
//!
//! Output (figures vary):
//!     as_completed, jobs [9, 3, 6]: [3, 6, 9]
//!     first_completed: 3, 2 others left
//!     The article, A20: "It offers many functions for concurrency."
//!     Our answer for Rust: holds (true)
//!     Our answer to A20 is borne out: of the jobs [9, 3, 6] as_completed yields [3, 6, 9]

use first::first_completed;
use shared::{Result, claim, flags, say};
use tokio::task::yield_now;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let mut results = Vec::new();
    as_completed(JOBS.map(job), async |result| results.push(result)).await;
    say!("as_completed, jobs {JOBS:?}: {results:?}");
    let (first, others) = first_completed(JOBS.map(job)).await;
    say!("first_completed: {first}, {} others left", others.len());

    let figure =
        format!("of the jobs {JOBS:?} as_completed yields {results:?}");
    claim("A20", results == [3, 6, 9] && first == 3, figure)
}

const JOBS: [u32; 3] = [9, 3, 6];

/// Awaits `n` times; the job with the smallest number ends first.
async fn job(n: u32) -> u32 {
    for _ in 0..n {
        yield_now().await;
    }
    n
}

// ANCHOR: as_completed
use std::panic::resume_unwind;
use tokio::task::JoinSet;

/// `asyncio.as_completed(jobs)`: starts all jobs as tasks, and awaits `each`
/// with every result as soon as it is there. The other jobs go on when `each`
/// awaits, and on a runtime with several threads also when it computes.
///
/// A panic in a job is raised again in the caller. The panic cancels the jobs
/// that have not ended, and so does dropping the future of `as_completed`.
pub async fn as_completed<Job>(
    jobs: impl IntoIterator<Item = Job>,
    mut each: impl AsyncFnMut(Job::Output),
) where
    Job: Future<Output: Send> + Send + 'static, // the result is `Send`, too
{
    let mut tasks: JoinSet<_> = jobs.into_iter().collect();
    while let Some(ended) = tasks.join_next().await {
        match ended {
            Ok(result) => each(result).await,
            Err(error) => resume_unwind(error.into_panic()),
        }
    }
}
// ANCHOR_END: as_completed

/// The other part to copy.
pub mod first {
    // ANCHOR: first_completed
    use futures::future::select_all;
    use std::pin::Pin;

    /// `asyncio.wait(jobs, return_when=FIRST_COMPLETED)`: returns the first
    /// result, and the other jobs. These are futures, not tasks as in Python:
    /// they go on only while they are awaited, and end when they are dropped.
    /// Panics if `jobs` is empty.
    pub async fn first_completed<Job: Future>(
        jobs: impl IntoIterator<Item = Job>,
    ) -> (Job::Output, Vec<Pin<Box<Job>>>) {
        let jobs = jobs.into_iter().map(Box::pin);
        let (result, _index, others) = select_all(jobs).await;
        (result, others)
    }
    // ANCHOR_END: first_completed
}
