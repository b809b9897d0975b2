//! Break-even: how long must a job be, so that a worker process costs 10 %?
//!
//!     cargo run --release -p multiprocessing --bin break_even
//!
//! A worker thread gets its jobs through a channel, a worker process through a
//! pipe. Both run already, both do the same job, one at a time. The way to the
//! process and back (the round trip, latency) takes longer, so short jobs lose
//! time there, and long ones do not notice. Bisection finds the length from
//! which the process needs at most 10 % more time than the thread. Prediction:
//! (length + process trip) / (length + thread trip) = 1.1.
//!
//! The program `cpu_bound` compares long work on all cores.
//!
//! Claims: M3
//! Change this and watch: `NEAR` of 1.01. The break-even length is then about
//! ten times as long.
//!
//! Output (figures vary):
//!     x

use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::{fs::File, os::fd::AsFd, thread, time::Duration};

use shared::measure::{Noise, NoiseMeter, median, now};
use shared::watchdog::Watchdog;
use shared::{
    Failure, Result, Table, chop, chopped, claim_timed, ensure, flags,
    notice_debug_build, role, say,
};

/// Not more than so many times the time of the thread.
const NEAR: f64 = 1.1;
const ROUNDS: usize = 41;
/// Longer than the break-even on any machine: about a millisecond.
const MOST_STEPS: u64 = 400_000;

fn main() -> Result {
    if let Some([]) = role::started_as("worker") {
        let stdin = io::stdin().as_fd().try_clone_to_owned()?;
        let stdout = io::stdout().as_fd().try_clone_to_owned()?;
        return Ok(serve(File::from(stdin), File::from(stdout), job)?);
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(20))?;
    let (mut workers, meter) = (Workers::start()?, NoiseMeter::start());
    let mut table = Table::new(["job us", "thread us", "process us", "ratio"]);
    let no_job = workers.times(0)?.told(&mut table);
    let longest = workers.times(MOST_STEPS)?.told(&mut table);
    let (mut short, mut long, mut found) = (100, MOST_STEPS, longest);
    while long > short + short / 10 {
        let middle = (short * long).isqrt(); // half-way by factors
        let times = workers.times(middle)?.told(&mut table);
        if times.ratio() > NEAR {
            short = middle;
        } else {
            (long, found) = (middle, times);
        }
    }
    table.print();
    workers.end()?;
    judge(no_job, longest, found, meter.read())
}

/// One of each kind. It waits for its next job.
struct Workers {
    to_thread: Sender<u64>,
    from_thread: Receiver<u64>,
    process: Child,
    to_process: ChildStdin,
    from_process: ChildStdout,
}

impl Workers {
    fn start() -> Result<Workers> {
        let (to_thread, jobs) = channel();
        let (done, from_thread) = channel();
        // It ends when `to_thread` is dropped.
        thread::Builder::new().spawn(move || {
            jobs.iter().try_for_each(|steps| done.send(job(steps)))
        })?;
        let mut process = role::command("worker")?;
        process.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = process.spawn()?;
        let to_process = process.stdin.take().expect("it is a pipe");
        let from_process = process.stdout.take().expect("it is a pipe");
        Ok(Workers {
            to_thread,
            from_thread,
            process,
            to_process,
            from_process,
        })
    }

    /// Here, on the thread and in the process, in turns: what disturbs one of
    /// them disturbs all.
    fn times(&mut self, steps: u64) -> Result<Times> {
        let mut rounds = [(); 3].map(|()| Vec::new());
        let mut timed = |way: usize, done: &mut dyn FnMut() -> Result<u64>| {
            let begun = now();
            let right = done()? == chopped(steps, steps);
            rounds[way].push(now() - begun);
            ensure(right, "a job has another result")
        };
        for _ in 0..ROUNDS {
            timed(0, &mut || Ok(job(steps)))?;
            timed(1, &mut || {
                self.to_thread.send(steps)?;
                Ok(self.from_thread.recv()?)
            })?;
            timed(2, &mut || {
                let pipes = (&mut self.to_process, &mut self.from_process);
                Ok(call(pipes.0, pipes.1, steps)?)
            })?;
        }
        let [here, thread, process] =
            rounds.map(|times| median(&times).as_secs_f64() * 1e6);
        Ok(Times { here, thread, process })
    }

    fn end(mut self) -> Result {
        drop((self.to_process, self.to_thread)); // no more jobs
        ensure(self.process.wait()?.success(), "the worker has failed")
    }
}

/// Medians in microseconds.
#[derive(Clone, Copy)]
struct Times {
    here: f64,
    thread: f64,
    process: f64,
}

impl Times {
    fn ratio(self) -> f64 {
        self.process / self.thread
    }

    fn told(self, table: &mut Table<4>) -> Times {
        let us = [self.here, self.thread, self.process];
        let [here, thread, process] = us.map(|us| format!("{us:.1}"));
        let ratio = format!("{:.2}", self.ratio());
        table.row([&here, &thread, &process, &ratio]);
        self
    }
}

/// It takes longer, the more steps it has.
fn job(steps: u64) -> u64 {
    chop(steps, steps)
}

fn judge(no_job: Times, longest: Times, found: Times, noise: Noise) -> Result {
    let Times { thread, process, .. } = no_job;
    let predicted = ((process - NEAR * thread) / (NEAR - 1.0)).max(0.0);
    say!(
        "from {:.0} us on a process is near, predicted {predicted:.0} us",
        found.here
    );
    let figure = format!(
        "CPU work of no length takes {:.1} times as long in a process as on a \
         thread, of {:.0} us at most {NEAR} times, of {:.0} us {:.2} times",
        no_job.ratio(),
        found.here,
        longest.here,
        longest.ratio(),
    );
    let long_enough = longest.ratio() <= NEAR;
    claim_timed("M3", no_job.ratio() > NEAR && long_enough, noise, figure)
}

// ANCHOR: break_even
use std::io::{self, ErrorKind, Read, Write};

/// In a worker process: does one job after the other, as [`call`] sends them,
/// until the other side sends no more, or has ended.
///
/// # Errors
///
/// The pipes are broken, or a job was cut.
pub fn serve(
    mut from: impl Read,
    mut to: impl Write,
    job: impl Fn(u64) -> u64,
) -> io::Result<()> {
    let mut bytes = [0; 8];
    loop {
        // Of a job that is cut, only the first byte would come.
        match from.read(&mut bytes[..1]) {
            Ok(0) => return Ok(()),
            Ok(_) => from.read_exact(&mut bytes[1..])?,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        to.write_all(&job(u64::from_le_bytes(bytes)).to_le_bytes())?;
        to.flush()?;
    }
}

/// Has a worker process do a job, and waits for the result. The pipes are its
/// standard input and output: `stdin` and `stdout` of the `Child`.
///
/// # Errors
///
/// The worker has died, or has ended.
pub fn call(
    to: &mut impl Write,
    from: &mut impl Read,
    job: u64,
) -> io::Result<u64> {
    let mut result = [0; 8];
    to.write_all(&job.to_le_bytes())?;
    to.flush()?;
    from.read_exact(&mut result)?;
    Ok(u64::from_le_bytes(result))
}
// ANCHOR_END: break_even
