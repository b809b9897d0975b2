//! run_in_executor, max_workers: limit blocking work, even if callers give up.
//!
//!     cargo run -p asyncio --bin run_in_executor
//!
//! `spawn_blocking` has up to 512 threads: enough for jobs that wait, too many
//! for jobs that compute. A Semaphore is Python's `max_workers`. A thread
//! cannot be cancelled: when a caller gives up, its work goes on. So the work
//! itself has to hold the permit. If the caller held it, a new job would start
//! while the abandoned one still runs.
//!
//! Claims: A20
//! Change this and watch: `Semaphore::new(PERMITS + 1)` in `most_at_once`.
//! Three threads work at a time, and A20 is contradicted.
//!
//! Output (figures vary):
//!     the caller holds the permit: 5 at work at a time
//!     the work holds the permit: 2 at work at a time
//!     The article, A20: "It offers many functions for concurrency."
//!     Our answer for Rust: holds (true)
//!     Our answer to A20 is borne out: with 2 permits: 2 at a time if the work owns the permit; 5 if the caller owns it

use std::sync::{atomic::AtomicUsize, atomic::Ordering::Relaxed};
use std::{thread, time::Duration};

use shared::{Result, claim, flags, say, watchdog::Watchdog};
use tokio::time::{sleep, timeout};

const PERMITS: usize = 2;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the calls", Duration::from_secs(10))?;
    let callers = most_at_once(permit_of_the_caller).await?;
    say!("the caller holds the permit: {callers} at work at a time");
    let works = most_at_once(run_in_executor).await?;
    say!("the work holds the permit: {works} at work at a time");
    let figure = format!(
        "with {PERMITS} permits: {works} at a time if the work owns the \
         permit; {callers} if the caller owns it"
    );
    claim("A20", works <= PERMITS && callers > PERMITS, figure)
}

async fn permit_of_the_caller(
    permits: Arc<Semaphore>,
    work: fn(),
) -> Result<(), JoinError> {
    // WRONG: if the caller gives up, its permit is free, but its work goes on
    let _permit = permits.acquire_owned().await.expect("nobody closes it");
    spawn_blocking(work).await
}

/// Four callers give up soon; the fifth waits for its work.
async fn most_at_once<Call>(
    run: impl Fn(Arc<Semaphore>, fn()) -> Call,
) -> Result<usize>
where
    Call: Future<Output = Result<(), JoinError>>,
{
    let permits = Arc::new(Semaphore::new(PERMITS));
    MOST.store(0, Relaxed);
    for _ in 0..4 {
        let call = run(permits.clone(), work);
        let _ = timeout(Duration::from_millis(2), call).await; // gives up
    }
    run(permits, work).await?;
    while RUNNING.load(Relaxed) > 0 {
        sleep(Duration::from_millis(1)).await; // until the abandoned work ends
    }
    Ok(MOST.load(Relaxed))
}

static RUNNING: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

fn work() {
    let now = RUNNING.fetch_add(1, Relaxed) + 1;
    MOST.fetch_max(now, Relaxed);
    thread::sleep(Duration::from_millis(100));
    RUNNING.fetch_sub(1, Relaxed);
}

// ANCHOR: run_in_executor
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};

/// `asyncio.to_thread`, `loop.run_in_executor(executor, work)`: runs blocking
/// work on another thread. Callers share `permits`: at most as many works run
/// at a time as it has permits (`max_workers`). The error holds the message of
/// a panic. Panics if the system refuses the first thread for blocking work.
///
/// A caller may give up; work that has begun goes on, and keeps its permit
/// until it is done.
pub async fn run_in_executor<T: Send + 'static>(
    permits: Arc<Semaphore>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    let permit = permits.acquire_owned().await.expect("nobody closes it");
    let work = move || {
        let _permit = permit; // the work owns it, not the caller
        work()
    };
    spawn_blocking(work).await
}
// ANCHOR_END: run_in_executor
