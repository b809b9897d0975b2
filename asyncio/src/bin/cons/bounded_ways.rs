//! Limit how many jobs run at once: three ways, and the order of their results.
//!
//!     cargo run -p asyncio --bin bounded_ways
//!
//! `buffered` keeps the order of the jobs, as `asyncio.gather` does; a slow job
//! holds back the results behind it. `buffer_unordered` and a `JoinSet` give
//! them as they are completed, as `asyncio.as_completed` does. Bare futures all
//! run in the caller's task: they need no runtime and may borrow, but who
//! processes a result in the same task stalls the others (`buffered_stall`).
//!
//! Read `bounded` first.
//!
//! Change this and watch: `buffered` for `buffer_unordered` in `unordered`. The
//! results come in order then.
//!
//! Output (figures vary):
//!     way                       at most  tasks  results
//!     buffered                        4      1  in order
//!     buffer_unordered                4      1  as completed
//!     JoinSet, one out, one in        4     12  as completed

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use shared::{Failure, Result, Table, flags};
use tokio::{task, time::sleep};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let mut table = Table::new(["way", "at most", "tasks", "results"]);
    let ways = [
        ("buffered", ordered(4, jobs()).boxed()),
        ("buffer_unordered", unordered(4, jobs()).boxed()),
        ("JoinSet, one out, one in", join_set(4, jobs()).boxed()),
    ];
    for (way, run) in ways {
        MOST.store(0, Relaxed);
        let done = tokio::spawn(run).await?;
        let tasks: HashSet<_> = done.iter().map(|done| done.task).collect();
        let sorted = done.is_sorted_by_key(|done| done.number);
        let order = if sorted { "in order" } else { "as completed" };
        let most = MOST.load(Relaxed);
        table.row([&way, &most, &tasks.len(), &order]);
        if (most, done.len()) != (4, 12) {
            return Err(Failure::new(format!("{way}: the limit is broken")));
        }
    }
    table.print();
    Ok(())
}

/// Which job was done, and in which task.
struct Done {
    number: u64,
    task: task::Id,
}

static RUNNING: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

/// Twelve jobs; the first one takes longest.
fn jobs() -> Vec<BoxFuture<'static, Done>> {
    let job = async |number| {
        MOST.fetch_max(RUNNING.fetch_add(1, Relaxed) + 1, Relaxed);
        sleep(Duration::from_millis(3 * (12 - number))).await;
        RUNNING.fetch_sub(1, Relaxed);
        Done { number, task: task::id() }
    };
    (0..12).map(|number| job(number).boxed()).collect()
}

// ANCHOR: bounded_ways
use futures::stream::{StreamExt, iter};
use tokio::task::JoinSet;

/// All jobs in the task of the caller, at most `limit` at a time (above 0); the
/// results in the order of the jobs. Needs no runtime, and jobs may borrow.
pub async fn ordered<Job: Future>(
    limit: usize,
    jobs: Vec<Job>,
) -> Vec<Job::Output> {
    assert_ne!(limit, 0, "no job could ever begin");
    iter(jobs).buffered(limit).collect().await
}

/// The same, with the results as they are completed.
pub async fn unordered<Job: Future>(
    limit: usize,
    jobs: Vec<Job>,
) -> Vec<Job::Output> {
    assert_ne!(limit, 0, "no job could ever begin");
    iter(jobs).buffer_unordered(limit).collect().await
}

/// A task for each job, at most `limit` at a time (above 0); the results as
/// they are completed. If a job panics, this panics, and cancels the others.
pub async fn join_set<Job>(limit: usize, jobs: Vec<Job>) -> Vec<Job::Output>
where
    Job: Future<Output: Send> + Send + 'static,
{
    assert_ne!(limit, 0, "no job could ever begin");
    let (mut tasks, mut outputs) = (JoinSet::new(), Vec::new());
    for job in jobs {
        if tasks.len() == limit {
            let ended = tasks.join_next().await.expect("it is not empty");
            outputs.push(ended.expect("no job panics"));
        }
        tasks.spawn(job);
    }
    outputs.extend(tasks.join_all().await);
    outputs
}
// ANCHOR_END: bounded_ways
