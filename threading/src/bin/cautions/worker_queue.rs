//! Worker pool: four threads and a bounded queue, instead of a thread per job.
//!
//!     cargo run --release -p threading --bin worker_queue
//!
//! With a thread for each of 5 000 small jobs, 5 000 threads start and end.
//! Four workers start once, and take job after job from a queue. The queue is
//! bounded: while it is full, the sender waits (back-pressure), so memory stays
//! flat. In Python: `ThreadPoolExecutor(max_workers=4).map(job, jobs)`, but its
//! queue has no bound, and its results are in the order of the jobs.
//!
//! The program `reuse_thread` shows the smallest case: one worker. `lazy_join`
//! shows why the handles of all threads are collected before they are joined.
//!
//! Claims: T12
//! Change this and watch: `bounded(1)` instead of `bounded(16 * workers)`. Then
//! the sender and the workers wait for each other at each job, and the workers
//! need much longer for each job.
//!
//! Output (figures vary):
//!     workers and a queue: 4 threads, 229 ns a job
//!     a thread for each job: 5000 threads, 41228 ns a job
//!     The article, T12: "Consider whether threads really have to be removed and made again."
//!     Our answer for Rust: holds (true)
//!     Our answer to T12 is borne out: 4 threads did 5000 jobs 180 times as fast as 5000 threads

use std::{hint::black_box, thread, time::Instant};

use shared::measure::{NoiseMeter, best_of};
use shared::{Result, claim_timed, flags, notice_debug_build, say};

const JOBS: u64 = 5_000;
const WORKERS: usize = 4;

fn main() -> Result {
    flags([]);
    notice_debug_build();
    let meter = NoiseMeter::start();
    let fast = best_of(3, || nanos_a_job(by_workers));
    say!("workers and a queue: {WORKERS} threads, {fast} ns a job");
    let slow = best_of(3, || nanos_a_job(by_a_thread_each));
    say!("a thread for each job: {JOBS} threads, {slow} ns a job");

    let ratio = slow as f64 / fast as f64;
    let figure = format!(
        "{WORKERS} threads did {JOBS} jobs {ratio:.0} times as fast as {JOBS} \
         threads"
    );
    claim_timed("T12", ratio > 2.0, meter.read(), figure)
}

fn nanos_a_job(run: fn() -> Vec<u64>) -> u128 {
    let started = Instant::now();
    let squares = run();
    let nanos = started.elapsed().as_nanos() / u128::from(JOBS);
    let right: u64 = (0..JOBS).map(job).sum();
    assert_eq!(squares.iter().sum::<u64>(), right, "each job is done once");
    nanos
}

fn job(number: u64) -> u64 {
    let number = black_box(number);
    number * number
}

fn by_workers() -> Vec<u64> {
    in_pool(WORKERS, 0..JOBS, job)
}

fn by_a_thread_each() -> Vec<u64> {
    // WRONG for small jobs: to start a thread takes longer than its job.
    let start = |number| thread::spawn(move || job(number));
    let threads: Vec<_> = (0..JOBS).map(start).collect();
    threads.into_iter().map(|t| t.join().expect("no job panics")).collect()
}

// ANCHOR: worker_queue
use crossbeam::channel::bounded;
use std::panic::resume_unwind;

/// Does `work` with each of the `jobs`, on `workers` threads (at least one)
/// that stay for the next job. Panics if the system refuses a thread. Results
/// come in no particular order. A panic in `work` is raised again in the
/// caller, after the other workers have done the rest.
pub fn in_pool<Job: Send, Output: Send>(
    workers: usize,
    jobs: impl IntoIterator<Item = Job>,
    work: impl Fn(Job) -> Output + Sync,
) -> Vec<Output> {
    let workers = workers.max(1); // without one, nothing would be done
    // 16 waiting jobs for each worker: enough that no worker is idle.
    let (sender, queue) = bounded(16 * workers);
    let work = &work; // so `move` takes only a reference to it
    std::thread::scope(|scope| {
        let start = |_| {
            let queue = queue.clone();
            scope.spawn(move || queue.iter().map(work).collect::<Vec<_>>())
        };
        let threads: Vec<_> = (0..workers).map(start).collect();
        drop(queue); // now only workers have it: if all are gone, `send` fails
        for job in jobs {
            if sender.send(job).is_err() {
                break; // all workers have panicked
            }
        }
        drop(sender); // the last sender: every worker's loop ends
        threads
            .into_iter()
            .flat_map(|t| t.join().unwrap_or_else(|p| resume_unwind(p)))
            .collect()
    })
}
// ANCHOR_END: worker_queue
