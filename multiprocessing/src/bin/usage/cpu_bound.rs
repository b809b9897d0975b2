//! Speed-up of CPU-bound work: threads, rayon and processes, beside Python.
//!
//!     cargo run --release -p multiprocessing --bin cpu_bound
//!
//! The same work on one thread, on a thread for each core, by rayon, and in a
//! process for each core. In Rust threads run in parallel, so processes add
//! nothing but their cost: to start, and to send results. Parallelism is not
//! the reason for processes in Rust; isolation is. In Python the global lock
//! (GIL) lets one thread work at a time, so only processes have a speed-up.
//! Overhead is the time beyond an equal share of the work for each core.
//! Python does 1/50 of the work.
//!
//! The program `break_even` shows how long a job must be for a process.
//!
//! Claims: M2, M3
//! Change this and watch: `STEPS` of 2_000. The work is then so short that
//! the start of the processes takes longer, and M2 is contradicted.
//!
//! Output (figures vary):
//!     x

use std::fmt::Display;
use std::{ops::Range, process::Command, time::Duration, time::Instant};

use rayon::prelude::*;
use shared::measure::{Noise, NoiseMeter, cores, ms, try_best_of};
use shared::watchdog::Watchdog;
use shared::{
    Failure, Result, Table, chop, chopped, claim_timed, ensure, flags,
    notice_debug_build, role, say,
};

const JOBS: u64 = 64;
const STEPS: u64 = 400_000;

type Way = fn() -> Result<u64>;

const WAYS: [(&str, Way); 4] = [
    ("one thread", || Ok(work(0..JOBS))),
    ("threads", on_threads),
    ("rayon", on_rayon),
    ("processes", on_processes),
];

fn main() -> Result {
    if let Some([first, end]) = role::started_as("worker") {
        say!("{}", work(first.parse()?..end.parse()?));
        return Ok(());
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the work", Duration::from_secs(20))?;
    let meter = NoiseMeter::start();
    let walls = WAYS.map(|(_, way)| try_best_of(3, || wall(way)));
    let [one, threads, rayon, processes] = walls;
    let walls = [one?, threads?, rayon?, processes?];
    let noise = meter.read();
    let mut table = Table::new(["way", "wall ms", "speed-up", "overhead ms"]);
    let names = WAYS.map(|(name, _)| format!("Rust, {name}"));
    add_rows(&mut table, &names, &walls);
    match in_python() {
        Some(walls) => add_rows(&mut table, &PYTHON_WAYS, &walls),
        None => table.row([&"Python 3", &"not here", &"-", &"-"]),
    }
    table.print();
    judge(walls, noise)
}

/// The same for every way; the result of all jobs can be checked.
fn work(jobs: Range<u64>) -> u64 {
    jobs.map(|job| chop(job, STEPS)).fold(0, u64::wrapping_add)
}

fn on_threads() -> Result<u64> {
    let sums = map_on_threads(&shares(), |jobs| work(jobs.clone()));
    Ok(sums.into_iter().fold(0, u64::wrapping_add))
}

fn on_rayon() -> Result<u64> {
    let jobs = (0..JOBS).into_par_iter();
    Ok(jobs.map(|job| work(job..job + 1)).reduce(|| 0, u64::wrapping_add))
}

/// A thread for each process starts it, and waits for what it prints.
fn on_processes() -> Result<u64> {
    let in_child = |jobs: &Range<u64>| {
        let ends = [jobs.start, jobs.end].map(|end| end.to_string());
        let child = role::command("worker")?.args(ends).output()?;
        let sum = String::from_utf8_lossy(&child.stdout);
        Ok::<u64, Failure>(sum.trim().parse()?)
    };
    let sums = map_on_threads(&shares(), in_child);
    sums.into_iter().try_fold(0, |sum: u64, one| Ok(sum.wrapping_add(one?)))
}

/// An equal share of the jobs for each core.
fn shares() -> Vec<Range<u64>> {
    let cores = cores() as u64;
    let edge = |n| JOBS * n / cores;
    (0..cores).map(|n| edge(n)..edge(n + 1)).collect()
}

fn wall(way: Way) -> Result<f64> {
    let begun = Instant::now();
    let sum = way()?;
    let wall = ms(begun.elapsed());
    let right = (0..JOBS).map(|job| chopped(job, STEPS));
    let right = sum == right.fold(0, u64::wrapping_add);
    ensure(right, "the work has come to another sum").map(|()| wall)
}

fn add_rows(table: &mut Table<4>, names: &[impl Display], walls: &[f64]) {
    for (name, wall) in names.iter().zip(walls) {
        let (speed_up, ideal) = (walls[0] / wall, walls[0] / cores() as f64);
        let overhead = if *wall == walls[0] { 0.0 } else { wall - ideal };
        table.row([
            name,
            &format_args!("{wall:.1}"),
            &format_args!("{speed_up:.2}"),
            &format_args!("{overhead:.1}"),
        ]);
    }
}

fn judge(walls: [f64; 4], noise: Noise) -> Result {
    let [one, threads, rayon, processes] = walls;
    let (by_threads, by_processes) = (one / threads, one / processes);
    let parallel = 0.6 * cores() as f64; // far from 1.0 on two cores or more
    let figure = format!(
        "on {} cores processes are {by_processes:.2} times as fast as one \
         thread, and threads {by_threads:.2} times",
        cores()
    );
    let both = by_processes > parallel && by_threads > parallel;
    claim_timed("M2", both, noise, figure)?;
    let best = threads.min(rayon);
    let figure = format!(
        "CPU-bound work takes {processes:.1} ms in processes and {best:.1} ms \
         on threads"
    );
    claim_timed("M3", best < 1.1 * processes, noise, figure)
}

const PYTHON_WAYS: [&str; 3] =
    ["Python, one thread", "Python, threads", "Python, processes"];

/// Ends by itself: `alarm` kills it, also if this program has been killed.
const SCRIPT: &str = "
import multiprocessing, multiprocessing.pool, signal, sys, time
steps, cores = int(sys.argv[1]), int(sys.argv[2])
signal.alarm(2)
def job(x):
    for _ in range(steps):
        x = (x * 6364136223846793005 + 1442695040888963407) % 2**64
    return x
def took(map):
    begun = time.time()
    total = sum(map(job, range(8))) % 2**64
    return f'{total} {1e3 * (time.time() - begun)}'
one, fork = took(map), multiprocessing.get_context('fork')
with fork.Pool(cores, signal.alarm, [2]) as pool: processes = took(pool.map)
with multiprocessing.pool.ThreadPool(cores) as pool: threads = took(pool.map)
print(one, threads, processes, sep='\n')
";

/// What `SCRIPT` prints, if python3 is here, and ends well, and is right.
fn in_python() -> Option<Vec<f64>> {
    let steps = JOBS * STEPS / 50 / 8;
    let arguments = [steps.to_string(), cores().to_string()];
    let python = ["-c", SCRIPT];
    let python = Command::new("python3").args(python).args(arguments).output();
    let told = String::from_utf8(python.ok()?.stdout).ok()?;
    let right = (0..8).map(|job| chopped(job, steps));
    let right = right.fold(0, u64::wrapping_add).to_string();
    let walls = told.lines().filter_map(|line| line.strip_prefix(&right));
    let walls: Vec<f64> =
        walls.filter_map(|ms| ms.trim().parse().ok()).collect();
    (walls.len() == 3).then_some(walls)
}

// ANCHOR: cpu_bound
use std::{panic::resume_unwind, thread};

/// Applies `work` to all items on a thread for each core. The results come in
/// the order of the items. In Python this takes `multiprocessing.Pool.map`.
///
/// # Panics
///
/// With the panic of `work`, as soon as all threads have ended; or if the
/// system starts no thread.
pub fn map_on_threads<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(cores).max(1);
    thread::scope(|scope| {
        let of_share = |share: &'_ [T]| share.iter().map(&work).collect();
        let threads = items
            .chunks(share)
            .map(|share| scope.spawn(move || of_share(share)));
        let threads: Vec<_> = threads.collect(); // all run before the first join
        let results = threads.into_iter().map(|thread| thread.join());
        let results: thread::Result<Vec<Vec<R>>> = results.collect();
        results
            .unwrap_or_else(|panic| resume_unwind(panic))
            .into_iter()
            .flatten()
            .collect()
    })
}
// ANCHOR_END: cpu_bound
