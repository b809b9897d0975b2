//! Break-even: how long must a job be, so that a worker process costs 10 %?
//!
//!     cargo run --release -p multiprocessing --bin break_even
//!
//! One worker thread and one worker process, both run already, both do the same
//! jobs. The thread takes its next job from a queue in memory. The process must
//! be sent each job through a pipe, and the answer must wake this process: a
//! round trip. So short jobs lose time, and long jobs do not notice. Bisection
//! finds the length from which the process takes at most 10 % longer than the
//! thread. The prediction is the difference of jobs without work, divided by
//! 10 %. In Python: `chunksize` of `Pool.map` makes long jobs of short ones.
//!
//! The program `cpu_bound` compares long work on all cores.
//!
//! Claims: M3
//! Change this and watch: `NEAR` of 1.02. The break-even length is then about
//! five times as long.
//!
//! Output (figures vary):
//!     thread 1.8 us, process 5.0 us, ratio 2.77
//!     thread 1044.7 us, process 1085.1 us, ratio 1.04
//!     thread 20.2 us, process 30.2 us, ratio 1.49
//!     thread 122.5 us, process 131.2 us, ratio 1.07
//!     thread 45.1 us, process 59.0 us, ratio 1.31
//!     thread 72.9 us, process 90.8 us, ratio 1.25
//!     thread 97.4 us, process 108.2 us, ratio 1.11
//!     thread 107.3 us, process 123.6 us, ratio 1.15
//!     near from 123 us on, predicted 32 us
//!     The article, M3: "It fits tasks that use much CPU and wait little."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to M3 is borne out: a process is 2.8 times as slow as a thread for jobs without work, 1.04 times for 1045 us

use std::process::Stdio;
use std::{sync::mpsc::channel, thread, time::Duration, time::Instant};

use shared::measure::{NoiseMeter, try_best_of};
use shared::watchdog::Watchdog;
use shared::{
    Result, chop, chopped, claim_timed, ensure, flags, notice_debug_build,
    role, say,
};

/// At most so many times as long as on the thread.
const NEAR: f64 = 1.1;
const JOBS: u32 = 10;
/// Steps of a job of two milliseconds, or less.
const LONGEST: u64 = 600_000;

fn main() -> Result {
    if let Some([]) = role::started_as("worker") {
        return Ok(serve(job)?);
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(20))?;
    let mut worker = role::command("worker")?;
    worker.stdin(Stdio::piped()).stdout(Stdio::piped());
    let (mut worker, meter) = (worker.spawn()?, NoiseMeter::start());
    let (none, thread_us) = compare(&mut worker, 0)?;
    let (longest, longest_us) = compare(&mut worker, LONGEST)?;
    let near_us = near_from(&mut worker)?;
    worker.wait()?; // which closes its input first, so it ends
    let predicted = (none - 1.0).max(0.0) * thread_us / (NEAR - 1.0);
    say!("near from {near_us:.0} us on, predicted {predicted:.0} us");
    let figure = format!(
        "a process is {none:.1} times as slow as a thread for jobs without \
         work, {longest:.2} times for {longest_us:.0} us"
    );
    claim_timed("M3", none > NEAR && longest <= NEAR, meter.read(), figure)
}

/// Bisection: how many microseconds a job takes, so that the process is near.
fn near_from(worker: &mut Child) -> Result<f64> {
    let (mut short, mut long, mut near_us) = (100_u64, LONGEST, f64::NAN);
    while long > short + short / 5 {
        let steps = (short * long).isqrt(); // half-way, by factors
        match compare(worker, steps)? {
            (ratio, us) if ratio <= NEAR => (long, near_us) = (steps, us),
            _ => short = steps,
        }
    }
    Ok(near_us)
}

/// CPU work only.
fn job(steps: u64) -> u64 {
    chop(steps, steps)
}

/// How many times as long as on the thread a job takes in the process, and how
/// many microseconds it takes on the thread.
fn compare(worker: &mut Child, steps: u64) -> Result<(f64, f64)> {
    let thread = try_best_of(5, || on_thread(steps))?;
    let process = try_best_of(5, || in_process(worker, steps))?;
    let ratio = process / thread;
    say!("thread {thread:.1} us, process {process:.1} us, ratio {ratio:.2}");
    Ok((ratio, thread))
}

fn on_thread(steps: u64) -> Result<f64> {
    let ((queue, jobs), (done, results)) = (channel(), channel());
    let worker = move || jobs.iter().try_for_each(|n| done.send(job(n)));
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
