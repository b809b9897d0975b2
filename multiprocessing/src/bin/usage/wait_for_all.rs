//! Multiplexing: one `poll` for several workers, their ends, and a timer.
//!
//!     cargo run -p multiprocessing --bin wait_for_all
//!
//! On Linux a pipe, a timer (timerfd) and the end of a process (pidfd) are file
//! descriptors. `poll` waits for all of them at the same time, in one thread,
//! and tells which of them are ready. The end of a pipe (EOF) counts as ready,
//! because a read does not block then. The part to copy is `wait_for_any`: it
//! returns when any of them is ready. Take what has ended off the list, or
//! each later `poll` returns at once. In Python:
//! `multiprocessing.connection.wait([connection, process.sentinel])`.
//!
//! Change this and watch: leave out the line with `read(..)`. The output of
//! worker 1 then stays ready, and the program ends with an error.
//!
//! Output (figures vary):
//!     nobody does anything: ready are []
//!     worker 1 answers: ready are ["output 1"]
//!     worker 2 is killed: ready are ["output 2", "end 2"]
//!     the timer rings: ready are ["output 2", "end 2", "timer"]

use std::io::Write;
use std::os::fd::AsFd;
use std::process::{Child, Stdio};

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use rustix::time::{Itimerspec, TimerfdClockId as Clock, TimerfdFlags};
use rustix::time::{TimerfdTimerFlags, timerfd_create, timerfd_settime};
use shared::{Result, ensure, flags, role, say, watchdog::Watchdog};

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(2);

fn main() -> Result {
    let _bound = Watchdog::guard("the events", Duration::from_secs(9))?;
    if let Some([]) = role::started_as("echo") {
        return Ok(io::copy(&mut io::stdin(), &mut io::stdout()).map(drop)?);
    }
    flags([]);
    let (mut one, mut two) = (start()?, start()?);
    let [out_1, out_2] = [one.stdout.take(), two.stdout.take()]
        .map(|stdout| stdout.expect("it was piped"));
    let end_2 = pidfd_open(Pid::from_child(&two), PidfdFlags::empty())?;
    let timer = timerfd_create(Clock::Monotonic, TimerfdFlags::CLOEXEC)?;
    let all = [out_1.as_fd(), out_2.as_fd(), end_2.as_fd(), timer.as_fd()];

    ready("nobody does anything", &all, &[])?;
    one.stdin.as_mut().expect("it was piped").write_all(b"7\n")?;
    ready("worker 1 answers", &all, &["output 1"])?;
    rustix::io::read(&out_1, &mut [0; 2])?;
    two.kill()?;
    wait_for_any(&[end_2.as_fd()], LONG)?;
    ready("worker 2 is killed", &all, &["output 2", "end 2"])?;
    ring_after(SHORT, &timer)?;
    wait_for_any(&[timer.as_fd()], LONG)?;
    ready("the timer rings", &all, &["output 2", "end 2", "timer"])?;
    one.wait()?; // closes its stdin, and so it ends
    two.wait()?; // still to be done: `poll` only looks
    Ok(())
}

fn start() -> Result<Child> {
    let mut command = role::command("echo")?;
    Ok(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?)
}

fn ring_after(time: Duration, timer: &impl AsFd) -> Result {
    let [it_interval, it_value] =
        [Duration::ZERO, time].map(Timespec::try_from);
    let once = Itimerspec { it_interval: it_interval?, it_value: it_value? };
    timerfd_settime(timer, TimerfdTimerFlags::empty(), &once)?;
    Ok(())
}

fn ready(when: &str, all: &[BorrowedFd<'_>], wanted: &[&str]) -> Result {
    let names = ["output 1", "output 2", "end 2", "timer"];
    let limit = if wanted.is_empty() { SHORT } else { LONG };
    let ready = wait_for_any(all, limit)?;
    let ready: Vec<&str> = ready.into_iter().map(|n| names[n]).collect();
    say!("{when}: ready are {ready:?}");
    ensure(ready == wanted, "something else was ready")
}

// ANCHOR: wait_for_all
use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Waits until at least one of these files can be read without waiting, or has
/// ended (EOF). Returns the numbers of all for which this is true; none when
/// the limit is over.
///
/// # Errors
///
/// The system has no memory for it.
pub fn wait_for_any(
    files: &[BorrowedFd<'_>],
    limit: Duration,
) -> io::Result<Vec<usize>> {
    let readable = |file: &_| PollFd::from_borrowed_fd(*file, PollFlags::IN);
    let mut polled: Vec<_> = files.iter().map(readable).collect();
    let begun = Instant::now();
    loop {
        let left = limit.saturating_sub(begun.elapsed());
        let left = Timespec::try_from(left).ok(); // `None`: longer than anybody
        match poll(&mut polled, left.as_ref()) {
            Err(Errno::INTR) => {} // a signal: wait for the rest of the time
            Err(error) => return Err(error.into()),
            Ok(_) => break,
        }
    }
    let is_ready = |n: &usize| !polled[*n].revents().is_empty();
    Ok((0..files.len()).filter(is_ready).collect())
}
// ANCHOR_END: wait_for_all
