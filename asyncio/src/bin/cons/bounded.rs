//! Limit how many tasks run at once: back-pressure by a semaphore.
//!
//!     cargo run -p asyncio --bin bounded
//!
//! A task that is spawned begins soon, so a loop that spawns 40 tasks starts 40
//! downloads at once. A semaphore with 4 permits limits them, if the permit
//! moves into the task. A permit that stays in the loop is given back before
//! its task has even begun. In Python: `async with semaphore` in the coroutine.
//!
//! `bounded_ways` compares three ways, and their order of results.
//! `limit_and_timeout` gives each job a deadline, too; `limit_zero` shows what
//! a limit of 0 does.
//!
//! Change this and watch: `drop(permit)` before `job.await` instead of after
//! it. All 40 run at once again, and the program fails.
//!
//! Output (figures vary):
//!     permit in the loop: at most 40 of 40 downloads run at once
//!     permit in the task: at most 4 of 40 downloads run at once

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use futures::future::BoxFuture;
use shared::{Failure, Result, flags, say};
use tokio::time::sleep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let downloads = || (0..40).map(download).collect();
    permit_dropped(4, downloads()).await;
    let dropped = most_at_once("permit in the loop");
    let numbers = run_limited(4, downloads()).await;
    let moved = most_at_once("permit in the task");
    match (dropped, moved, numbers.is_sorted()) {
        (5.., 4, true) => Ok(()),
        _ => Err(Failure::new("the limit was not kept as it should be")),
    }
}

/// How many downloads have run at the same time since it was asked last.
fn most_at_once(way: &str) -> usize {
    let most = MOST.swap(0, Relaxed);
    say!("{way}: at most {most} of 40 downloads run at once");
    most
}

type Job = BoxFuture<'static, usize>;

async fn permit_dropped(limit: usize, jobs: Vec<Job>) {
    let permits = Semaphore::new(limit);
    let mut tasks = JoinSet::new();
    for job in jobs {
        let _permit = permits.acquire().await;
        tasks.spawn(job); // WRONG: the permit ends here, the job begins later
    }
    tasks.join_all().await;
}

// ANCHOR: bounded
use std::sync::Arc;

use tokio::{sync::Semaphore, task::JoinSet};

/// A task for each job, at most `limit` of them at a time (above 0). Returns
/// the results in the order of the jobs. If a job panics, this panics, and
/// cancels the others; so does dropping it. Needs a tokio runtime.
pub async fn run_limited<Job>(limit: usize, jobs: Vec<Job>) -> Vec<Job::Output>
where
    Job: Future<Output: Send> + Send + 'static,
{
    assert_ne!(limit, 0, "no job could ever begin");
    let permits = Arc::new(Semaphore::new(limit));
    let mut tasks = JoinSet::new();
    for (number, job) in jobs.into_iter().enumerate() {
        let permit = permits.clone().acquire_owned().await;
        tasks.spawn(async move {
            let output = job.await;
            drop(permit); // it has moved in, and ends with the job
            (number, output)
        });
    }
    let mut outputs = tasks.join_all().await; // as they were completed
    outputs.sort_by_key(|(number, _)| *number);
    outputs.into_iter().map(|(_, output)| output).collect()
}
// ANCHOR_END: bounded

static RUNNING: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

fn download(number: usize) -> Job {
    Box::pin(async move {
        MOST.fetch_max(RUNNING.fetch_add(1, Relaxed) + 1, Relaxed);
        sleep(Duration::from_millis(5)).await;
        RUNNING.fetch_sub(1, Relaxed);
        number
    })
}
