//! Oversubscription: a thread for each job, beside a pool of 32 threads.
//!
//!     cargo run --release -p threading --bin too_many_threads
//!
//! A job waits for 20 ms, or works for some microseconds. A thread that waits
//! costs memory; more threads that work than cores cost time. The pool needs
//! more time for many waits: 32 at a time. In Python the pool is
//! `ThreadPoolExecutor(max_workers=32)`. (The memory is compared for the waits
//! only: the last two peaks contain what the rows before have left.)
//!
//! The program `worker_queue` shows a pool with a queue; `thread_limit` where
//! the system refuses a thread.
//!
//! Claims: T11
//! Change this and watch: `POOL` to 320. It is done with waiting about eight
//! times as fast, and needs the memory for it.
//!
//! Output (figures vary):
//!     jobs  done by               ms  CPU ms  peak KiB
//!       10  wait, pool            20       1      2304
//!       10  wait, a thread each   20       1      2312
//!     1000  wait, pool           644      11      2516
//!     1000  wait, a thread each   78      98      9444
//!     1000  work, pool             7      12      4316
//!     1000  work, a thread each   43      59      3676
//!     The article, T11: "A thread for every job becomes the worst choice as jobs grow in number."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to T11 is borne out: for waits 1000 threads need 3.8 times the memory of 32; for work 5.0 times the CPU time

use std::{fs, io, time::Duration, time::Instant};

use shared::measure::{Usage, peak_rss_kib};
use shared::{Result, Table, chop, claim, flags, notice_debug_build};

const POOL: usize = 32;
const FEW: usize = 10;
const MANY: usize = 1_000;

fn main() -> Result {
    flags([]);
    notice_debug_build();
    let mut table = Table::new(["jobs", "done by", "ms", "CPU ms", "peak KiB"]);
    let table = &mut table;
    let [pool, each] = compare(table, FEW, "wait", wait)?;
    let few = each.kib / pool.kib;
    let [pool, each] = compare(table, MANY, "wait", wait)?;
    let many = each.kib / pool.kib;
    let [pool, each] = compare(table, MANY, "work", work)?;
    let cpu = each.cpu.as_secs_f64() / pool.cpu.as_secs_f64();
    table.print();
    let figure = format!(
        "for waits {MANY} threads need {many:.1} times the memory of {POOL}; \
         for work {cpu:.1} times the CPU time"
    );
    // For `FEW` jobs both start `FEW` threads, and need the same memory.
    // Wall time is not judged: it depends on who else wants the cores.
    claim("T11", many > 1.2 && many > few && cpu > 1.2, figure)
}

fn compare(
    table: &mut Table<5>,
    jobs: usize,
    what: &str,
    job: fn(),
) -> Result<[Cost; 2]> {
    let pool = measured(|| in_a_pool(POOL, jobs, job))?;
    let each = measured(|| a_thread_each(jobs, job))?;
    for (way, cost) in [("pool", &pool), ("a thread each", &each)] {
        let [wall, cpu] = [cost.wall, cost.cpu].map(|time| time.as_millis());
        let way = format!("{what}, {way}");
        table.row([&jobs, &way, &wall, &cpu, &cost.kib]);
    }
    Ok([pool, each])
}

fn wait() {
    std::thread::sleep(Duration::from_millis(20));
}

fn work() {
    std::hint::black_box(chop(1, 5_000)); // some microseconds
}

/// What some jobs cost together.
struct Cost {
    wall: Duration,
    cpu: Duration,
    kib: f64,
}

fn measured(run: impl FnOnce() -> io::Result<()>) -> Result<Cost> {
    fs::write("/proc/self/clear_refs", "5")?; // the peak starts anew (Linux)
    let (started, before) = (Instant::now(), Usage::now());
    run()?;
    let (wall, cpu) = (started.elapsed(), Usage::now().cpu - before.cpu);
    Ok(Cost { wall, cpu, kib: peak_rss_kib() as f64 })
}

fn a_thread_each(jobs: usize, job: fn()) -> io::Result<()> {
    thread::scope(|scope| {
        for _ in 0..jobs {
            // WRONG for many jobs: 1000 threads for two cores.
            thread::Builder::new().spawn_scoped(scope, job)?;
        }
        Ok(())
    })
}

// ANCHOR: too_many_threads
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

/// Calls `job` `jobs` times, on a bounded number of threads: whichever is free
/// takes the next call. It is an error if the system refuses a thread; those
/// that have started do all the jobs nevertheless. A panic in a job is a panic
/// of the caller, when all others are done.
pub fn in_a_pool(
    threads: usize,
    jobs: usize,
    job: impl Fn() + Sync,
) -> std::io::Result<()> {
    let taken = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..jobs.min(threads.max(1)) {
            thread::Builder::new().spawn_scoped(scope, || {
                while taken.fetch_add(1, Relaxed) < jobs {
                    job();
                }
            })?;
        }
        Ok(())
    })
}
// ANCHOR_END: too_many_threads
