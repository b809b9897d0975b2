//! Graceful shutdown: wait for running jobs, but not longer than a time limit.
//!
//!     cargo run -p asyncio --bin graceful_shutdown
//!
//! A program that is asked to stop starts no new jobs, and waits for those that
//! run until a time limit. Then it cancels them. A job that blocks its thread
//! cannot be cancelled: it is left behind, and the end of the runtime must not
//! wait for it. A job that panics has ended as well, but its work is not done.
//! (Python: `asyncio.wait` with a timeout, then `Task.cancel`.)
//!
//! `stop_signal` hears Ctrl+C and SIGTERM; `tcp_server` stops a server;
//! `ctrl_c` (of futures_pool) shows threads.
//!
//! Change this and watch: `drop(runtime)` instead of
//! `runtime.shutdown_background()`. Then the program ends only when the
//! blocking job does, two seconds after its start.
//!
//! Output (figures vary):
//!     after 301 ms: Ends { done: 1, panicked: 1, cancelled: 1, stuck: 1 }

use std::{future::pending, panic::resume_unwind, time::Instant};

use shared::{Result, ensure, flags, measure::ms, say};
use tokio::{runtime::Builder, time::sleep};

const MS: fn(u64) -> Duration = Duration::from_millis; // a short name

fn main() -> Result {
    flags([]);
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_time().build()?;
    let _entered = runtime.enter(); // `spawn` and `sleep` need a runtime
    let mut jobs = JoinSet::new();
    jobs.spawn(sleep(MS(20)));
    jobs.spawn(async { resume_unwind(Box::new("a panic")) }); // prints nothing
    jobs.spawn(pending());
    jobs.spawn(async { thread::sleep(MS(2_000)) }); // WRONG: no await

    let started = Instant::now();
    let ends = runtime.block_on(drain(jobs, MS(200)));
    say!("after {:.0} ms: {ends:?}", ms(started.elapsed()));
    runtime.shutdown_background(); // `drop` would wait for the blocking job
    let one_each = Ends { done: 1, panicked: 1, cancelled: 1, stuck: 1 };
    ensure(ends == one_each, "a job has ended in another way")
}

// ANCHOR: graceful_shutdown
use std::{pin::pin, sync::mpsc, thread, time::Duration};

use tokio::{select, sync::oneshot, task::JoinSet};

/// How many jobs have ended in which way.
#[derive(Debug, Default, PartialEq)]
pub struct Ends {
    /// By themselves.
    pub done: usize,
    /// By a panic.
    pub panicked: usize,
    /// By being dropped at an `.await`.
    pub cancelled: usize,
    /// Have not ended, because they do not await.
    pub stuck: usize,
}

/// Waits for `jobs` until all have ended or `grace` is over. Then it cancels
/// the rest, and gives them 100 ms to clean up. Await it in `main`, on a
/// runtime with several threads: `main` is none of its workers, so `drain`
/// returns in time even if jobs block all of them. When a runtime is dropped,
/// it waits for stuck jobs; `exit` and `shutdown_timeout` do not.
pub async fn drain<T: 'static>(mut jobs: JoinSet<T>, grace: Duration) -> Ends {
    let mut ends = Ends::default();
    // Two rounds: after the first one, the jobs that are left are cancelled.
    for limit in [grace, Duration::from_millis(100)] {
        let mut over = pin!(alarm(limit));
        loop {
            let ended = select! {
                ended = jobs.join_next() => ended,
                () = &mut over => break,
            };
            match ended {
                Some(Ok(_)) => ends.done += 1,
                Some(Err(error)) if error.is_panic() => ends.panicked += 1,
                Some(Err(_)) => ends.cancelled += 1,
                None => return ends,
            }
        }
        jobs.abort_all();
    }
    ends.stuck = jobs.len();
    ends
}

/// Sleeps by a thread, because a timer of tokio needs a worker that is not
/// blocked. If the system refuses the thread, it sleeps by a timer after all.
async fn alarm(limit: Duration) {
    let (sender, over) = oneshot::channel::<()>();
    let (_wakes_thread, until) = mpsc::channel::<()>();
    let thread = thread::Builder::new().spawn(move || {
        let _ = until.recv_timeout(limit); // ends early if `alarm` is dropped
        drop(sender);
    });
    match thread {
        Ok(_) => drop(over.await), // ready when the thread drops `sender`
        Err(_) => tokio::time::sleep(limit).await,
    }
}
// ANCHOR_END: graceful_shutdown
