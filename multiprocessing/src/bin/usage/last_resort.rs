//! Which tool for CPU-bound work? Try it in this order; stop when it is enough.
//!
//!     cargo run --release -p multiprocessing --bin last_resort
//!
//! One task on six steps of a ladder: an iterator on one thread, rayon, threads
//! with a channel, async tasks, child processes with pipes, child processes
//! with shared memory. Each step below rayon needs more lines, which the
//! program counts in its own source, and none has more speed-up. (Async is for
//! waiting: a job that computes has to be moved to threads, `unblock`.)
//! Processes pay where a job may crash or must be killed. In Python the first
//! step with a speed-up is `ProcessPoolExecutor`.
//!
//! The program `cpu_bound` shows the times of Python.
//!
//! Claims: M7
//! Change this and watch: `STEPS` of 5_000. The steps with processes are then
//! the slowest, slower than one thread.
//!
//! Output (figures vary):
//!     x

use std::sync::{atomic::AtomicU64, atomic::Ordering::Relaxed, mpsc};
use std::{io, os::fd::AsFd, process::Stdio, thread};
use std::{time::Duration, time::Instant};

use multiprocessing::SharedMemory;
use shared::measure::{Noise, NoiseMeter, cores, ms, try_best_of};
use shared::watchdog::Watchdog;
use shared::{
    Failure, Result, Table, chop, chopped, claim_timed, ensure, flags,
    notice_debug_build, role, say,
};

const JOBS: u64 = 32;
const STEPS: u64 = 500_000;

/// A line of this file, `// STEP: ` and the name, begins the code of each.
const LADDER: [(&str, fn() -> Result<u64>); 6] = [
    ("iterator", iterator),
    ("rayon", || Ok(sum_on_all_cores(0..JOBS, job))),
    ("threads and a channel", channel),
    ("async tasks", tasks),
    ("processes and pipes", pipes),
    ("processes and shared memory", mapping),
];

fn main() -> Result {
    if let Some([n]) = role::started_as("pipes") {
        return print_share(n.parse()?);
    }
    if let Some([n]) = role::started_as("mapping") {
        return store_share(n.parse()?);
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the ladder", Duration::from_secs(20))?;
    let meter = NoiseMeter::start();
    let mut steps = Vec::new();
    for (name, run) in LADDER {
        let wall = try_best_of(3, || wall(run))?;
        let lines = lines_of(&format!("// STEP: {name}"));
        steps.push(Step { name, lines, wall });
    }
    judge(&steps, meter.read())
}

/// The task: the sum of what these jobs come to.
fn job(n: u64) -> u64 {
    chop(n, STEPS)
}

// STEP: iterator
fn iterator() -> Result<u64> {
    Ok((0..JOBS).map(job).fold(0, u64::wrapping_add))
}
// END

/// The jobs of one of `cores()` workers: every second one, of two.
fn share(worker: usize) -> u64 {
    let jobs = (worker as u64..JOBS).step_by(cores());
    jobs.map(job).fold(0, u64::wrapping_add)
}

// STEP: threads and a channel
fn channel() -> Result<u64> {
    let (sender, sums) = mpsc::channel();
    thread::scope(|scope| {
        for worker in 0..cores() {
            let sender = sender.clone();
            scope.spawn(move || sender.send(share(worker)));
        }
    });
    drop(sender); // then `sums` ends
    Ok(sums.iter().fold(0, u64::wrapping_add))
}
// END

// STEP: async tasks
fn tasks() -> Result<u64> {
    // A task that computes would block its executor: `unblock` moves it.
    let task = |worker| smol::unblock(move || share(worker));
    let tasks: Vec<_> = (0..cores()).map(task).collect();
    Ok(smol::block_on(async {
        let mut sum: u64 = 0;
        for task in tasks {
            sum = sum.wrapping_add(task.await);
        }
        sum
    }))
}
// END

// STEP: processes and pipes
fn pipes() -> Result<u64> {
    let start = |worker: usize| {
        let mut child = role::command("pipes")?;
        child.arg(worker.to_string()).stdout(Stdio::piped()).spawn()
    };
    let children: Vec<_> = (0..cores()).map(start).collect();
    let outputs = children.into_iter().map(|child| child?.wait_with_output());
    let outputs: Vec<_> = outputs.collect(); // each child is waited for
    let mut sum: u64 = 0;
    for output in outputs {
        let told = String::from_utf8(output?.stdout)?;
        sum = sum.wrapping_add(told.trim().parse()?);
    }
    Ok(sum)
}

fn print_share(worker: usize) -> Result {
    say!("{}", share(worker));
    Ok(())
}
// END

// STEP: processes and shared memory
fn mapping() -> Result<u64> {
    let memory = SharedMemory::new(8 * cores())?;
    let start = |worker: usize| {
        let mut child = role::command("mapping")?;
        child.stdin(memory.file().try_clone_to_owned()?);
        child.arg(worker.to_string()).spawn()
    };
    let children: Vec<_> = (0..cores()).map(start).collect();
    let ends = children.into_iter().map(|child| child?.wait());
    let ends: Vec<_> = ends.collect(); // each child is waited for
    for end in ends {
        ensure(end?.success(), "a child has failed")?;
    }
    let sums = memory.slice::<AtomicU64>(0, cores())?.iter();
    Ok(sums.map(|sum| sum.load(Relaxed)).fold(0, u64::wrapping_add))
}

fn store_share(worker: usize) -> Result {
    let stdin = io::stdin().as_fd().try_clone_to_owned()?;
    let memory = SharedMemory::from_file(stdin)?;
    let sum = memory.view::<AtomicU64>(8 * worker)?;
    sum.store(share(worker), Relaxed);
    Ok(())
}
// END

struct Step {
    name: &'static str,
    lines: usize,
    wall: f64,
}

fn wall(run: fn() -> Result<u64>) -> Result<f64> {
    let begun = Instant::now();
    let sum = run()?;
    let wall = ms(begun.elapsed());
    let right = (0..JOBS).map(|n| chopped(n, STEPS));
    let right = right.fold(0, u64::wrapping_add);
    ensure(sum == right, "a step has another sum").map(|()| wall)
}

/// Lines of code in this file, from the line that begins this step to its end.
fn lines_of(begin: &str) -> usize {
    let lines = include_str!("last_resort.rs").lines();
    let step = lines.skip_while(|line| *line != begin).skip(1);
    let step = step.take_while(|line| !line.starts_with("// ")).map(str::trim);
    step.filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

fn judge(steps: &[Step], noise: Noise) -> Result {
    let mut table = Table::new(["step", "lines", "wall ms", "speed-up"]);
    for Step { name, lines, wall } in steps {
        let speed_up = format!("{:.2}", steps[0].wall / wall);
        table.row([name, lines, &format_args!("{wall:.1}"), &speed_up]);
    }
    table.print();
    let [_, rayon, .., pipes, memory] = steps else {
        return Err(Failure::new("a step is missing"));
    };
    let gain = rayon.wall / pipes.wall.min(memory.wall);
    let figure = format!(
        "processes are {gain:.2} times as fast as rayon, with {} lines for \
         pipes and {} for shared memory; rayon needs {}",
        pipes.lines, memory.lines, rayon.lines
    );
    let more = pipes.lines.min(memory.lines) > rayon.lines;
    claim_timed("M7", gain < 1.1 && more, noise, figure)
}

// ANCHOR: last_resort
use rayon::prelude::*;
use std::ops::Range;

/// The sum of what the jobs return, computed on all cores: the first step to
/// try for CPU-bound work. A sum that is too large wraps around.
///
/// # Panics
///
/// With the panic of a job.
// STEP: rayon
pub fn sum_on_all_cores(
    jobs: Range<u64>,
    job: impl Fn(u64) -> u64 + Sync + Send,
) -> u64 {
    jobs.into_par_iter().map(job).reduce(|| 0, u64::wrapping_add)
}
// ANCHOR_END: last_resort
