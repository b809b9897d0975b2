//! Speed-up of CPU-bound work: threads, rayon and processes compared.
//!
//!     cargo run --release -p multiprocessing --bin cpu_bound
//!
//! The same work on one thread, on a thread for each core, by rayon, and in a
//! process for each core. In Rust threads run in parallel, so processes add
//! nothing but their cost: to start, and to send results. Parallelism is not
//! the reason for processes in Rust; isolation is. Overhead is the time beyond
//! an equal share of the work for each core.
//!
//! The program `gil` has the same work in Python, where only processes have a
//! speed-up; `break_even` shows how long a job must be for a process.
//!
//! Claims: M2, M3
//! Change this and watch: set `STEPS` to 2_000. The work is then so short
//! that the start of the processes takes longer, and M2 is contradicted.
//!
//! Output (figures vary):
//!     way         wall ms  speed-up  overhead ms
//!     one thread    178.8      1.00            -
//!     threads        93.0      1.92          3.6
//!     rayon          94.9      1.88          5.5
//!     processes      96.0      1.86          6.6
//!     The article, M2: "It is for parallelism."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to M2 is borne out: 2 processes are 1.86 times as fast as one thread, and as many threads 1.92 times
//!     The article, M3: "It fits tasks that use much CPU and wait little."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to M3 is borne out: CPU-bound work takes 96.0 ms in processes and 93.0 ms on threads

use std::{ops::Range, time::Duration, time::Instant};

use rayon::prelude::*;
use shared::measure::{Noise, NoiseMeter, cores, ms, try_best_of};
use shared::watchdog::Watchdog;
use shared::{
    Result, Table, chop, chopped, claim_timed, ensure, flags,
    notice_debug_build, role, say,
};

const JOBS: u64 = 32;
const STEPS: u64 = 4_000_000;

fn main() -> Result {
    if let Some([first, end]) = role::started_as("worker") {
        say!("{}", work(&(first.parse()?..end.parse()?)));
        return Ok(());
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the work", Duration::from_secs(20))?;
    let meter = NoiseMeter::start();
    let one = wall_of(|| Ok(vec![work(&(0..JOBS))]))?;
    let threads = wall_of(|| Ok(on_a_thread_each(&shares(), work)))?;
    let rayon = wall_of(on_rayon)?;
    let processes = wall_of(on_processes)?;
    let mut table = Table::new(["way", "wall ms", "speed-up", "overhead ms"]);
    let ideal = one / cores() as f64;
    table.row([&"one thread", &format!("{one:.1}"), &"1.00", &"-"]);
    for (way, wall) in
        [("threads", threads), ("rayon", rayon), ("processes", processes)]
    {
        let over = format!("{:.1}", (wall - ideal).max(0.0));
        let [wall, gain] = [format!("{wall:.1}"), format!("{:.2}", one / wall)];
        table.row([&way, &wall, &gain, &over]);
    }
    table.print();
    judge(one, threads.min(rayon), processes, meter.read())
}

/// By the wall times in milliseconds.
fn judge(one: f64, threads: f64, processes: f64, noise: Noise) -> Result {
    let gains = [one / processes, one / threads];
    let figure = format!(
        "{} processes are {:.2} times as fast as one thread, and as many \
         threads {:.2} times",
        cores(),
        gains[0],
        gains[1]
    );
    let both = gains.iter().all(|gain| *gain > 0.6 * cores() as f64);
    claim_timed("M2", both, noise, figure)?;
    let figure = format!(
        "CPU-bound work takes {processes:.1} ms in processes and {threads:.1} \
         ms on threads"
    );
    claim_timed("M3", threads < 1.1 * processes, noise, figure)
}

/// The same for every way. Its result can be checked.
fn work(jobs: &Range<u64>) -> u64 {
    let results = jobs.clone().map(|job| chop(job, STEPS));
    results.fold(0, u64::wrapping_add)
}

/// An equal share of the jobs for each core.
fn shares() -> Vec<Range<u64>> {
    let edge = |n: usize| JOBS * n as u64 / cores() as u64;
    (0..cores()).map(|n| edge(n)..edge(n + 1)).collect()
}

fn on_rayon() -> Result<Vec<u64>> {
    Ok((0..JOBS).into_par_iter().map(|n| work(&(n..n + 1))).collect())
}

fn on_processes() -> Result<Vec<u64>> {
    let in_a_child = |jobs: &Range<u64>| {
        let ends = [jobs.start, jobs.end].map(|end| end.to_string());
        let child = role::command("worker")?.args(ends).output()?;
        Ok(String::from_utf8(child.stdout)?.trim().parse()?)
    };
    on_a_thread_each(&shares(), in_a_child).into_iter().collect()
}

/// In milliseconds, the best of three tries.
fn wall_of(way: impl Fn() -> Result<Vec<u64>>) -> Result<f64> {
    let right = (0..JOBS).map(|job| chopped(job, STEPS));
    let right = right.fold(0, u64::wrapping_add);
    try_best_of(3, || {
        let begun = Instant::now();
        let sum = way()?.into_iter().fold(0, u64::wrapping_add);
        let wall = ms(begun.elapsed());
        ensure(sum == right, "the work has another result").map(|()| wall)
    })
}

// ANCHOR: cpu_bound
use std::{panic::resume_unwind, thread};

/// Applies `work` to a few items, each on a thread of its own: one item for
/// each core is a good number. The results come in the order of the items.
///
/// # Panics
///
/// With the panic of `work`, when all threads have ended; or if the system
/// starts no thread.
pub fn on_a_thread_each<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let work = &work;
    thread::scope(|scope| {
        let start = |item| scope.spawn(move || work(item));
        let threads: Vec<_> = items.iter().map(start).collect(); // all run
        let results = threads.into_iter().map(|thread| thread.join());
        let results: thread::Result<Vec<R>> = results.collect();
        results.unwrap_or_else(|panic| resume_unwind(panic))
    })
}
// ANCHOR_END: cpu_bound
