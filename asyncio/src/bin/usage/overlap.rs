//! Concurrency is not parallelism: tasks on one thread overlap waits, not work.
//!
//!     cargo run -p asyncio --bin overlap
//!
//! 100 tasks on one thread wait at the same time, but work one after the other.
//! Work overlaps only on a runtime with several threads. The program counts the
//! tasks that have begun and have not ended. Python's event loop has one
//! thread, too; its threads would not work in parallel either (GIL).
//!
//! Claims: A2, A5
//! Change this and watch: `std::thread::sleep(WAIT)` in `waits`. It blocks the
//! only thread: the tasks wait one after the other, and A2 is contradicted.
//!
//! Output (figures vary):
//!     100 tasks wait on one thread: 100 at a time, done after 23 ms
//!     100 tasks work on one thread: 1 at a time, done after 36 ms
//!     100 tasks work on all cores: 2 at a time, done after 22 ms
//!     The article, A2: "It uses the time of waiting for input and output well."
//!     Our answer for Rust: holds (true)
//!     Our answer to A2 is borne out: one thread waited for 100 tasks at a time
//!     The article, A5: "Who knows where each task switches does not need threads."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A5 is borne out: for work that is not enough: one thread worked on 1 task at a time, all cores on 2

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use shared::measure::{cores, ms};
use shared::{Result, chop, claim, flags, say};
use tokio::{runtime::Builder, runtime::Runtime, time::sleep};

const TASKS: usize = 100;
const WAIT: Duration = Duration::from_millis(20);

fn main() -> Result {
    flags([]);
    let one = Builder::new_current_thread().enable_time().build()?;
    let all = Builder::new_multi_thread().build()?;
    let waiting = most_at_once(&one, "wait on one thread", waits);
    let working = most_at_once(&one, "work on one thread", works);
    let parallel = most_at_once(&all, "work on all cores", works);

    let figure = format!("one thread waited for {waiting} tasks at a time");
    claim("A2", waiting == TASKS, figure)?;
    let figure = format!(
        "for work that is not enough: one thread worked on {working} task at \
         a time, all cores on {parallel}"
    );
    claim("A5", working == 1 && (cores() == 1 || parallel > 1), figure)
}

async fn waits() {
    sleep(WAIT).await;
}

async fn works() {
    black_box(chop(1, 200_000)); // nothing to await
}

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

/// How many of the tasks were under way at the same time, at most.
fn most_at_once<F>(runtime: &Runtime, what: &str, task: fn() -> F) -> usize
where
    F: Future<Output = ()> + Send + 'static,
{
    let counted = |_| async move {
        MOST.fetch_max(1 + NOW.fetch_add(1, SeqCst), SeqCst);
        task().await;
        NOW.fetch_sub(1, SeqCst);
    };
    let started = Instant::now();
    runtime.block_on(run_all((0..TASKS).map(counted)));
    let (took, most) = (ms(started.elapsed()), MOST.swap(0, SeqCst));
    say!("{TASKS} tasks {what}: {most} at a time, done after {took:.0} ms");
    most
}

// ANCHOR: overlap
use tokio::task::JoinSet;

/// Runs all jobs at the same time, each as a task, and returns their results in
/// the order in which they end. The tasks are cancelled if this future is
/// dropped, or when a job panics; then the future panics, too.
pub async fn run_all<F>(jobs: impl IntoIterator<Item = F>) -> Vec<F::Output>
where
    // The result is `Send`, too.
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let tasks: JoinSet<_> = jobs.into_iter().collect(); // spawns them
    tasks.join_all().await
}
// ANCHOR_END: overlap
