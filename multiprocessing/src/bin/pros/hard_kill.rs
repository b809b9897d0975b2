//! Timeout by SIGKILL: a process that is stuck can be killed, a thread cannot.
//!
//!     cargo run -p multiprocessing --bin hard_kill
//!
//! One of four jobs is stuck in a loop that never checks anything. As a process
//! it is killed at its deadline. The parent knows which job it was, and the
//! other jobs are done. A thread cannot be killed from outside: the wait for
//! the thread can end, but the loop goes on and keeps a core busy. In Python:
//! `Process.join(timeout)`, then `Process.kill()`. Without the `kill` the
//! process goes on, too.
//!
//! The program `job_timeout` of the crate futures_pool does the same with our
//! `ProcessPool`.
//!
//! Claims: M8
//! Change this and watch: set `STUCK` to 9. No job has this number, so none is
//! killed, and M8 is contradicted.
//!
//! Output (times vary, counts do not):
//!     process: job 2 was gone 1 ms after its deadline
//!     thread: the wait for job 2 has ended
//!     Not in the article, M8: "Strengths: what crashes, leaks or hangs can be ended."
//!     Our answer for Rust: holds (true)
//!     Our answer to M8 is borne out: 1 of 4 jobs is killed, 3 of 4 are done; a stuck thread goes on

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::{os::unix::process::parent_id, process::id, time::Duration};

use nix::sys::{prctl::set_pdeathsig, signal::Signal::SIGKILL};
use shared::watchdog::{Watchdog, within};
use shared::{Result, claim, ensure, flags, role, say};

const LIMIT: Duration = Duration::from_millis(800);
const JOBS: u64 = 4;
const STUCK: u64 = 2;

fn main() -> Result {
    if let Some([job, parent]) = role::started_as("job") {
        return in_child(&job, &parent);
    }
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(20))?;
    let children = (0..JOBS).map(in_process).collect::<Result<Vec<_>>>()?;
    let deadline = Instant::now() + LIMIT;
    let (mut done, mut killed) = (0, Vec::new());
    for (n, child) in (0..).zip(children) {
        match join_until(child, deadline)? {
            Some(status) => done += u64::from(status.success()),
            None => {
                killed.push(n);
                let ms = deadline.elapsed().as_millis();
                say!("process: job {n} was gone {ms} ms after its deadline");
            }
        }
    }
    let (stuck, goes_on) = (killed.len(), thread_goes_on());
    let word = if goes_on { "goes on" } else { "has ended" };
    let figure = format!(
        "{stuck} of {JOBS} jobs is killed, {done} of {JOBS} are done; a stuck \
         thread {word}"
    );
    claim("M8", done == JOBS - 1 && killed == [STUCK] && goes_on, figure)
}

static TURNS: AtomicU64 = AtomicU64::new(0);

fn work(job: u64) {
    if job == STUCK {
        loop {
            TURNS.fetch_add(1, Relaxed); // and checks nothing
        }
    }
}

fn in_child(job: &str, parent: &str) -> Result {
    // This process is killed when its parent ends. If the parent has ended
    // already, no signal comes. (`multiprocessing::end_with_parent` does both.)
    set_pdeathsig(SIGKILL)?;
    ensure(parent == parent_id().to_string(), "the parent has ended")?;
    work(job.parse()?);
    Ok(())
}

fn in_process(job: u64) -> Result<Child> {
    let mut command = role::command("job")?;
    Ok(command.args([job.to_string(), id().to_string()]).spawn()?)
}

/// Whether the stuck job still works when the wait for it has ended.
fn thread_goes_on() -> bool {
    // `within` runs this on a thread, and waits for it no longer than LIMIT.
    let _too_late = within(LIMIT, || work(STUCK));
    say!("thread: the wait for job {STUCK} has ended");
    let turns = TURNS.load(Relaxed);
    // Whether the loop counts further, within a limit.
    within(4 * LIMIT, move || while TURNS.load(Relaxed) == turns {}).is_ok()
}

// ANCHOR: hard_kill
use std::io;
use std::process::{Child, ExitStatus};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// Waits for the end of a child, but not longer than until a deadline. Returns
/// how the child ended, or `None` if it was killed at its deadline. In every
/// case the child is reaped, also after an error.
///
/// A pipe to the child is closed at once. A pipe from the child is not read: a
/// child that fills it waits until the deadline. What the child has started
/// itself is not killed.
///
/// # Errors
///
/// The child could not be watched; it has been killed.
pub fn join_until(
    child: Child,
    deadline: Instant,
) -> io::Result<Option<ExitStatus>> {
    let mut child = Reaped(child);
    drop(child.0.stdin.take()); // as `Child::wait` does
    while child.0.try_wait()?.is_none() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None); // drops `child`: killed and reaped
        }
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        let end = pidfd_open(Pid::from_child(&child.0), PidfdFlags::empty())?;
        // Waits until the child ends, the deadline comes, or a signal disturbs:
        // then the loop looks again.
        let _ = poll(&mut [PollFd::new(&end, PollFlags::IN)], Some(&left));
    }
    child.0.wait().map(Some)
}

/// A child that is killed and waited for when this is dropped.
struct Reaped(Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        let _ = self.0.kill(); // after `wait` there is nothing to kill
        let _ = self.0.wait();
    }
}
// ANCHOR_END: hard_kill
