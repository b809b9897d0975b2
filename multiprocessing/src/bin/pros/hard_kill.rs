//! Timeout by SIGKILL: a process that is stuck can be killed, a thread cannot.
//!
//!     cargo run -p multiprocessing --bin hard_kill
//!
//! One of four jobs is stuck in a loop that never checks anything. As a process
//! it is killed at its deadline; the parent knows which job it was, and the
//! other jobs are done. A thread cannot be killed from outside: the wait for
//! it can end, but the loop goes on and keeps a core busy. In Python:
//! `Process.join(timeout)`, then `Process.kill()`; without the `kill` the
//! process goes on, too.
//!
//! The program `job_timeout` does the same with our `ProcessPool`.
//!
//! Claims: M8
//! Change this and watch: `STUCK` of 9. No job has this number, so none is
//! killed, and M8 is contradicted.
//!
//! Output (times vary, counts do not):
//!     processes: 3 of 4 jobs are done, [2] was killed
//!     thread: the wait has ended, and the job goes on
//!     The article, M8: "Its strengths (not in the article): what crashes, leaks or hangs can be ended."
//!     Our answer for Rust: holds (true)
//!     Our answer to M8 is borne out: one of 4 jobs is stuck: as a process it is killed, 3 are done; as a thread it goes on

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::{os::unix::process::parent_id, process::id, thread};

use nix::sys::{prctl::set_pdeathsig, signal::Signal::SIGKILL};
use shared::watchdog::{Watchdog, within};
use shared::{Result, claim, flags, role, say};

const LIMIT: Duration = Duration::from_millis(800);
const JOBS: u64 = 4;
const STUCK: u64 = 2;

fn main() -> Result {
    if let Some([job, parent]) = role::started_as("job") {
        set_pdeathsig(SIGKILL)?; // it ends when its parent is killed, or
        if parent == parent_id().to_string() {
            say!("{}", work(job.parse()?)); // has ended by now
        }
        return Ok(());
    }
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(20))?;
    let jobs = (0..JOBS).map(|n| thread::spawn(move || in_process(n)));
    let jobs: Vec<_> = jobs.collect(); // all of them run now
    let (mut done, mut killed) = (0, Vec::new());
    for (n, job) in (0..).zip(jobs) {
        match job.join().expect("no panic")? {
            Some(output) => done += u64::from(output.status.success()),
            None => killed.push(n),
        }
    }
    say!("processes: {done} of {JOBS} jobs are done, {killed:?} was killed");
    let goes_on = thread_goes_on();
    let word = if goes_on { "goes on" } else { "has ended" };
    say!("thread: the wait has ended, and the job {word}");
    let figure = format!(
        "one of {JOBS} jobs is stuck: as a process it is killed, {done} are \
         done; as a thread it {word}"
    );
    claim("M8", done == JOBS - 1 && killed == [STUCK] && goes_on, figure)
}

static TURNS: AtomicU64 = AtomicU64::new(0);

fn work(job: u64) -> u64 {
    if job == STUCK {
        loop {
            TURNS.fetch_add(1, Relaxed); // and checks nothing
        }
    }
    job * job
}

fn in_process(job: u64) -> Result<Option<Output>> {
    let mut command = role::command("job")?;
    command.args([job.to_string(), id().to_string()]);
    Ok(output_within(&mut command, LIMIT)?)
}

/// Whether the stuck job still works when the wait for it has ended.
fn thread_goes_on() -> bool {
    let _stalled = within(LIMIT, || work(STUCK));
    let turns = TURNS.load(Relaxed);
    within(4 * LIMIT, move || while TURNS.load(Relaxed) == turns {}).is_ok()
}

// ANCHOR: hard_kill
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use std::{fs::File, io, os::unix::fs::FileExt};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// Runs a process with a time limit: what it wrote to its standard output, and
/// how it ended; `None` if it was killed at its deadline. The output goes to a
/// file in memory, so the process never waits for somebody to read it. What it
/// has started itself is neither killed nor waited for.
///
/// # Errors
///
/// The process could not be started or watched; then it does not go on.
pub fn output_within(
    command: &mut Command,
    limit: Duration,
) -> io::Result<Option<Output>> {
    let flags = MemfdFlags::CLOEXEC;
    let file = memfd_create("output", flags | MemfdFlags::NOEXEC_SEAL)
        .or_else(|_| memfd_create("output", flags))?; // by an old kernel
    let file = File::from(file);
    command.stdin(Stdio::null()).stdout(file.try_clone()?);
    let deadline = Instant::now() + limit;
    let mut child = Reaped(command.spawn()?);
    let end = pidfd_open(Pid::from_child(&child.0), PidfdFlags::empty())?;
    while child.0.try_wait()?.is_none() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None); // drops `child`: killed and reaped
        }
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&end, PollFlags::IN)], Some(&left)) {
            Ok(_) | Err(Errno::INTR) => {} // its end, the deadline, a signal
            Err(error) => return Err(error.into()),
        }
    }
    let mut stdout = vec![0; file.metadata()?.len() as usize];
    file.read_exact_at(&mut stdout, 0)?;
    let (status, stderr) = (child.0.wait()?, Vec::new());
    Ok(Some(Output { status, stdout, stderr }))
}

/// A child that is killed and waited for when this is dropped.
struct Reaped(Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        let _ = self.0.kill(); // does nothing after `wait`
        let _ = self.0.wait();
    }
}
// ANCHOR_END: hard_kill
