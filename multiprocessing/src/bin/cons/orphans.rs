//! Orphans: worker processes do not end by themselves when their parent ends.
//!
//!     cargo run -p multiprocessing --bin orphans
//!
//! Eight parents are killed by SIGKILL, which no program can catch, so none of
//! them can tidy up. A worker that did nothing about it lives on as an orphan.
//! The end of a pipe ends a worker that reads from the pipe, but not one that
//! is busy. `PR_SET_PDEATHSIG` makes the kernel kill the worker. (It sees only
//! ends that come later, so the worker checks `getppid` after it.) A signal to
//! the whole process group ends all, too, but somebody has to send it. This
//! program ends the orphans that it makes. In Python: also processes with
//! `daemon=True` are left behind by SIGKILL.
//!
//! Claims: M9
//! Change this and watch: leave out the call of `die_with_parent`. Then its row
//! has two orphans, and M9 is contradicted.
//!
//! Output (figures vary):
//!     way            idle worker  busy worker
//!     nothing        orphan       orphan
//!     pipe           ended        orphan
//!     PDEATHSIG      ended        ended
//!     process group  ended        ended
//!     a worker is killed: its parent reads the end, and signal: 9 (SIGKILL)
//!     The article, M9: "Its weaknesses (not in the article): starting, encoding, and cleaning up."
//!     Our answer for Rust: holds (true)
//!     Our answer to M9 is borne out: the parent is killed: 2 of 2 workers live on if they do nothing about it, 1 of 2 with a pipe, 0 of 2 with PDEATHSIG

use std::io::{self, BufRead, BufReader, Read};
use std::os::{fd::OwnedFd, unix::process::CommandExt};
use std::process::{Child, ExitStatus, Stdio, id};
use std::{thread, time::Duration, time::Instant};

use nix::sys::prctl::set_child_subreaper;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, WaitOptions, kill_process};
use rustix::process::{kill_process_group, pidfd_open, waitpid};
use shared::{Result, Table, claim, flags, role, say, watchdog::Watchdog};

const WAYS: [&str; 4] = ["nothing", "pipe", "PDEATHSIG", "process group"];

fn main() -> Result {
    if let Some([way, state, parent]) = role::started_as("worker") {
        return work(&way, &state, parent.parse()?);
    }
    if let Some([way, state]) = role::started_as("parent") {
        return start_worker(&way, &state);
    }
    flags([]);
    let _bound = Watchdog::guard("the ends", Duration::from_secs(20))?;
    set_child_subreaper(true)?; // orphans become children of this process
    let families = WAYS.map(|way| [(way, "idle"), (way, "busy")]);
    let families = families.as_flattened().iter().map(Family::start);
    let mut families = families.collect::<Result<Vec<_>>>()?;
    families.iter_mut().try_for_each(Family::kill_parent)?;
    let deadline = Instant::now() + Duration::from_secs(1);
    let ends = families.iter().map(|family| family.end_worker(deadline));
    let ends = ends.collect::<Result<Vec<_>>>()?;
    let mut table = Table::new(["way", "idle worker", "busy worker"]);
    for (way, [idle, busy]) in WAYS.iter().zip(ends.as_chunks().0) {
        table.row([way, idle, busy]);
    }
    table.print();
    say!("a worker is killed: its parent reads the end, and {}", killed()?);
    let orphans = |row: usize| {
        ends[2 * row..][..2].iter().filter(|end| **end == "orphan").count()
    };
    let [nothing, pipe, signal, _] = [0, 1, 2, 3].map(orphans);
    let figure = format!(
        "the parent is killed: {nothing} of 2 workers live on if they do \
         nothing about it, {pipe} of 2 with a pipe, {signal} of 2 with \
         PDEATHSIG"
    );
    claim("M9", nothing == 2 && pipe == 1 && signal == 0, figure)
}

/// A process that is going to be killed, and its worker.
struct Family {
    way: &'static str,
    parent: Child,
    worker: Pid,
    end: OwnedFd,
}

impl Family {
    fn start((way, state): &(&'static str, &str)) -> Result<Family> {
        let mut parent = role::command("parent")?;
        parent.args([way, state]).process_group(0); // leads a group of its own
        parent.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut parent = parent.spawn()?;
        let from = parent.stdout.take().expect("it was piped");
        let mut pid = String::new();
        BufReader::new(from).read_line(&mut pid)?;
        let worker = Pid::from_raw(pid.trim().parse()?).expect("not 0");
        let end = pidfd_open(worker, PidfdFlags::empty())?;
        Ok(Family { way, parent, worker, end })
    }

    fn kill_parent(&mut self) -> Result {
        match self.way {
            "process group" => {
                kill_process_group(Pid::from_child(&self.parent), Signal::KILL)?
            }
            _ => self.parent.kill()?,
        }
        Ok(self.parent.wait().map(drop)?)
    }

    /// Finds whether the worker ends by itself; if it does not, ends it.
    fn end_worker(&self, deadline: Instant) -> Result<&'static str> {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left)?;
        let mut end = [PollFd::new(&self.end, PollFlags::IN)];
        let ended = poll(&mut end, Some(&left))? == 1;
        kill_process(self.worker, Signal::KILL)?; // a zombie does not mind
        waitpid(Some(self.worker), WaitOptions::empty())?;
        Ok(if ended { "ended" } else { "orphan" })
    }
}

/// The process that is killed: tells who its worker is, and does nothing more.
fn start_worker(way: &str, state: &str) -> Result {
    let mut worker = role::command("worker")?;
    worker.args([way, state, &id().to_string()]);
    worker.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let worker = worker.spawn()?;
    say!("{}", worker.id());
    Ok(io::stdin().read_to_end(&mut Vec::new()).map(drop)?)
}

fn work(way: &str, state: &str, parent: u32) -> Result {
    // No orphan is left if this whole program is killed.
    let _bound = Watchdog::guard("the worker", Duration::from_secs(5))?;
    if way == "PDEATHSIG" {
        die_with_parent(parent)?;
    }
    match (way, state) {
        (_, "busy") => loop {
            std::hint::spin_loop();
        },
        ("pipe", _) => Ok(io::stdin().read_to_end(&mut vec![]).map(drop)?),
        _ => loop {
            thread::park(); // waits for anything else
        },
    }
}

/// How a parent is told of the end of its worker.
fn killed() -> Result<ExitStatus> {
    let mut worker = role::command("worker")?;
    worker.args(["pipe", "idle", "0"]);
    let mut worker =
        worker.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    worker.kill()?;
    worker.stdout.take().expect("piped").read_to_end(&mut Vec::new())?;
    Ok(worker.wait()?)
}

// ANCHOR: orphans
use std::os::unix::process::parent_id;
use std::process::exit;

use rustix::process::{Signal, set_parent_process_death_signal};

/// Makes this process end when its parent ends, however that ends, also if this
/// process is busy. To be called first in a worker, which is told the pid of
/// its parent as an argument: a parent that has ended by now sends no signal.
///
/// The signal comes at the end of the *thread* that has started this process.
/// Processes that this one starts need a call of their own.
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
