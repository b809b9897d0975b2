//! GIL: Python's threads have no speed-up for CPU work, its processes have.
//!
//!     cargo run -p multiprocessing --bin gil
//!
//! The global interpreter lock (GIL) lets one thread of a Python process work
//! at a time. So in Python processes are the way to parallel CPU work, with
//! `multiprocessing.Pool` or `ProcessPoolExecutor`. Rust has no such lock. This
//! program runs a Python script: the same work on one thread, on a thread for
//! each core, and in a process for each core. A Python without the lock
//! (free-threaded, since 3.13) should have a speed-up with threads, too.
//!
//! The program `cpu_bound` does the same work in Rust, 500 times as much.
//!
//! Change this and watch: `fork.Pool(1, ` instead of `fork.Pool(cores, `. One
//! process has no speed-up either.
//!
//! Output (figures vary):
//!     Python, one thread: 53 ms, speed-up 1.00
//!     Python, threads: 54 ms, speed-up 0.98
//!     Python, processes: 31 ms, speed-up 1.68

use shared::{Result, chopped, ensure, flags, measure::cores, say};

const JOBS: u64 = 8;
const STEPS: u64 = 32_000;

/// Ends by itself: `alarm` kills it, also if this program has been killed.
const SCRIPT: &str = "
import multiprocessing, multiprocessing.pool, signal, sys, time
jobs, steps, cores = map(int, sys.argv[1:])
signal.alarm(5)
def job(x):
    for _ in range(steps):
        x = (x * 6364136223846793005 + 1442695040888963407) % 2**64
    return x
def took(map):
    begun = time.time()
    return sum(map(job, range(jobs))) % 2**64, 1e3 * (time.time() - begun)
one, fork = took(map), multiprocessing.get_context('fork')
with fork.Pool(cores, signal.alarm, [5]) as pool: processes = took(pool.map)
with multiprocessing.pool.ThreadPool(cores) as pool: threads = took(pool.map)
for total, ms in one, threads, processes: print(total, ms)
";

fn main() -> Result {
    flags([]);
    let sizes = [JOBS, STEPS, cores() as u64].map(|size| size.to_string());
    let told = match run_python(SCRIPT, &sizes) {
        Ok(told) => told,
        Err(error) => {
            say!("python3 is not here, or has not ended in time: {error}");
            return Ok(());
        }
    };
    let right = (0..JOBS).map(|job| chopped(job, STEPS));
    let right = right.fold(0, u64::wrapping_add).to_string();
    let mut walls = Vec::new();
    for line in told.lines() {
        let wall = line.strip_prefix(&right).unwrap_or_default().trim();
        walls.push(wall.parse::<f64>()?);
    }
    for (way, wall) in ["one thread", "threads", "processes"].iter().zip(&walls)
    {
        let speed_up = walls[0] / wall;
        say!("Python, {way}: {wall:.0} ms, speed-up {speed_up:.2}");
    }
    ensure(walls.len() == 3, "the script has printed something else")
}

// ANCHOR: gil
use std::io;
use std::process::{Command, Stdio};

/// Runs a Python script with these arguments (`sys.argv[1:]`), and returns what
/// it prints. Let the script limit its own time, for example by `signal.alarm`.
///
/// # Errors
///
/// There is no `python3` here, or the script has failed: how it has ended.
pub fn run_python(script: &str, arguments: &[String]) -> io::Result<String> {
    let mut python = Command::new("python3");
    python.args(["-c", script]).args(arguments).stdin(Stdio::null());
    let output = python.output()?;
    if !output.status.success() {
        return Err(io::Error::other(output.status.to_string()));
    }
    String::from_utf8(output.stdout).map_err(io::Error::other)
}
// ANCHOR_END: gil
