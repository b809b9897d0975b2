//! Break-even: from which job length on is a process at most 10 % slower?
//!
//!     cargo run --release -p multiprocessing --bin break_even
//!
//! One worker thread and one worker process have been started and do the same
//! jobs. The thread has a queue with all ten jobs. The process gets one job at
//! a time through a pipe, and each answer must wake this process: a round trip.
//! This is the usual use of both. (A thread that gets one job at a time loses
//! the same time, because it is woken for each job, too.) A round trip is a
//! loss for short jobs, and nearly nothing for long ones. Bisection finds the
//! length from which the process takes at most 10 % longer: ten times as long
//! as what a round trip costs while both processes work. In Python: `chunksize`
//! of `Pool.map` makes long jobs.
//!
//! The program `cpu_bound` compares long work on all cores.
//!
//! Claims: M3
//! Change this and watch: set `PERCENT` to 50. The break-even length is then a
//! quarter, or less.
//!
//! Output (figures vary):
//!     no work: thread 1.4, process 3.1 us, ratio 2.29
//!     longest: thread 1014.5, process 1044.3 us, ratio 1.03
//!     search: thread 15.6, process 25.1 us, ratio 1.61
//!     search: thread 116.7, process 125.7 us, ratio 1.08
//!     search: thread 42.3, process 53.7 us, ratio 1.27
//!     search: thread 64.7, process 76.6 us, ratio 1.18
//!     search: thread 90.4, process 94.1 us, ratio 1.04
//!     search: thread 78.4, process 91.1 us, ratio 1.16
//!     at most 10 % longer from 90 us on
//!     The article, M3: "It fits tasks that use much CPU and wait little."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to M3 is borne out: a process takes 2.3 times as long as a thread for no work, 1.03 times for 1014 us of work

use std::process::Stdio;
use std::{sync::mpsc::channel, thread, time::Duration, time::Instant};

use shared::measure::{NoiseMeter, try_best_of};
use shared::watchdog::Watchdog;
use shared::{
    Result, chop, chopped, claim_timed, ensure, flags, notice_debug_build,
    role, say,
};

/// The process may take longer by so much.
const PERCENT: u32 = 10;
const NEAR: f64 = 1.0 + PERCENT as f64 / 100.0;
const JOBS: u32 = 10;
/// The steps of the longest job, which takes about a millisecond.
const LONGEST: u64 = 600_000;

fn main() -> Result {
    if let Some([]) = role::started_as("worker") {
        return Ok(serve(|steps| chop(steps, steps))?);
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(20))?;
    let mut worker = role::command("worker")?;
    worker.stdin(Stdio::piped()).stdout(Stdio::piped());
    let (mut worker, meter) = (worker.spawn()?, NoiseMeter::start());
    let (none, _) = compare(&mut worker, "no work", 0)?;
    let (longest, longest_us) = compare(&mut worker, "longest", LONGEST)?;
    let near_us = near_from(&mut worker)?;
    worker.wait()?; // closes the pipe to the worker, so the worker ends
    say!("at most {PERCENT} % longer from {near_us:.0} us on");
    let figure = format!(
        "a process takes {none:.1} times as long as a thread for no work, \
         {longest:.2} times for {longest_us:.0} us of work"
    );
    claim_timed("M3", none > NEAR && longest <= NEAR, meter.read(), figure)
}

/// Bisection: from how many microseconds on the process is at most 10 % slower.
fn near_from(worker: &mut Child) -> Result<f64> {
    let (mut short, mut long, mut near_us) = (100_u64, LONGEST, f64::NAN);
    while long > short + short / 5 {
        // The geometric mean: halves the ratio of both, not the difference.
        let steps = (short * long).isqrt();
        let (ratio, us) = compare(worker, "search", steps)?;
        if ratio <= NEAR {
            (long, near_us) = (steps, us);
        } else {
            short = steps;
        }
    }
    Ok(near_us)
}

/// How many times as long as on the thread a job takes in the process, and how
/// many microseconds it takes on the thread.
fn compare(worker: &mut Child, what: &str, steps: u64) -> Result<(f64, f64)> {
    let us = try_best_of(5, || on_thread(steps))?;
    let process = try_best_of(5, || in_process(worker, steps))?;
    let ratio = process / us;
    say!("{what}: thread {us:.1}, process {process:.1} us, ratio {ratio:.2}");
    Ok((ratio, us))
}

fn on_thread(steps: u64) -> Result<f64> {
    let ((queue, jobs), (done, results)) = (channel(), channel());
    // `chop` is CPU work only, and `chopped` is its result, known without work.
    let worker = move || jobs.iter().try_for_each(|n| done.send(chop(n, n)));
    let worker = thread::Builder::new().spawn(worker)?;
    queue.send(0)?;
    results.recv()?; // it runs
    let begun = Instant::now();
    (0..JOBS).try_for_each(|_| queue.send(steps))?;
    let right = |result| result == chopped(steps, steps);
    let all_right = results.iter().take(JOBS as usize).all(right);
    let us = begun.elapsed().as_secs_f64() * 1e6 / f64::from(JOBS);
    drop(queue); // then the worker ends
    worker.join().expect("it does not panic")?;
    ensure(all_right, "a thread has another result").map(|()| us)
}

fn in_process(worker: &mut Child, steps: u64) -> Result<f64> {
    let begun = Instant::now();
    for _ in 0..JOBS {
        let right = call(worker, steps)? == chopped(steps, steps);
        ensure(right, "a process has another result")?;
    }
    Ok(begun.elapsed().as_secs_f64() * 1e6 / f64::from(JOBS))
}

// ANCHOR: break_even
use std::io::{self, ErrorKind, Read, Write};
use std::process::Child;

/// In a worker process: does one job after the other, as [`call`] sends them.
/// Returns when the other side sends no more, or has ended.
///
/// # Errors
///
/// The pipes are broken.
pub fn serve(job: impl Fn(u64) -> u64) -> io::Result<()> {
    let (mut from, mut to) = (io::stdin().lock(), io::stdout().lock());
    let mut bytes = [0; 8];
    loop {
        match from.read_exact(&mut bytes) {
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        to.write_all(&job(u64::from_le_bytes(bytes)).to_le_bytes())?;
        to.flush()?;
    }
}

/// Has a worker process do a job, and waits for the result. Its standard input
/// and output must be pipes. After an error, kill it and start another one.
///
/// # Errors
///
/// The worker has ended or died, and the job with it; or there is no pipe.
pub fn call(worker: &mut Child, job: u64) -> io::Result<u64> {
    let pipes = worker.stdin.as_mut().zip(worker.stdout.as_mut());
    let (to, from) = pipes.ok_or(ErrorKind::InvalidInput)?;
    let mut result = [0; 8];
    to.write_all(&job.to_le_bytes())?;
    from.read_exact(&mut result)?;
    Ok(u64::from_le_bytes(result))
}
// ANCHOR_END: break_even
