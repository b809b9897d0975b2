//! Oversubscription: a thread for each job, beside a pool of 32 threads.
//!
//!     cargo run --release -p threading --bin too_many_threads
//!
//! A job waits for 20 ms, or works for some microseconds. A thread that waits
//! costs memory; more threads that work than cores cost time. The pool needs
//! more time for many waits: 32 at a time. In Python the pool is
//! `ThreadPoolExecutor(max_workers=32)`.
//!
//! `worker_queue` shows a pool with a queue; `thread_limit` where the system
//! refuses a thread.
//!
//! Claims: T11
//! Change this and watch: `POOL` to 320. It is done with waiting about eight
//! times as fast, and needs the memory for it.
//!
//! Output (figures vary):
//!     jobs  done by              ms  CPU ms  switches  peak KiB
//!       10  wait, pool of 32   21.0     2.0        34      2376
//!       10  wait, each         23.2     3.0        29      2376
//!       10  work, pool of 32    2.0     1.9        24      2420
//!       10  work, each          0.5     0.8        16      2420
//!     1000  wait, pool of 32  647.2    15.9      1091      2536
//!     1000  wait, each        108.3   111.8      2724      6396
//!     1000  work, pool of 32   11.2    16.0       129      3444
//!     1000  work, each        104.5    96.4      1043      3572
//!     The article, T11: "A thread for every job becomes the worst choice as jobs grow in number."
//!     Our answer for Rust: limits (true within limits)
//!     T11 borne out: 1000 threads need 2.5 times the memory of 32 to wait, 6.0 times the CPU time to work

use std::{fs, io, time::Duration};

use shared::measure::{self, Usage, ms};
use shared::{Result, Table, chop, claim, flags, notice_debug_build};

const POOL: usize = 32;

fn main() -> Result {
    flags([]);
    notice_debug_build();
    let mut table =
        Table::new(["jobs", "done by", "ms", "CPU ms", "switches", "peak KiB"]);
    let table = &mut table;
    compare(table, 10, "wait", wait)?;
    compare(table, 10, "work", work)?;
    let [pool, each] = compare(table, 1_000, "wait", wait)?;
    let memory = each.kib as f64 / pool.kib as f64;
    let [pool, each] = compare(table, 1_000, "work", work)?;
    let cpu = each.cpu / pool.cpu;
    table.print();
    let figure = format!(
        "1000 threads need {memory:.1} times the memory of {POOL} to wait, \
         {cpu:.1} times the CPU time to work"
    );
    // Wall time is not judged: it depends on who else wants the cores.
    claim("T11", memory > 1.2 && cpu > 1.2, figure)
}

fn compare(
    table: &mut Table<6>,
    jobs: usize,
    what: &str,
    job: fn(),
) -> Result<[Cost; 2]> {
    let by_pool = measured(|| in_a_pool(POOL, jobs, job))?;
    let by_each = measured(|| a_thread_each(jobs, job))?;
    let pool = format!("pool of {POOL}");
    for (way, cost) in [(pool.as_str(), by_pool), ("each", by_each)] {
        let way = format!("{what}, {way}");
        let [wall, cpu] = [cost.wall, cost.cpu].map(|t| format!("{t:.1}"));
        table.row([&jobs, &way, &wall, &cpu, &cost.switches, &cost.kib]);
    }
    Ok([by_pool, by_each])
}

fn wait() {
    std::thread::sleep(Duration::from_millis(20));
}

fn work() {
    std::hint::black_box(chop(1, 5_000));
}

/// What some jobs cost together; times in milliseconds.
#[derive(Clone, Copy)]
struct Cost {
    wall: f64,
    cpu: f64,
    switches: u64,
    kib: u64,
}

fn measured(run: impl FnOnce() -> io::Result<()>) -> Result<Cost> {
    fs::write("/proc/self/clear_refs", "5")?; // the peak starts anew (Linux)
    let (started, before) = (measure::now(), Usage::now());
    run()?;
    let (wall, after) = (measure::now() - started, Usage::now());
    Ok(Cost {
        wall: ms(wall),
        cpu: ms(after.cpu - before.cpu),
        switches: after.switches - before.switches,
        kib: measure::peak_rss_kib(),
    })
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
