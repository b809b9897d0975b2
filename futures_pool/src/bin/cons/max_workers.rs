//! 64 jobs that wait take ceil(64 / workers) waits in a row in a thread pool.
//!
//!     cargo run -p futures_pool --bin max_workers
//!
//! A worker that waits is of no use to the next job, so how long it all takes
//! is decided when the pool is made. A task that waits occupies nobody.
//!
//! Claims: F11
//! Change this and watch: `WAITS` to 65. Every step gets one wait longer for a
//! single job more; tasks without a limit do not.
//!
//! Output (figures vary):
//!     64 waits of 10ms: how long all of them take, in waits
//!              workers   predicted    measured
//!                    1          64        65.1
//!                    2          32        32.6
//!                    4          16        16.2
//!                    8           8         8.6
//!                   16           4         4.1
//!                   32           2         2.3
//!                   64           1         1.6
//!      tasks, no limit           1         1.2
//!     F11 borne out: 64 waits take as long as 65.1 with 1 worker, as 1.6 with 64

use std::{fmt::Display, thread, time::Duration, time::Instant};

use futures::future::join_all;
use futures_pool::{Executor, ThreadPool};
use shared::{Result, claim, flags, say, watchdog::Watchdog};

const WAITS: usize = 64;
const WAIT: Duration = Duration::from_millis(10);
const WORKERS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the waits", Duration::from_secs(10))?;
    say!("{WAITS} waits of {WAIT:?}: how long all of them take, in waits");
    say!("{:>16}{:>12}{:>12}", "workers", "predicted", "measured");
    let mut steps = Vec::new();
    for workers in WORKERS {
        let predicted = WAITS.div_ceil(workers) as f64;
        steps.push(row(workers, predicted, by_a_crew(workers)?));
    }
    let tasks = row("tasks, no limit", 1.0, by_tasks()?);

    // None can be faster than predicted; how much slower is up to the machine.
    let bound = steps.iter().all(|step| step.measured >= step.predicted);
    let [few, .., many] = WORKERS;
    let (first, last) = (steps[0].measured, steps[steps.len() - 1].measured);
    let free = tasks.measured < first / 4.0 && last < first / 4.0;
    let figure = format!(
        "{WAITS} waits take as long as {first:.1} with {few} worker, \
         as {last:.1} with {many}"
    );
    claim("F11", bound && free, figure)
}

/// How long all of them take, in waits.
struct Step {
    predicted: f64,
    measured: f64,
}

fn row(workers: impl Display, predicted: f64, took: Duration) -> Step {
    let measured = took.div_duration_f64(WAIT);
    say!("{workers:>16}{predicted:>12}{measured:>12.1}");
    Step { predicted, measured }
}

fn by_a_crew(workers: usize) -> Result<Duration> {
    let started = Instant::now();
    let crew = ThreadPool::new(workers)?;
    let waits: Vec<_> = (0..WAITS).map(|_| crew.submit(wait, ())).collect();
    waits.into_iter().try_for_each(|wait| wait.result())?;
    Ok(started.elapsed())
}

fn wait((): ()) {
    thread::sleep(WAIT);
}

/// All on one thread.
fn by_tasks() -> Result<Duration> {
    let started = Instant::now();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(async {
        join_all((0..WAITS).map(|_| tokio::time::sleep(WAIT))).await;
    });
    Ok(started.elapsed())
}
