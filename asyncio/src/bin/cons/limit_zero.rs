//! A limit of 0 tasks at a time is a deadlock: `buffer_unordered(0)` hangs.
//!
//!     cargo run -p asyncio --bin limit_zero
//!
//! A limit that was computed or read from a file may be 0. Then
//! `buffer_unordered` starts no future, and never ends. A `Semaphore` without
//! permits waits in the same way, as in Python. `for_each_concurrent(0)`
//! understands 0 as "no limit", and starts all together. A type that has no 0,
//! `NonZeroUsize`, makes you decide what 0 means, where the limit comes from.
//!
//! Change this and watch: 1 for the `limit` of 0. None of the calls waits
//! then, and the program fails.
//!
//! Output (times vary, counts do not):
//!     buffer_unordered: waits forever
//!     Semaphore: waits forever
//!     for_each_concurrent: ends
//!     NonZeroUsize: 0 becomes 1, 3 of 3 jobs done

use std::time::Duration;

use futures::{FutureExt, future::ready, stream};
use shared::{Result, ensure, flags, say};
use tokio::{sync::Semaphore, time::timeout};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let limit = 0; // as if read from a file
    let jobs = || stream::iter([1, 2, 3]).map(ready);
    // WRONG: nobody has looked whether the limit is 0.
    let stream = jobs().buffer_unordered(limit).count().map(drop);
    let stream_ends = ends("buffer_unordered", stream).await;
    let permits = Semaphore::new(limit);
    let permit_comes = ends("Semaphore", permits.acquire().map(drop)).await;
    let each =
        jobs().for_each_concurrent(limit, async |job| assert!(job.await > 0));
    let each_ends = ends("for_each_concurrent", each).await;

    let checked = NonZeroUsize::new(limit).unwrap_or(NonZeroUsize::MIN);
    let done = jobs_limited([1, 2, 3].map(ready), checked).await.len();
    say!("NonZeroUsize: {limit} becomes {checked}, {done} of 3 jobs done");
    let right = !stream_ends && !permit_comes && each_ends && done == 3;
    ensure(right, "a call waited, or ended, against what is expected")
}

async fn ends(way: &str, job: impl Future<Output = ()>) -> bool {
    let ended = timeout(Duration::from_millis(100), job).await.is_ok();
    let how = if ended { "ends" } else { "waits forever" };
    say!("{way}: {how}");
    ended
}

// ANCHOR: limit_zero
use std::num::NonZeroUsize;

use futures::StreamExt;

/// The results of all jobs, in their order; at most `limit` run at a time. The
/// limit cannot be 0: `NonZeroUsize::new(0)` is `None`, and `"0".parse()` is an
/// error.
///
/// A slow job delays others: jobs that are done keep their places until the
/// slow job before them has ended. `gather_limited` (in `gather`) has no such
/// delay.
pub async fn jobs_limited<Job: Future>(
    jobs: impl IntoIterator<Item = Job>,
    limit: NonZeroUsize,
) -> Vec<Job::Output> {
    futures::stream::iter(jobs).buffered(limit.get()).collect().await
}
// ANCHOR_END: limit_zero
