//! Blocking calls in rayon: it has a thread for each core, so few can wait.
//!
//!     cargo run -p futures_pool --bin blocking_in_rayon
//!
//! rayon is for work that keeps a core busy: a thread for each core is enough
//! for that. A job that waits, for a file, a socket or a lock, occupies one of
//! these few threads, too. The other pools may have as many threads as
//! there are jobs: tokio's `spawn_blocking` up to 512, smol's `unblock` up to
//! 500, `ThreadPool` as many as it is told.
//!
//! Claims: F1
//! Change this and watch: `RAYON_NUM_THREADS=20` in the environment, or as many
//! as there are jobs. All of them wait at the same time on rayon, too, and F1
//! is contradicted.
//!
//! Output (figures vary):
//!     20 jobs on            waits overlap  wait ms  work ms
//!     rayon                             2    202.0     49.0
//!     our ThreadPool                   20     22.7     35.4
//!     tokio spawn_blocking             20     22.6     22.2
//!     smol unblock                     20     25.7     18.4
//!     The article, F1: "The thread pool is for parallel blocking input and output."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to F1 is borne out: of 20 jobs 2 waited at the same time on rayon, at least 20 on the other pools

use std::{thread::sleep, time::Duration, time::Instant};

use futures::future::{join_all, try_join_all};
use rayon::prelude::*;
use shared::measure::{cores, ms, now};
use shared::{Failure, Result, Span, Table, chop, claim, flags};
use tokio::runtime::Builder;

fn main() -> Result {
    flags([]);
    let jobs = 10 * cores();
    let on = format!("{jobs} jobs on");
    let mut table = Table::new([&on, "waits overlap", "wait ms", "work ms"]);
    let mut most = Vec::new();
    for (pool, run) in POOLS {
        let started = Instant::now();
        let waiting = Span::most_at_once(&run(jobs, wait)?);
        let wait_ms = format!("{:.1}", ms(started.elapsed()));
        let started = Instant::now();
        run(jobs, work)?;
        let work_ms = format!("{:.1}", ms(started.elapsed()));
        table.row([&pool, &waiting, &wait_ms, &work_ms]);
        most.push(waiting);
    }
    table.print();
    let [rayon, threads, tokio, smol] = most[..] else {
        unreachable!("there are four pools")
    };
    let others = threads.min(tokio).min(smol);
    let figure = format!(
        "of {jobs} jobs {rayon} waited at the same time on rayon, at least \
         {others} on the other pools"
    );
    claim("F1", rayon == cores() && others > rayon, figure)
}

type Job = fn() -> Span;
/// Has this number of jobs done.
type Run = fn(usize, Job) -> Result<Vec<Span>>;

const POOLS: [(&str, Run); 4] = [
    ("rayon", on_rayon),
    ("our ThreadPool", on_thread_pool),
    ("tokio spawn_blocking", on_tokio),
    ("smol unblock", on_smol),
];

fn on_rayon(jobs: usize, job: Job) -> Result<Vec<Span>> {
    let jobs = (0..jobs).into_par_iter();
    Ok(jobs.map(|_| job()).collect()) // WRONG for jobs that wait: few threads
}

fn on_thread_pool(jobs: usize, job: Job) -> Result<Vec<Span>> {
    run_blocking(jobs, (0..jobs).map(|_| job)).map_err(Failure::new)
}

fn on_tokio(jobs: usize, job: Job) -> Result<Vec<Span>> {
    let runtime = Builder::new_current_thread().build()?;
    let jobs = (0..jobs).map(|_| runtime.spawn_blocking(job));
    Ok(runtime.block_on(try_join_all(jobs))?)
}

fn on_smol(jobs: usize, job: Job) -> Result<Vec<Span>> {
    Ok(smol::block_on(join_all((0..jobs).map(|_| smol::unblock(job)))))
}

fn wait() -> Span {
    let start = now();
    sleep(Duration::from_millis(20)); // in the place of a call that waits
    Span { start, end: now() }
}

fn work() -> Span {
    let start = now();
    chop(1, 1_000_000);
    Span { start, end: now() }
}

// ANCHOR: blocking_in_rayon
/// Runs jobs that wait (for files, sockets, locks) on threads, `at_once` of
/// them at the same time. Returns the results in the order of the jobs. All
/// jobs are queued before the first result is awaited.
///
/// # Errors
///
/// The first job that panicked, when all are done; or `at_once` is 0.
pub fn run_blocking<T: Send + 'static>(
    at_once: usize,
    jobs: impl IntoIterator<Item = impl FnOnce() -> T + Send + 'static>,
) -> Result<Vec<T>, Box<dyn std::error::Error>> {
    let pool = futures_pool::ThreadPool::new(at_once)?;
    let jobs: Vec<_> = jobs.into_iter().map(|job| pool.spawn(job)).collect();
    let results = jobs.into_iter().map(|job| job.result());
    Ok(results.collect::<Result<_, _>>()?)
}
// ANCHOR_END: blocking_in_rayon
