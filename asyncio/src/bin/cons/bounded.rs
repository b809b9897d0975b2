//! Concurrency limit: a semaphore bounds how many tasks work at a time.
//!
//!     cargo run -p asyncio --bin bounded
//!
//! A task that is spawned begins soon, so a loop that spawns 40 tasks starts 40
//! downloads at the same time. A semaphore with 4 permits limits the downloads:
//! all 40 tasks are spawned, but each waits for a permit, and holds it to its
//! end. A permit that stays in the loop is given back before its task has even
//! begun. In Python: `async with semaphore` in the coroutine.
//!
//! The program `bounded_ways` compares three ways, and their order of results.
//! `limit_and_timeout` gives each job a deadline, too; `limit_zero` shows what
//! a limit of 0 does.
//!
//! Change this and watch: `let _ =` instead of `let _permit =` in
//! `run_limited`. That drops the permit immediately: all 40 run at the same
//! time again, and the program fails.
//!
//! Output (times vary, counts do not):
//!     permit in the loop: at most 40 of 40 downloads run at a time
//!     permit in the task: at most 4 of 40 downloads run at a time

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use shared::{Result, ensure, flags, say};
use tokio::time::sleep;

const DOWNLOADS: usize = 40;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let downloads = || (0..DOWNLOADS).map(download).collect();
    permit_dropped(4, downloads()).await;
    let dropped = most_at_once("permit in the loop");
    let numbers = run_limited(4, downloads()).await;
    let moved = most_at_once("permit in the task");
    let right = dropped > 4 && moved == 4 && numbers.is_sorted();
    ensure(right, "the limit was not kept as expected")
}

/// How many downloads have run at the same time since the last call.
fn most_at_once(way: &str) -> usize {
    let most = MOST.swap(0, Relaxed);
    say!("{way}: at most {most} of {DOWNLOADS} downloads run at a time");
    most
}

async fn permit_dropped(
    limit: usize,
    jobs: Vec<impl Future<Output: Send> + Send + 'static>,
) {
    let permits = Semaphore::new(limit);
    let mut tasks = JoinSet::new();
    for job in jobs {
        let _permit = permits.acquire().await;
        tasks.spawn(job); // WRONG: the permit is dropped before the job begins
    }
    tasks.join_all().await;
}

// ANCHOR: bounded
use std::sync::Arc;

use tokio::{sync::Semaphore, task::JoinSet};

/// Spawns a task for each job. At most `limit` jobs (not 0) run at a time; the
/// other tasks wait for a permit. Returns the results in the order of the jobs.
/// If a job panics, `run_limited` panics immediately. After a panic, or if the
/// future of `run_limited` is dropped, the other jobs are cancelled. Needs a
/// tokio runtime.
pub async fn run_limited<Job>(limit: usize, jobs: Vec<Job>) -> Vec<Job::Output>
where
    Job: Future<Output: Send> + Send + 'static, // the result is `Send`, too
{
    assert_ne!(limit, 0, "no job could ever begin");
    let limit = limit.min(Semaphore::MAX_PERMITS); // more would panic
    let permits = Arc::new(Semaphore::new(limit));
    let mut tasks = JoinSet::new();
    for (number, job) in jobs.into_iter().enumerate() {
        let permits = permits.clone();
        tasks.spawn(async move {
            let _permit = permits.acquire().await.expect("it stays open");
            (number, job.await) // then the permit is given back
        });
    }
    let mut outputs = tasks.join_all().await; // in the order of their ends
    outputs.sort_by_key(|(number, _)| *number);
    outputs.into_iter().map(|(_, output)| output).collect()
}
// ANCHOR_END: bounded

static RUNNING: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

async fn download(number: usize) -> usize {
    let running = RUNNING.fetch_add(1, Relaxed) + 1;
    MOST.fetch_max(running, Relaxed);
    sleep(Duration::from_millis(5)).await;
    RUNNING.fetch_sub(1, Relaxed);
    number
}
