//! Jobs done by four workers that stay, and by a new worker for each of them.
//!
//!     cargo run --release -p futures_pool --bin worker_reuse
//!
//! What is saved is starting and ending workers. A pool does that, too, but
//! four times: its own start and end are part of what a job costs here. Jobs
//! are so short that one thread may do them all before the others are there.
//!
//! Claims: F9, F10
//! Change this and watch: `THREAD_JOBS` of 4. There is no worker to use again,
//! and F10 is contradicted.
//!
//! Output (figures vary):
//!     jobs by                     jobs   workers    us a job
//!     a pool of threads           1000         4         0.7
//!     a thread for each           1000      1000        41.9
//!     a pool of processes          100         4        28.4
//!     a process for each           100       100       490.0
//!     F9 borne out: threads: 4 for 1000 jobs, processes: 4 for 100 jobs
//!     F10 borne out: new threads cost 57.0 times as much, processes 17.3

use std::time::{Duration, Instant};
use std::{collections::HashSet, num::NonZero, thread};

use futures_pool::{Executor, ProcessPool, ThreadPool, init, job};
use nix::unistd::gettid;
use shared::{
    Result, claim, flags, notice_debug_build, say, watchdog::Watchdog,
};

const THREAD_JOBS: usize = 1_000;
const PROCESS_JOBS: usize = 100;
const WORKERS: usize = 4;

fn main() -> Result {
    init([job(who)]);
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(5))?;
    notice_debug_build();
    say!("{:<24}{:>8}{:>10}{:>12}", "jobs by", "jobs", "workers", "us a job");
    let threads = row("a pool of threads", THREAD_JOBS, by_threads)?;
    let thread_each = row("a thread for each", THREAD_JOBS, by_a_thread_each)?;
    let processes = row("a pool of processes", PROCESS_JOBS, by_processes)?;
    let process_each =
        row("a process for each", PROCESS_JOBS, by_a_process_each)?;
    verdict([threads, thread_each], [processes, process_each])
}

/// Who did the jobs, and microseconds for each of them.
struct Spent {
    jobs: usize,
    workers: usize,
    micros: f64,
}

/// The best of three runs: others may want the cores, too.
fn row(way: &str, jobs: usize, work: Way) -> Result<Spent> {
    let (mut best, mut who) = (Duration::MAX, HashSet::new());
    for _ in 0..3 {
        let started = Instant::now();
        let done_by = work(jobs)?;
        best = best.min(started.elapsed());
        who = HashSet::from_iter(done_by);
    }
    let workers = who.len();
    let micros = best.as_secs_f64() * 1e6 / jobs as f64;
    say!("{way:<24}{jobs:>8}{workers:>10}{micros:>12.1}");
    Ok(Spent { jobs, workers, micros })
}

/// Has so many jobs done, and returns who did each of them.
type Way = fn(usize) -> Result<Vec<i32>>;

/// The job. Returns the number by which the system knows its worker.
fn who((): ()) -> i32 {
    gettid().as_raw()
}

fn by_threads(jobs: usize) -> Result<Vec<i32>> {
    submit(jobs, &ThreadPool::new(WORKERS)?)
}

fn by_a_thread_each(jobs: usize) -> Result<Vec<i32>> {
    let jobs = Vec::from_iter((0..jobs).map(|_| thread::spawn(|| who(()))));
    let who = jobs.into_iter().map(|job| job.join().expect("no job panics"));
    Ok(who.collect())
}

fn by_processes(jobs: usize) -> Result<Vec<i32>> {
    let crew = ProcessPool::builder().workers(WORKERS);
    submit(jobs, &crew.build()?)
}

fn by_a_process_each(jobs: usize) -> Result<Vec<i32>> {
    let crew = ProcessPool::builder().workers(WORKERS);
    let crew = crew.max_tasks_per_child(NonZero::<u64>::MIN); // The one change
    submit(jobs, &crew.build()?)
}

fn submit(jobs: usize, crew: &impl Executor) -> Result<Vec<i32>> {
    let jobs = Vec::from_iter((0..jobs).map(|_| crew.submit(who, ())));
    let who = jobs.into_iter().map(|job| job.result());
    Ok(who.collect::<Result<_, _>>()?)
}

fn verdict(threads: [Spent; 2], processes: [Spent; 2]) -> Result {
    let both = [threads, processes];
    let stay = both.iter().all(|[pool, _]| pool.workers <= WORKERS);
    let go = both.iter().all(|[_, each]| each.workers == each.jobs);
    let [threads, processes] = both
        .each_ref()
        .map(|[pool, _]| format!("{} for {} jobs", pool.workers, pool.jobs));
    let figure = format!("threads: {threads}, processes: {processes}");
    claim("F9", stay && go, figure)?;
    let [thread, process] = both.map(|[pool, each]| each.micros / pool.micros);
    let figure = format!(
        "new threads cost {thread:.1} times as much, processes {process:.1}"
    );
    claim("F10", thread > 1.0 && process > 1.0, figure)
}
