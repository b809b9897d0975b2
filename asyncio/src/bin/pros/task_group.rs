//! TaskGroup, structured concurrency: one error cancels the other tasks.
//!
//!     cargo run -p asyncio --bin task_group
//!
//! `asyncio.TaskGroup` cancels the other tasks as soon as one of them raises.
//! tokio's JoinSet does not look at results: an `Err` is a value like any
//! other, and the other tasks do all their work for nothing. The cure looks at
//! each result, cancels the others after an error, and waits until they are
//! gone.
//!
//! Python raises an ExceptionGroup with all errors; here the first error is
//! returned. If the jobs can share one task (they mostly wait),
//! `futures::future::try_join_all` is enough.
//!
//! Claims: A25
//! Change this and watch: leave the first `tasks.shutdown().await` out of
//! `task_group`. Returning drops the JoinSet, which cancels its tasks, too, but
//! does not wait: they may still run when the caller gets the error, and A25 is
//! contradicted.
//!
//! Output (times vary, counts do not):
//!     JoinSet: 1 job failed, 9 others done for nothing
//!     task_group: job 3 failed; 0 others done, 0 still running
//!     The article, A25: "All tasks can easily be cancelled or awaited at once."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A25 is borne out: an error cancels 9 of 9 tasks in a group, 0 by `JoinSet::join_all`

use std::sync::{Arc, atomic::AtomicUsize, atomic::Ordering::Relaxed};
use std::time::Duration;

use shared::{Result, claim, flags, say};
use tokio::time::sleep;

const OTHERS: usize = 9;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let (in_set, in_group) = (Arc::default(), Arc::default());
    let tasks: JoinSet<_> = ten_jobs(&in_set).into_iter().collect(); // spawns
    // WRONG: shows the error only when all jobs have ended
    let results = tasks.join_all().await;
    let failed = results.iter().filter(|result| result.is_err()).count();
    let others = in_set.load(Relaxed);
    say!("JoinSet: {failed} job failed, {others} others done for nothing");

    let ended = task_group(ten_jobs(&in_group)).await;
    let error = ended.err().unwrap_or_default();
    let done = in_group.load(Relaxed);
    let running = Arc::strong_count(&in_group) - 1; // a job holds an `Arc`
    say!("task_group: {error}; {done} others done, {running} still running");

    let cancelled = OTHERS - done - running;
    let by_set = OTHERS - others;
    let figure = format!(
        "an error cancels {cancelled} of {OTHERS} tasks in a group, {by_set} \
         by `JoinSet::join_all`"
    );
    let by_group = !error.is_empty() && cancelled == OTHERS;
    claim("A25", by_group && failed == 1 && by_set == 0, figure)
}

/// `use<>`: the futures borrow nothing, so tasks may own them.
fn ten_jobs(
    done: &Arc<AtomicUsize>,
) -> Vec<impl Future<Output = Result<usize, String>> + Send + use<>> {
    (0..=OTHERS).map(|number| job(number, done.clone())).collect()
}

async fn job(number: usize, done: Arc<AtomicUsize>) -> Result<usize, String> {
    if number == 3 {
        return Err("job 3 failed".into());
    }
    sleep(Duration::from_millis(20)).await;
    done.fetch_add(1, Relaxed);
    Ok(number)
}

// ANCHOR: task_group
use std::panic::resume_unwind;
use tokio::task::JoinSet;

/// `asyncio.TaskGroup`: runs all jobs as tasks. The first error, or panic,
/// cancels the other tasks. When this returns, all tasks have ended. Results
/// come in the order in which the jobs end.
///
/// If the future of `task_group` is dropped, the tasks are cancelled, too. A
/// task is cancelled where it awaits; one that never awaits runs to its end.
pub async fn task_group<T, E, Job>(
    jobs: impl IntoIterator<Item = Job>,
) -> Result<Vec<T>, E>
where
    Job: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    let mut tasks: JoinSet<_> = jobs.into_iter().collect();
    let mut results = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        match ended {
            // The outer `Ok` is the task's (no panic), the inner one its job's.
            Ok(Ok(result)) => results.push(result),
            Ok(Err(error)) => {
                tasks.shutdown().await; // cancels, and waits
                return Err(error);
            }
            Err(error) => {
                tasks.shutdown().await;
                // The task was not cancelled, so it is a panic.
                resume_unwind(error.into_panic());
            }
        }
    }
    Ok(results)
}
// ANCHOR_END: task_group
