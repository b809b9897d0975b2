//! Limit how many jobs work at a time: the job must own its semaphore permit.
//!
//!     cargo run -p futures_pool --bin cpu_limit
//!
//! `spawn_blocking` starts a thread for each job, up to 512, so many jobs share
//! few cores (oversubscription). A semaphore limits them. But a caller may stop
//! waiting, by a timeout or because a client has left: its future is dropped,
//! and the job goes on, because a thread cannot be cancelled. If the future
//! owns the permit, the next job begins beside the old one. If the job owns it,
//! the limit holds.
//!
//! Read `cpu_from_async` first.
//!
//! Change this and watch: `Semaphore::new(2)` in `most_at_once`. Two jobs at a
//! time is what the cure allows then, and the program expects one.
//!
//! Output (figures vary):
//!     the caller has the permit: 4 jobs at a time, limit 1
//!     the job has the permit: 1 job at a time, limit 1

use std::sync::{Arc, Mutex};
use std::{thread, time::Duration};

use shared::{Result, Span, ensure, flags, measure::now, say};
use tokio::time::timeout;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let wrong = most_at_once(kept).await;
    say!("the caller has the permit: {wrong} jobs at a time, limit 1");
    let right = most_at_once(run_limited).await;
    say!("the job has the permit: {right} job at a time, limit 1");
    ensure(wrong > 1, "the limit held, although the callers gave up")?;
    ensure(right == 1, "the job with the permit broke the limit")
}

type Job = Box<dyn FnOnce() + Send>;

async fn kept(limit: Arc<Semaphore>, job: Job) -> Result<(), JoinError> {
    // WRONG: when the caller gives up, this is dropped, and the job goes on
    let _permit = limit.acquire().await.expect("nobody closes it");
    spawn_blocking(job).await
}

/// Four callers, one after the other; each gives up before its job is done.
async fn most_at_once(
    run: impl AsyncFn(Arc<Semaphore>, Job) -> Result<(), JoinError>,
) -> usize {
    let (limit, spans) = (Arc::new(Semaphore::new(1)), Arc::default());
    for _ in 0..4 {
        let job = job(&spans);
        let _given_up =
            timeout(Duration::from_millis(20), run(limit.clone(), job)).await;
    }
    // Those that have begun are done when nobody else has the list.
    while Arc::strong_count(&spans) > 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let spans = spans.lock().expect("no panic while locked");
    Span::most_at_once(&spans)
}

/// 100 ms on a thread.
fn job(spans: &Arc<Mutex<Vec<Span>>>) -> Job {
    let spans = Arc::clone(spans);
    Box::new(move || {
        let start = now();
        thread::sleep(Duration::from_millis(100)); // the work itself
        let span = Span { start, end: now() };
        spans.lock().expect("no panic while locked").push(span);
    })
}

// ANCHOR: cpu_limit
use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};

/// Runs `job` on a thread when the semaphore has a permit for it, so never more
/// jobs than permits work at a time. The job keeps its permit until it ends,
/// also if it panics (the error), or if its caller has given up. A caller that
/// gives up before its job has a permit cancels the job.
///
/// # Panics
///
/// The semaphore is closed.
pub async fn run_limited<T: Send + 'static>(
    limit: std::sync::Arc<Semaphore>,
    job: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    let permit = limit.acquire_owned().await.expect("nobody closes it");
    spawn_blocking(move || {
        let _permit = permit; // it goes with the job
        job()
    })
    .await
}
// ANCHOR_END: cpu_limit
