//! Orphans: worker processes do not end by themselves when their parent ends.
//!
//!     cargo run -p multiprocessing --bin orphans
//!
//! Two parents are killed by SIGKILL. No program can catch this signal, so
//! neither parent can end its worker first. The worker that did nothing about
//! it lives on: it is an orphan. The other worker has asked the kernel for a
//! signal at the end of its parent (`PR_SET_PDEATHSIG`), so the kernel kills
//! it, although it is busy. In Python even a `Process` with `daemon=True` is
//! left behind if its parent is killed by SIGKILL. (This program ends the
//! orphan that it makes.) In our library: `multiprocessing::end_with_parent`.
//!
//! The program `orphans_ways` has other ways to end a worker.
//!
//! Claims: M9
//! Change this and watch: leave out the call of `die_with_parent`. Then both
//! workers are orphans, and M9 is contradicted.
//!
//! Output (figures vary):
//!     nothing done: the worker lives on as an orphan
//!     PDEATHSIG: the worker has ended
//!     Not in the article, M9: "Weaknesses: starting, encoding, and cleaning up."
//!     Our answer for Rust: holds (true)
//!     Our answer to M9 is borne out: a busy worker whose parent is killed lives on as an orphan; with PDEATHSIG it has ended

use std::hint::spin_loop;
use std::io::{self, BufRead, BufReader};
use std::process::{Stdio, id};
use std::time::Duration;

use nix::sys::prctl::set_child_subreaper;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, WaitOptions, kill_process};
use rustix::process::{pidfd_open, waitpid};
use shared::{Result, claim, flags, role, say, watchdog::Watchdog};

fn main() -> Result {
    if let Some([way, parent]) = role::started_as("worker") {
        return work(&way, parent.parse()?);
    }
    if let Some([way]) = role::started_as("parent") {
        return start_worker(&way);
    }
    flags([]);
    let _bound = Watchdog::guard("the ends", Duration::from_secs(20))?;
    set_child_subreaper(true)?; // then it, not init, reaps the orphans
    let nothing = outlives_its_parent("nothing")?;
    let signal = outlives_its_parent("PDEATHSIG")?;
    let word =
        |orphan| if orphan { "lives on as an orphan" } else { "has ended" };
    say!("nothing done: the worker {}", word(nothing));
    say!("PDEATHSIG: the worker {}", word(signal));
    let figure = format!(
        "a busy worker whose parent is killed {}; with PDEATHSIG it {}",
        word(nothing),
        word(signal)
    );
    claim("M9", nothing && !signal, figure)
}

/// Kills a parent and looks whether its worker still runs a second later.
fn outlives_its_parent(way: &str) -> Result<bool> {
    let mut parent = role::command("parent")?
        .arg(way)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let from = parent.stdout.take().expect("it was piped");
    let mut pid = String::new();
    BufReader::new(from).read_line(&mut pid)?;
    let worker = Pid::from_raw(pid.trim().parse()?).expect("it is not 0");
    let end = pidfd_open(worker, PidfdFlags::empty())?;
    parent.kill()?;
    parent.wait()?;
    let limit = Timespec::try_from(Duration::from_secs(1))?;
    let ended = poll(&mut [PollFd::new(&end, PollFlags::IN)], Some(&limit))?;
    kill_process(worker, Signal::KILL)?; // no error if it has ended: a zombie
    waitpid(Some(worker), WaitOptions::empty())?;
    Ok(ended == 0) // the time was over first
}

/// The parent starts its worker, and waits until it is killed.
fn start_worker(way: &str) -> Result {
    let mut worker = role::command("worker")?;
    worker.args([way, &id().to_string()]).stdin(Stdio::null()).spawn()?;
    Ok(io::read_to_string(io::stdin()).map(drop)?)
}

fn work(way: &str, parent: u32) -> Result {
    // If the whole program is killed, this ends the worker after a while.
    let _bound = Watchdog::guard("the worker", Duration::from_secs(5))?;
    if way == "PDEATHSIG" {
        die_with_parent(parent)?;
    }
    say!("{}", id()); // to the first process, through the stdout of its parent
    loop {
        spin_loop(); // busy: would not see the end of a pipe
    }
}

// ANCHOR: orphans
use std::os::unix::process::parent_id;
use std::process::exit;

use rustix::process::{Signal, set_parent_process_death_signal};

/// The kernel kills this process when its parent ends, in any way, and even if
/// this process is busy. Call this first in a worker. `parent` is the pid of
/// the parent (`std::process::id` there), which the worker gets for example as
/// an argument. It is needed because a parent that has ended before this call
/// sends no signal.
///
/// The signal comes at the end of the *thread* that has started this process.
/// So start workers from a thread that lives longer than they do. Processes
/// that this one starts need a call of their own.
///
/// # Errors
///
/// The system has no such signal.
pub fn die_with_parent(parent: u32) -> std::io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if parent_id() != parent {
        exit(1); // the parent ended before the line above
    }
    Ok(())
}
// ANCHOR_END: orphans
