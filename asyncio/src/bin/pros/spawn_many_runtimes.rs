//! Spawn 100 000 tasks on tokio, smol and async-std: start-up cost and memory.
//!
//!     cargo run --release -p asyncio --bin spawn_many_runtimes
//!
//! Each runtime has one worker thread, and each row a process of its own. All
//! tasks wait 100 ms at the same time. What it costs to start and end them is
//! the CPU time that the process has used. Memory is the peak: of 100 000 tasks
//! the first may end before the last one starts.
//!
//! Read `spawn_many` first.
//!
//! Claims: A31
//! Change this and watch: `TASKS` to 1 000 000. A task costs about as much as
//! before, in time and in memory.
//!
//! Output (figures vary):
//!                 count  ms for all  CPU ns each  bytes each
//!     tokio      100000         230         3738         485
//!     smol       100000         169         2357         326
//!     async-std  100000         202         1839         458
//!     threads      1000         129        67448        9912
//!     The article, A31: "Unlike threads, they cost nothing to start."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A31 is borne out: a task costs 3738 CPU ns on tokio, 2357 on smol, 1839 on async-std, a thread 67448

use std::{thread, time::Duration, time::Instant};

use async_std::task::{sleep, spawn};
use shared::measure::{Usage, peak_rss_kib};
use shared::{Failure, Result, Table, claim, flags, notice_debug_build};
use shared::{role, say, watchdog::Watchdog};
use smol::Timer;
use tokio::{runtime::Builder, time::sleep as timer};

const TASKS: usize = 100_000;
const WAIT: Duration = Duration::from_millis(100);

fn main() -> Result {
    if let Some([model, count]) = role::started_as("starter") {
        return start_all(&model, count.parse()?);
    }
    flags([]);
    notice_debug_build();
    let mut table =
        Table::new(["", "count", "ms for all", "CPU ns each", "bytes each"]);
    let tokio = measure("tokio", TASKS, &mut table)?;
    let smol = measure("smol", TASKS, &mut table)?;
    let async_std = measure("async-std", TASKS, &mut table)?;
    let thread = measure("threads", 1_000, &mut table)?;
    table.print();
    let figure = format!(
        "a task costs {tokio} CPU ns on tokio, {smol} on smol, {async_std} \
         on async-std, a thread {thread}"
    );
    let tasks = [tokio, smol, async_std];
    let cheaper = tasks.iter().all(|task| (50..thread).contains(task));
    claim("A31", cheaper, figure)
}

/// The parent: lets another process start tasks, adds a row, and returns what
/// one of them costs in ns.
fn measure(model: &str, count: usize, table: &mut Table<5>) -> Result<u64> {
    let mut child = role::command("starter")?;
    child.args([model, &count.to_string()]);
    child.envs([("SMOL_THREADS", "1"), ("ASYNC_STD_THREAD_COUNT", "1")]);
    let output = child.output()?; // it ends by itself: it is guarded
    let text = String::from_utf8(output.stdout)?;
    let figures = text.split_whitespace().flat_map(str::parse);
    let [all_ms, ns, bytes] = figures.collect::<Vec<u64>>()[..] else {
        return Err(Failure::new(String::from_utf8_lossy(&output.stderr)));
    };
    table.row([&model, &count, &all_ms, &ns, &bytes]);
    Ok(ns)
}

/// The child: prints ms for all, then CPU time in ns and bytes for each.
fn start_all(model: &str, count: usize) -> Result {
    let _bound = Watchdog::guard("the tasks", Duration::from_secs(20))?;
    let (before, started) = (Usage::now(), Instant::now());
    match model {
        "tokio" => {
            let mut runtime = Builder::new_multi_thread();
            let runtime = runtime.worker_threads(1).enable_time().build()?;
            // The timer is made in the task: handed over, it would count twice.
            let job = |_| runtime.spawn(async { timer(WAIT).await });
            let tasks: Vec<_> = (0..count).map(job).collect();
            runtime.block_on(join_all(tasks));
        }
        "smol" => {
            let jobs = (0..count).map(|_| Timer::after(WAIT));
            drop(smol::block_on(spawn_all(jobs)));
        }
        "async-std" => {
            let job = |_| spawn(sleep(WAIT));
            let tasks: Vec<_> = (0..count).map(job).collect();
            async_std::task::block_on(join_all(tasks));
        }
        _ => thread::scope(|scope| {
            for _ in 0..count {
                scope.spawn(|| thread::sleep(WAIT));
            }
        }),
    }
    let (took, after) = (started.elapsed().as_millis(), Usage::now());
    let ns = (after.cpu - before.cpu).as_nanos() / count as u128;
    let bytes = 1_024 * (peak_rss_kib() - before.rss_kib) / count as u64;
    say!("{took} {ns} {bytes}");
    Ok(())
}

// ANCHOR: spawn_many_runtimes
use futures::future::join_all;

/// Starts all jobs as tasks of smol, then waits for all of them. The results
/// have the order of the jobs. If a job panics, the caller panics, too.
/// Dropping the future of `spawn_all` cancels the tasks.
pub async fn spawn_all<Job>(
    jobs: impl IntoIterator<Item = Job>,
) -> Vec<Job::Output>
where
    Job: Future<Output: Send> + Send + 'static, // the result is `Send`, too
{
    // `collect`: all are started before the first one is awaited.
    let tasks: Vec<_> = jobs.into_iter().map(smol::spawn).collect();
    join_all(tasks).await
}
// ANCHOR_END: spawn_many_runtimes
