//! An oven has room for four dishes: three ways to keep to that, and one not.
//!
//!     cargo run -p asyncio --bin bounded
//!
//! The permit of a semaphore has to move into the task. Where it stays in the
//! loop, it is given back before the task has even begun.
//!
//! Change this and watch: `drop(permit)` before `job.await` instead of after
//! it. All forty are in the oven together again.
//!
//! Output (figures vary):
//!     40 dishes, room for 4            in the oven          ms
//!     Semaphore, permit moved                    4        61.6
//!     JoinSet, one out, one in                   4        61.5
//!     buffer_unordered                           4        61.5
//!     Semaphore, permit dropped                 40         6.4

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::{sync::Arc, time::Duration, time::Instant};

use futures::future::{BoxFuture, FutureExt};
use shared::{Failure, Result, flags, measure::ms, say};

const DISHES: usize = 40;
const ROOM: usize = 4;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    say!("{:<28}{:>16}{:>12}", "40 dishes, room for 4", "in the oven", "ms");
    let moved = row("Semaphore, permit moved", permit_moved).await?;
    let set = row("JoinSet, one out, one in", join_set).await?;
    let buffered = row("buffer_unordered", buffer_unordered).await?;
    let dropped = row("Semaphore, permit dropped", permit_dropped).await?;
    if [moved, set, buffered] != [ROOM; 3] || dropped <= ROOM {
        return Err(Failure::new("the oven was not filled as it should be"));
    }
    Ok(())
}

// ANCHOR: bounded
/// A task for each job; it begins when one of `limit` permits is free.
pub async fn permit_moved<Job>(limit: usize, jobs: Vec<Job>) -> Vec<Job::Output>
where
    Job: Future<Output: Send> + Send + 'static,
{
    assert_ne!(limit, 0, "no job could ever begin");
    let permits = std::sync::Arc::new(tokio::sync::Semaphore::new(limit));
    let mut tasks = tokio::task::JoinSet::new();
    for job in jobs {
        let permit = permits.clone().acquire_owned().await;
        tasks.spawn(async move {
            let output = job.await;
            drop(permit); // it has moved in, and ends with the job
            output
        });
    }
    tasks.join_all().await
}

/// A task for each job; a new one only for one that has ended.
pub async fn join_set<Job>(limit: usize, jobs: Vec<Job>) -> Vec<Job::Output>
where
    Job: Future<Output: Send> + Send + 'static,
{
    assert_ne!(limit, 0, "no job could ever begin");
    let mut tasks = tokio::task::JoinSet::new();
    let mut outputs = Vec::new();
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

/// One task for all jobs: it needs no runtime, and may borrow.
pub async fn buffer_unordered<Job: Future>(
    limit: usize,
    jobs: Vec<Job>,
) -> Vec<Job::Output> {
    use futures::stream::{StreamExt, iter};
    assert_ne!(limit, 0, "no job could ever begin");
    iter(jobs).buffer_unordered(limit).collect().await
}
// ANCHOR_END: bounded

async fn permit_dropped<Job>(limit: usize, jobs: Vec<Job>) -> Vec<Job::Output>
where
    Job: Future<Output: Send> + Send + 'static,
{
    let permits = tokio::sync::Semaphore::new(limit);
    let mut tasks = tokio::task::JoinSet::new();
    for job in jobs {
        let _permit = permits.acquire().await;
        tasks.spawn(job); // WRONG: the permit ends here, the job begins later
    }
    tasks.join_all().await
}

/// The most dishes that were ever in the oven.
async fn row(
    way: &str,
    bake: impl AsyncFn(usize, Vec<BoxFuture<'static, usize>>) -> Vec<usize>,
) -> Result<usize> {
    let oven = Arc::new(Oven::default());
    let dishes = (0..DISHES).map(|dish| oven.clone().bake(dish).boxed());
    let started = Instant::now();
    let baked = bake(ROOM, dishes.collect()).await;
    let took = ms(started.elapsed());
    if baked.into_iter().sum::<usize>() != (0..DISHES).sum() {
        return Err(Failure::new(format!("{way}: a dish is missing")));
    }
    let most = oven.most.load(Relaxed);
    say!("{way:<28}{most:>16}{took:>12.1}");
    Ok(most)
}

#[derive(Default)]
struct Oven {
    dishes: AtomicUsize,
    most: AtomicUsize,
}

impl Oven {
    async fn bake(self: Arc<Oven>, dish: usize) -> usize {
        let dishes = self.dishes.fetch_add(1, Relaxed) + 1;
        self.most.fetch_max(dishes, Relaxed);
        tokio::time::sleep(Duration::from_millis(5)).await;
        self.dishes.fetch_sub(1, Relaxed);
        dish
    }
}
