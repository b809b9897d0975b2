//! Which tool for CPU-bound work? Try it in this order; stop when it is enough.
//!
//!     cargo run --release -p multiprocessing --bin last_resort
//!
//! One task on six steps of a ladder: an iterator on one thread, rayon, threads
//! with a channel, async tasks, child processes with pipes, child processes
//! with shared memory. Each step below rayon needs more lines, which the
//! program counts in its own source, and none has more speed-up. (Async is for
//! waiting: a job that computes has to be moved to threads, `unblock`.) Only
//! the code of the step itself counts, not what several steps use.
//! Processes pay where a job may crash or must be killed. In Python the first
//! step with a speed-up is `ProcessPoolExecutor`.
//!
//! The program `gil` shows the times of Python; `break_even` shows how long a
//! job must be for a process.
//!
//! Claims: M7
//! Change this and watch: set `STEPS` to 5_000. Then the steps with processes
//! are the slowest, slower than one thread.
//!
//! Output (figures vary):
//!     step                         lines  wall ms  speed-up
//!     iterator                         3     47.1      1.00
//!     rayon                            4     23.6      2.00
//!     threads and a channel           11     31.4      1.50
//!     async tasks                      5     24.0      1.96
//!     processes and pipes             17     24.8      1.90
//!     processes and shared memory     19     24.7      1.90
//!     The article, M7: "Use it last, when all other packages have failed."
//!     Our answer for Rust: holds (true)
//!     Our answer to M7 is borne out: processes are 0.95 times as fast as rayon, in 17 or 19 lines of code instead of 4

#[path = "last_resort/steps.rs"]
mod steps;

use std::{time::Duration, time::Instant};

use shared::measure::{Noise, NoiseMeter, ms, try_best_of};
use shared::watchdog::Watchdog;
use shared::{
    Result, Table, chop, chopped, claim_timed, ensure, flags,
    notice_debug_build, role,
};

const JOBS: u64 = 32;
const STEPS: u64 = 1_000_000;

type Step = fn() -> Result<u64>;
/// The code of each begins in `SOURCE` at the line `// STEP: ` and its name.
const LADDER: [(&str, Step); 6] = [
    ("iterator", steps::iterator),
    ("rayon", steps::rayon),
    ("threads and a channel", steps::channel),
    ("async tasks", steps::tasks),
    ("processes and pipes", steps::pipes),
    ("processes and shared memory", steps::mapping),
];
const SOURCE: &str = include_str!("last_resort/steps.rs");

fn main() -> Result {
    if let Some([worker]) = role::started_as("pipes") {
        return steps::print_share(&worker);
    }
    if let Some([worker]) = role::started_as("mapping") {
        return steps::store_share(&worker);
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the ladder", Duration::from_secs(20))?;
    let meter = NoiseMeter::start();
    let (mut walls, mut lines) = ([0.0; 6], [0; 6]);
    let mut table = Table::new(["step", "lines", "wall ms", "speed-up"]);
    for (n, (step, run)) in LADDER.into_iter().enumerate() {
        (walls[n], lines[n]) = (try_best_of(3, || wall(run))?, lines_of(step));
        let speed_up = format!("{:.2}", walls[0] / walls[n]);
        let wall = format!("{:.1}", walls[n]);
        table.row([&step, &lines[n], &wall, &speed_up]);
    }
    table.print();
    judge(walls, lines, meter.read())
}

/// The last two steps against rayon.
fn judge(walls: [f64; 6], lines: [usize; 6], noise: Noise) -> Result {
    let [_, rayon, .., pipes, memory] = lines;
    let gain = walls[1] / walls[4].min(walls[5]);
    let figure = format!(
        "processes are {gain:.2} times as fast as rayon, in {pipes} or \
         {memory} lines of code instead of {rayon}"
    );
    let more = pipes.min(memory) > rayon;
    claim_timed("M7", gain < 1.1 && more, noise, figure)
}

fn wall(run: Step) -> Result<f64> {
    let begun = Instant::now();
    let sum = run()?;
    let wall = ms(begun.elapsed());
    let right = sum_on_all_cores(0..JOBS, |n| chopped(n, STEPS));
    ensure(sum == right, "a step has another sum").map(|()| wall)
}

fn lines_of(step: &str) -> usize {
    let begin = format!("// STEP: {step}");
    let lines = SOURCE.lines();
    let lines = lines.skip_while(|line| *line != begin).skip(1);
    let lines = lines.take_while(|line| !line.starts_with("// "));
    lines.filter(|line| !line.trim().is_empty()).count()
}

/// The task: the sum of what all jobs return.
fn job(n: u64) -> u64 {
    chop(n, STEPS)
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
pub fn sum_on_all_cores(
    jobs: Range<u64>,
    job: impl Fn(u64) -> u64 + Sync + Send,
) -> u64 {
    jobs.into_par_iter().map(job).reduce(|| 0, u64::wrapping_add)
}
// ANCHOR_END: last_resort
