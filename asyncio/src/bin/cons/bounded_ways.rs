//! Concurrency limit: three ways to keep it, and the order of the results.
//!
//!     cargo run -p asyncio --bin bounded_ways
//!
//! `buffered` keeps the order of the jobs, as `asyncio.gather` does; a slow job
//! holds back the results behind it. `buffer_unordered` and a `JoinSet` give
//! them as they are completed, as `asyncio.as_completed` does. Bare futures all
//! run in the caller's task: they need no runtime and may borrow, but the
//! others stall while that task processes a result (`buffered_stall`). `gather`
//! and `limit_zero` have functions of that kind to copy.
//!
//! Read `bounded` first.
//!
//! Change this and watch: `if tasks.len() == limit + 1` in `join_set`. Five
//! jobs run at a time, and the program fails.
//!
//! Output (figures vary):
//!     way                       at most  tasks  results
//!     buffered                        4      1  in order
//!     buffer_unordered                4      1  as completed
//!     JoinSet, one out, one in        4     12  as completed

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use futures::{FutureExt, StreamExt, stream::iter};
use shared::{Result, Table, ensure, flags};
use tokio::{task, time::sleep};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let mut table = Table::new(["way", "at most", "tasks", "results"]);
    let mut are_in_order = Vec::new();
    let ordered = iter(jobs()).buffered(4).collect::<Vec<_>>();
    let unordered = iter(jobs()).buffer_unordered(4).collect();
    let ways = [
        ("buffered", ordered.boxed()),
        ("buffer_unordered", unordered.boxed()),
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
        ensure((most, done.len()) == (4, 12), "the limit is broken")?;
        are_in_order.push(sorted);
    }
    table.print();
    ensure(are_in_order == [true, false, false], "the order is not as expected")
}

/// Which job was done, and in which task.
struct Done {
    number: u64,
    task: task::Id,
}

static RUNNING: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

/// Twelve jobs; the first one takes longest.
fn jobs() -> Vec<impl Future<Output = Done> + Send> {
    (0..12).map(job).collect()
}

async fn job(number: u64) -> Done {
    MOST.fetch_max(RUNNING.fetch_add(1, Relaxed) + 1, Relaxed);
    sleep(Duration::from_millis(3 * (12 - number))).await;
    RUNNING.fetch_sub(1, Relaxed);
    Done { number, task: task::id() }
}

// ANCHOR: bounded_ways
use tokio::task::JoinSet;

/// A task for each job, at most `limit` at a time (above 0); the results as
/// they are completed. If a job panics, this panics, and cancels the others.
pub async fn join_set<Job>(limit: usize, jobs: Vec<Job>) -> Vec<Job::Output>
where
    Job: Future<Output: Send> + Send + 'static, // the result is `Send`, too
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
