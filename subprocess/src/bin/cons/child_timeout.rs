//! Timeout of a wait: it ends the wait, and does not end the child.
//!
//!     cargo run -p subprocess --bin child_timeout
//!
//! `Child::wait` has no time limit; the function to copy, `wait_timeout`, has
//! one. But a limit ends nothing: the child lives on until it is killed. And to
//! kill the child is not enough, if it has started a process of its own (a
//! grandchild). The grandchild has inherited the output of the child, so a read
//! of this output (`wait_with_output`) goes on until the grandchild ends. The
//! cure: a process group for the child, and a kill for the group. In Python
//! `run(timeout=..)` kills the child alone and leaves the grandchild;
//! `communicate()` after a `kill()` waits in the same way.
//!
//! The program `child_timeout_ways` has the limits of duct and tokio, and
//! `run_child` is a whole function with a limit for all that a child starts.
//!
//! Claims: S7
//! Change this and watch: write `kill_and_look(false)?` instead of
//! `kill_and_look(true)?`. Then the kill does not reach the grandchild, and S7
//! is contradicted.
//!
//! Output (figures vary):
//!     after 100ms the child has ended: false
//!       killed: signal: 9 (SIGKILL); then its output ends: false
//!     after 100ms the child has ended: false
//!       killed: signal: 9 (SIGKILL); then its output ends: true
//!     Not in the article, S7: "A wait can have a timeout."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to S7 is borne out: after a kill of the child its output does not end; after a kill of the group it ends

use std::io::{BufRead, BufReader};
use std::os::{fd::AsFd, unix::process::CommandExt};
use std::process::Stdio;

use nix::sys::prctl::set_child_subreaper;
use rustix::process::{Signal, WaitOptions, kill_process_group, waitpid};
use shared::{Result, claim, flags, role, say, watchdog::Watchdog};

const LIMIT: Duration = Duration::from_millis(100);

fn main() -> Result {
    if let Some([who]) = role::started_as("family") {
        return member(&who);
    }
    flags([]);
    let _bound = Watchdog::guard("the families", Duration::from_secs(20))?;
    set_child_subreaper(true)?; // then we can wait for grandchildren
    let child = kill_and_look(false)?;
    let group = kill_and_look(true)?;
    let word = |ends| if ends { "ends" } else { "does not end" };
    let figure = format!(
        "after a kill of the child its output {}; after a kill of the group it \
         {}",
        word(child),
        word(group)
    );
    claim("S7", !child && group, figure)
}

/// The child and the grandchild wait until nobody can write to their stdin.
fn member(who: &str) -> Result {
    if who == "child" {
        role::command("family")?.arg("grandchild").spawn()?;
    } else {
        say!("{}", std::process::id()); // to the stdout of both
    }
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

/// Kills a child, or its group, at a limit. Whether its output ends then.
fn kill_and_look(whole_group: bool) -> Result<bool> {
    let mut child = role::command("family")?
        .arg("child")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0) // a group of its own
        .spawn()?;
    let leash = child.stdin.take();
    let mut stdout = BufReader::new(child.stdout.take().expect("it was piped"));
    let mut grandchild = String::new();
    stdout.read_line(&mut grandchild)?; // both are there
    let status = wait_timeout(&mut child, LIMIT)?;
    say!("after {LIMIT:?} the child has ended: {}", status.is_some());
    if whole_group {
        kill_process_group(Pid::from_child(&child), Signal::KILL)?;
    } else {
        child.kill()?;
    }
    let status = child.wait()?;
    // A read until the end would hang here. (This one has a limit.)
    let ends = has_end(stdout.get_ref())?;
    say!("  killed: {status}; then its output ends: {ends}");
    drop(leash); // ends the grandchild
    waitpid(Pid::from_raw(grandchild.trim().parse()?), WaitOptions::empty())?;
    Ok(ends)
}

/// Whether a pipe has no writer any more. Those who are killed may need a
/// moment to end.
fn has_end(pipe: impl AsFd) -> io::Result<bool> {
    let second = Timespec { tv_sec: 1, tv_nsec: 0 };
    // The grandchild is silent: only the end of the pipe is an event.
    Ok(poll(&mut [PollFd::new(&pipe, PollFlags::IN)], Some(&second))? == 1)
}

// ANCHOR: child_timeout
use std::io;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// Waits for the end of a child, but not longer than `limit`: then it returns
/// `None`. The child is not killed, and another wait can follow. This does not
/// look again and again: it sleeps until the child ends (Linux: a pidfd).
///
/// The pipes of the child are left alone. So a child that writes much, or reads
/// to the end of its input, does not end: see to its pipes before.
///
/// # Errors
///
/// The system cannot wait for the child.
pub fn wait_timeout(
    child: &mut Child,
    limit: Duration,
) -> io::Result<Option<ExitStatus>> {
    let deadline = Instant::now().checked_add(limit); // `None`: never
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let left =
            deadline.map(|d| d.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            return Ok(None);
        }
        // More than the system can count is never, too.
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        let end = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
        match poll(&mut [PollFd::new(&end, PollFlags::IN)], left.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {} // look how it is
            Err(error) => return Err(error.into()),
        }
    }
}
// ANCHOR_END: child_timeout
