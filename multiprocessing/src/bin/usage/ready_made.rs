//! Ready-made worker process: `procspawn` runs a job in one, in two lines.
//!
//!     cargo run --release -p multiprocessing --bin ready_made
//!
//! The crate starts this program again, sends the argument, calls the function
//! there, and sends the result back. In Python: `ProcessPoolExecutor` and
//! `Pool`. Times are latency: from the call to the result of a job that does no
//! work. A process for each job is started each time. A pool starts its
//! processes once, but makes new channels for each job, so a worker of our own
//! that reads one pipe answers faster.
//!
//! The program `ready_made_ends` shows what the caller learns of a crash.
//!
//! Change this and watch: `Pool::new(2)`. It is as fast: one job at a time
//! keeps only one worker busy.
//!
//! Output (figures vary):
//!     a process for each job: 1248 us
//!     a pool of one process: 48 us
//!     our own worker at a pipe: 12 us

use std::io::{self, Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use shared::measure::try_median_of;
use shared::watchdog::Watchdog;
use shared::{Result, ensure, flags, notice_debug_build, role, say};

fn main() -> Result {
    procspawn::init(); // in a worker process this does the job, and ends
    if let Some([]) = role::started_as("worker") {
        return serve();
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(10))?;
    say!("a process for each job: {:.0} us", by_spawn()?);
    say!("a pool of one process: {:.0} us", by_pool()?);
    say!("our own worker at a pipe: {:.0} us", by_own_worker()?);
    Ok(())
}

fn double(number: u64) -> u64 {
    2 * number
}

/// Of the time from the call to its result, which must be right.
fn median_us(mut trip: impl FnMut() -> Result<u64>) -> Result<f64> {
    try_median_of(31, || {
        let begun = Instant::now();
        ensure(trip()? == 42, "another result")?;
        Ok(begun.elapsed().as_secs_f64() * 1e6)
    })
}

fn by_spawn() -> Result<f64> {
    median_us(|| Ok(procspawn::spawn(21, double).join()?))
}

fn by_pool() -> Result<f64> {
    let pool = Pool::new(1)?;
    median_us(|| Ok(map_in_pool(&pool, [21], double)?[0]))
}

fn by_own_worker() -> Result<f64> {
    let mut worker = role::command("worker")?;
    worker.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut worker = worker.spawn()?;
    let mut to = worker.stdin.take().expect("it is a pipe");
    let mut from = worker.stdout.take().expect("it is a pipe");
    let us = median_us(|| {
        let mut bytes = 21_u64.to_le_bytes();
        to.write_all(&bytes)?;
        from.read_exact(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    });
    drop(to); // then the worker ends
    worker.wait()?;
    us
}

/// In our own worker.
fn serve() -> Result {
    let mut bytes = [0; 8];
    while io::stdin().read_exact(&mut bytes).is_ok() {
        let number = u64::from_le_bytes(bytes);
        io::stdout().write_all(&double(number).to_le_bytes())?;
        io::stdout().flush()?;
    }
    Ok(())
}

// ANCHOR: ready_made
use procspawn::{Pool, SpawnError};
use serde::{Serialize, de::DeserializeOwned};

/// Applies `job` to all `items` in the processes of `pool`. The results come in
/// the order of the items. The first line of `main` must be
/// `procspawn::init();`. Each queued item holds descriptors: hand over some
/// hundred items at a time.
///
/// # Errors
///
/// That of the first item whose job has panicked, or whose process has ended.
/// The jobs that have not ended are cancelled, or killed.
pub fn map_in_pool<A, T>(
    pool: &Pool,
    items: impl IntoIterator<Item = A>,
    job: fn(A) -> T,
) -> Result<Vec<T>, SpawnError>
where
    A: Serialize + DeserializeOwned,
    T: Serialize + DeserializeOwned + Send + 'static,
{
    let handles = items.into_iter().map(|item| pool.spawn(item, job));
    let handles: Vec<_> = handles.collect(); // all are queued
    handles.into_iter().map(|handle| handle.join()).collect()
}
// ANCHOR_END: ready_made
