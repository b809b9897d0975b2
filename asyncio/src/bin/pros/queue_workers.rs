//! asyncio.Queue with workers: a fixed number of tasks takes jobs from it.
//!
//!     cargo run -p asyncio --bin queue_workers
//!
//! A bounded queue gives back-pressure: `send` waits while it is full. When all
//! senders are dropped, the workers finish what is in the queue, and end.
//! tokio's `mpsc` has one receiver only; smol's channel (the crate
//! async-channel) has any number, and runs on every runtime.
//!
//! The other recipes: see `cookbook`.
//!
//! Claims: A20
//! Change this and watch: leave out `drop(jobs)`. The workers wait for more
//! jobs, and the watchdog ends the program.
//!
//! Output (figures vary):
//!     3 workers add 100 numbers: 5050; at most 2 queued
//!     The article, A20: "It offers many functions for concurrency."
//!     Our answer for Rust: holds (true)
//!     Our answer to A20 is borne out: 3 workers added 100 numbers to 5050, 2 were queued

use std::sync::{Arc, atomic::AtomicU32, atomic::Ordering::Relaxed};
use std::time::Duration;

use shared::{Result, claim, flags, say, watchdog::Watchdog};
use tokio::task::yield_now;

const WORKERS: usize = 3;
const SIZE: usize = 2;
const JOBS: u32 = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("all recipes", Duration::from_secs(5))?;
    let sum = Arc::new(AtomicU32::new(0));
    let adding = sum.clone();
    let (jobs, workers) = start_workers(WORKERS, SIZE, move |job| {
        let sum = adding.clone();
        async move {
            yield_now().await; // stands for a request
            sum.fetch_add(job, Relaxed);
        }
    });
    let mut most = 0;
    for job in 1..=JOBS {
        jobs.send(job).await?;
        most = most.max(jobs.len());
    }
    drop(jobs); // queue.shutdown()
    workers.join_all().await; // queue.join()

    let sum = sum.load(Relaxed);
    say!("{WORKERS} workers add {JOBS} numbers: {sum}; at most {most} queued");
    let figure = format!(
        "{WORKERS} workers added {JOBS} numbers to {sum}, {most} were queued"
    );
    claim("A20", sum == (1..=JOBS).sum::<u32>() && most == SIZE, figure)
}

// ANCHOR: workers
use smol::channel::{Sender, bounded};
use tokio::task::JoinSet;

/// `asyncio.Queue(size)` and its workers: tasks that take jobs from the queue
/// and await `work(job)`, one after the other. Returns the end to send jobs by,
/// and the workers.
///
/// `send` waits while the queue is full. Drop all senders (`shutdown`), then
/// await `join_all` (`join`): it returns when all jobs are done. Dropping the
/// workers cancels them. A panic ends its worker; `join_all` passes it on, and
/// `send` fails when no worker is left. Panics if `size` is 0.
pub fn start_workers<T, Work, Job>(
    workers: usize,
    size: usize,
    work: Work,
) -> (Sender<T>, JoinSet<()>)
where
    T: Send + 'static,
    Work: Fn(T) -> Job + Clone + Send + 'static,
    Job: Future<Output = ()> + Send,
{
    let (jobs, queue) = bounded(size);
    let worker = |_| {
        let (queue, work) = (queue.clone(), work.clone());
        async move {
            while let Ok(job) = queue.recv().await {
                work(job).await;
            }
        }
    };
    (jobs, (0..workers).map(worker).collect())
}
// ANCHOR_END: workers
