//! A job on `worker_queue`'s worker threads, and one on the `threadpool` crate.
//!
//!     cargo bench -p threading
//!
//! The same jobs, four workers each, every result collected by the caller. They
//! take turns; the medians and their ratio are printed.

use std::{hint::black_box, sync::mpsc, time::Instant};

use shared::{Result, measure::median, say};

#[expect(dead_code, reason = "only the pool of this program is measured")]
#[path = "../src/bin/cautions/worker_queue.rs"]
mod worker_queue;

const JOBS: u64 = 100_000;
const WORKERS: usize = 4;
const ROUNDS: usize = 15;

fn main() -> Result {
    let [mut ours, mut theirs] = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        ours.push(nanos_a_job(workers));
        theirs.push(nanos_a_job(threadpool));
    }
    let (ours, theirs) = (median(&ours), median(&theirs));
    say!("workers, bounded queue   {ours:>6} ns a job");
    say!("threadpool crate         {theirs:>6} ns a job");
    say!("ratio                    {:>6.2}", ours as f64 / theirs as f64);
    Ok(())
}

fn job(number: u64) -> u64 {
    let number = black_box(number);
    number * number
}

fn workers() -> u64 {
    worker_queue::in_pool(WORKERS, 0..JOBS, job).into_iter().sum()
}

fn threadpool() -> u64 {
    let pool = threadpool::ThreadPool::new(WORKERS);
    let (sender, results) = mpsc::channel();
    for number in 0..JOBS {
        let sender = sender.clone();
        pool.execute(move || {
            let _ = sender.send(job(number)); // its reader waits below
        });
    }
    drop(sender);
    results.into_iter().sum()
}

fn nanos_a_job(way: fn() -> u64) -> u128 {
    let started = Instant::now();
    let sum = way();
    let nanos = started.elapsed().as_nanos() / u128::from(JOBS);
    assert_eq!(sum, (0..JOBS).map(|number| number * number).sum());
    nanos
}
