//! Structured concurrency: joined futures borrow and end together; spawned own.
//!
//!     cargo run -p asyncio --bin scoped_tasks
//!
//! A joined future is a part of the future that joins it, and is dropped with
//! it. So it may borrow local variables. A spawned task goes on without its
//! parent, as after `asyncio.create_task`, so it must own all that it uses
//! (`'static`). Tasks of a smol `Executor` may borrow, too: dropping the
//! executor ends them. There is no scope of async tasks in tokio as
//! `thread::scope` is one of threads.
//!
//! `compile_fail/borrow_in_task.rs` must not compile: E0597.
//!
//! Claims: A15
//! Change this and watch: `spawned(lent())` instead of `joined(lent())`: E0597.
//!
//! Output (times vary, counts do not):
//!     join_all: 4 tasks borrow, 0 are left behind
//!     smol's Executor: 4 tasks borrow, 0 are left behind
//!     tokio::spawn: 4 tasks own a copy, 4 are left behind
//!     The article, A15: "Like threads, coroutines are independent functions with input and output."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A15 is borne out: when their parent was dropped, 0 of 8 tasks that may borrow went on, 4 of 4 spawned

use std::{future::pending, sync::Arc};

use futures::{FutureExt, future::BoxFuture};
use shared::{Result, claim, ensure, flags, say};

const TASKS: usize = 4;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let numbers: Vec<u64> = (1..=1_000).collect();
    let lent = || numbers.chunks(250).map(sum).collect();
    let copied = || numbers.chunks(250).map(Vec::from).map(sum_owned).collect();
    let sums = joined(lent()).await;
    assert_eq!(sums, on_an_executor(lent()).await);
    assert_eq!(sums, spawned(copied()).await);
    let join = left_behind(joined)?;
    let executor = left_behind(on_an_executor)?;
    let spawn = left_behind(spawned)?;

    say!("join_all: {TASKS} tasks borrow, {join} are left behind");
    say!("smol's Executor: {TASKS} tasks borrow, {executor} are left behind");
    say!("tokio::spawn: {TASKS} tasks own a copy, {spawn} are left behind");
    let figure = format!(
        "when their parent was dropped, {} of {} tasks that may borrow went \
         on, {spawn} of {TASKS} spawned",
        join + executor,
        2 * TASKS
    );
    claim("A15", join + executor == 0 && spawn == TASKS, figure)
}

async fn sum(numbers: &[u64]) -> u64 {
    numbers.iter().sum()
}

async fn sum_owned(numbers: Vec<u64>) -> u64 {
    sum(&numbers).await
}

/// Goes on when the parent is dropped: nobody can say that what the tasks use
/// is still there.
async fn spawned<F>(tasks: Vec<F>) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static, // the result is `Send`, too
{
    let tasks = join_all(tasks.into_iter().map(tokio::spawn)).await;
    tasks.into_iter().map(|sum| sum.expect("it does not panic")).collect()
}

/// How many of the tasks go on when their parent is dropped.
fn left_behind<P: Future>(
    parent: fn(Vec<BoxFuture<'static, ()>>) -> P,
) -> Result<usize> {
    let alive = Arc::new(());
    let tasks = (0..TASKS).map(|_| stays(alive.clone()).boxed());
    // Polled once, and dropped: they have begun, and have not ended.
    let ended = parent(tasks.collect()).now_or_never();
    ensure(ended.is_none(), "tasks that stay have ended")?;
    Ok(Arc::strong_count(&alive) - 1)
}

async fn stays(_alive: Arc<()>) {
    pending().await
}

// ANCHOR: scoped_tasks
use futures::future::join_all;
use smol::Executor;

/// Polls all futures in turn, on the caller's thread. They may borrow. If this
/// future is dropped, so are they; a panic in one ends all.
pub async fn joined<F: Future>(tasks: Vec<F>) -> Vec<F::Output> {
    join_all(tasks).await
}

/// The same by tasks: only those are polled that were woken.
pub async fn on_an_executor<F>(tasks: Vec<F>) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send, // the result is `Send`, too
{
    let executor = Executor::new(); // dropped before what the tasks borrow
    let tasks = tasks.into_iter().map(|task| executor.spawn(task));
    let all = join_all(tasks);
    executor.run(all).await
}
// ANCHOR_END: scoped_tasks
