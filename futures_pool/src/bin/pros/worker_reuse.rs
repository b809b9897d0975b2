//! Worker reuse: a new thread or process for each job costs many times more.
//!
//!     cargo run --release -p futures_pool --bin worker_reuse
//!
//! A pool starts its workers once, and each of them does many jobs. The time
//! here is for the jobs, with the start and the end of the pool. The jobs are
//! so short that one thread may do many of them before the others have started.
//! `max_tasks_per_child` makes a pool of processes replace a worker after so
//! many jobs, in Python, too: against leaks of memory, for example.
//!
//! Claims: F9, F10
//! Change this and watch: `THREAD_JOBS` of 4. There is no worker to use again,
//! and F10 is contradicted.
//!
//! Output (figures vary):
//!     jobs by              jobs  workers  us a job
//!     a pool of threads    1000        3       0.9
//!     a thread for each    1000     1000      53.4
//!     a pool of processes   100        4      39.2
//!     a process for each    100      100     733.8
//!     The article, F9: "A worker goes on with the next task instead of being removed."
//!     Our answer for Rust: holds (true)
//!     Our answer to F9 is borne out: 3 threads did 1000 jobs, 4 processes did 100
//!     The article, F10: "That saves the cost of removing and starting again."
//!     Our answer for Rust: holds (true)
//!     Our answer to F10 is borne out: a new thread for each job costs 58 times as much as a pool, a new process 19 times

use std::{collections::HashSet, num::NonZero, thread, time::Instant};

use futures_pool::{Executor, ThreadPool, init, job};
use nix::unistd::gettid;
use shared::measure::{Noise, NoiseMeter, try_best_of};
use shared::{Result, Table, claim, claim_timed, flags, notice_debug_build};

const THREAD_JOBS: usize = 1_000;
const PROCESS_JOBS: usize = 100;
const WORKERS: usize = 4;

fn main() -> Result {
    init([job(who)]);
    flags([]);
    notice_debug_build();
    let meter = NoiseMeter::start();
    let mut table = Table::new(["jobs by", "jobs", "workers", "us a job"]);
    let mut cost_of = |name, jobs, run: Run| -> Result<Cost> {
        let cost = try_best_of(3, || cost(jobs, run))?;
        let us = format!("{:.1}", cost.us_a_job);
        table.row([&name, &jobs, &cost.workers, &us]);
        Ok(cost)
    };
    let threads = cost_of("a pool of threads", THREAD_JOBS, on_threads)?;
    let each_thread =
        cost_of("a thread for each", THREAD_JOBS, on_a_thread_each)?;
    let processes = cost_of("a pool of processes", PROCESS_JOBS, on_processes)?;
    let each_process =
        cost_of("a process for each", PROCESS_JOBS, on_a_process_each)?;
    table.print();
    verdict([threads, each_thread, processes, each_process], meter.read())
}

fn verdict(costs: [Cost; 4], noise: Noise) -> Result {
    let [threads, each_thread, processes, each_process] = costs;
    let reused = threads.workers.max(processes.workers) <= WORKERS;
    let figure = format!(
        "{} threads did {THREAD_JOBS} jobs, {} processes did {PROCESS_JOBS}",
        threads.workers, processes.workers
    );
    let fresh = each_thread.workers == THREAD_JOBS
        && each_process.workers == PROCESS_JOBS;
    claim("F9", reused && fresh, figure)?;
    let thread = each_thread.us_a_job / threads.us_a_job;
    let process = each_process.us_a_job / processes.us_a_job;
    let figure = format!(
        "a new thread for each job costs {thread:.0} times as much as a pool, \
         a new process {process:.0} times"
    );
    claim_timed("F10", thread > 2.0 && process > 2.0, noise, figure)
}

/// Has this number of jobs done, and returns who did each of them.
type Run = fn(usize) -> Result<Vec<i32>>;

#[derive(PartialEq, PartialOrd)]
struct Cost {
    us_a_job: f64,
    workers: usize,
}

fn cost(jobs: usize, run: Run) -> Result<Cost> {
    let started = Instant::now();
    let workers = HashSet::<i32>::from_iter(run(jobs)?).len();
    let us_a_job = started.elapsed().as_secs_f64() * 1e6 / jobs as f64;
    Ok(Cost { us_a_job, workers })
}

/// The job; `()` means that it needs no argument. Returns the number by which
/// the system knows its worker.
fn who((): ()) -> i32 {
    gettid().as_raw()
}

fn on_threads(jobs: usize) -> Result<Vec<i32>> {
    submit(jobs, &ThreadPool::new(WORKERS)?)
}

fn on_a_thread_each(jobs: usize) -> Result<Vec<i32>> {
    let jobs: Vec<_> = (0..jobs).map(|_| thread::spawn(|| who(()))).collect();
    let who = jobs.into_iter().map(|job| job.join().expect("no job panics"));
    Ok(who.collect())
}

fn on_processes(jobs: usize) -> Result<Vec<i32>> {
    submit(jobs, &ProcessPool::new(WORKERS)?)
}

fn on_a_process_each(jobs: usize) -> Result<Vec<i32>> {
    submit(jobs, &pool_with_fresh_workers(WORKERS, NonZero::<u64>::MIN)?)
}

fn submit(jobs: usize, pool: &impl Executor) -> Result<Vec<i32>> {
    let jobs: Vec<_> = (0..jobs).map(|_| pool.submit(who, ())).collect();
    let who = jobs.into_iter().map(|job| job.result());
    Ok(who.collect::<Result<_, _>>()?)
}

// ANCHOR: worker_reuse
use futures_pool::ProcessPool;

/// A pool of processes that replaces a worker after `jobs` jobs
/// (`max_tasks_per_child`): for jobs that leak memory or leave files open.
///
/// # Errors
///
/// `workers` is 0, or a process could not be started.
pub fn pool_with_fresh_workers(
    workers: usize,
    jobs: std::num::NonZero<u64>,
) -> std::io::Result<ProcessPool> {
    ProcessPool::builder().workers(workers).max_tasks_per_child(jobs).build()
}
// ANCHOR_END: worker_reuse
