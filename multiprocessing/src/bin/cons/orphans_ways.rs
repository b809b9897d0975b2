//! Orphans: which ways to end a worker with its parent also end a busy worker?
//!
//!     cargo run -p multiprocessing --bin orphans_ways
//!
//! Each parent is killed by SIGKILL, so it cannot end its worker itself. The
//! end of a pipe ends a worker that reads from the pipe, but not a worker that
//! is busy, unless a thread of the worker waits for that end. PDEATHSIG makes
//! the kernel kill the worker. A signal to the whole process group ends the
//! worker, too, but somebody has to send it. (This program ends the orphans
//! that it makes.)
//!
//! Read the program `orphans` first.
//!
//! Claims: M9
//! Change this and watch: let the busy worker read, too: leave out the line
//! with `"busy"` in `work`. Then a pipe is enough, and M9 is contradicted.
//!
//! Output (figures vary):
//!     way              idle worker  busy worker
//!     nothing          orphan       orphan
//!     pipe             ended        orphan
//!     pipe and thread  ended        ended
//!     PDEATHSIG        ended        ended
//!     process group    ended        ended
//!     Not in the article, M9: "Weaknesses: starting, encoding, and cleaning up."
//!     Our answer for Rust: holds (true)
//!     Our answer to M9 is borne out: after the parent 2 of 2 workers live on, with a pipe 1 of 2, with PDEATHSIG 0 of 2

use std::hint::spin_loop;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Stdio, id};
use std::time::Duration;

use nix::sys::prctl::set_child_subreaper;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::set_parent_process_death_signal;
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, kill_process};
use rustix::process::{kill_process_group, pidfd_open, waitpid};
use shared::{Result, Table, claim, flags, role, say, watchdog::Watchdog};

const ORPHAN: &str = "orphan";
const WAYS: [&str; 5] =
    ["nothing", "pipe", "pipe and thread", "PDEATHSIG", "process group"];

fn main() -> Result {
    if let Some([way, state]) = role::started_as("worker") {
        return work(&way, &state);
    }
    if let Some([way, state]) = role::started_as("parent") {
        return start_worker(&way, &state);
    }
    flags([]);
    let _bound = Watchdog::guard("the ends", Duration::from_secs(20))?;
    set_child_subreaper(true)?; // orphans become children of this process
    let mut table = Table::new(["way", "idle worker", "busy worker"]);
    let mut orphans = Vec::new();
    for way in WAYS {
        let ends = [outcome(way, "idle")?, outcome(way, "busy")?];
        table.row([&way, &ends[0], &ends[1]]);
        orphans.push(ends.iter().filter(|end| **end == ORPHAN).count());
    }
    table.print();
    let figure = format!(
        "after the parent {} of 2 workers live on, with a pipe {} of 2, with \
         PDEATHSIG {} of 2",
        orphans[0], orphans[1], orphans[3]
    );
    claim("M9", orphans == [2, 1, 0, 0, 0], figure)
}

/// Kills a parent and looks whether its worker ends, too.
fn outcome(way: &str, state: &str) -> Result<&'static str> {
    let mut parent = role::command("parent")?;
    parent.args([way, state]).process_group(0); // leads a group of its own
    parent.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut parent = parent.spawn()?;
    let from = parent.stdout.take().expect("it was piped");
    let mut pid = String::new();
    BufReader::new(from).read_line(&mut pid)?;
    let worker = Pid::from_raw(pid.trim().parse()?).expect("it is not 0");
    let end = pidfd_open(worker, PidfdFlags::empty())?;
    if way == "process group" {
        kill_process_group(Pid::from_child(&parent), Signal::KILL)?;
    }
    parent.kill()?;
    parent.wait()?;
    let limit = Timespec::try_from(Duration::from_millis(600))?;
    let ended = poll(&mut [PollFd::new(&end, PollFlags::IN)], Some(&limit))?;
    kill_process(worker, Signal::KILL)?; // a worker that has ended is a zombie
    waitpid(Some(worker), WaitOptions::empty())?;
    Ok(if ended == 0 { ORPHAN } else { "ended" })
}

/// The parent starts its worker, and waits until it is killed.
fn start_worker(way: &str, state: &str) -> Result {
    let mut worker = role::command("worker")?;
    let _pipe = worker.args([way, state]).stdin(Stdio::piped()).spawn()?;
    Ok(io::read_to_string(io::stdin()).map(drop)?)
}

fn work(way: &str, state: &str) -> Result {
    // Ends it if this whole program is killed.
    let _bound = Watchdog::guard("the worker", Duration::from_secs(5))?;
    if way == "PDEATHSIG" {
        // Its parent still lives: it is killed after the line that we print.
        set_parent_process_death_signal(Some(Signal::KILL))?;
    }
    if way == "pipe and thread" {
        end_with_stdin()?;
    }
    say!("{}", id()); // goes to the output of its parent
    loop {
        match (way, state) {
            (_, "busy") => spin_loop(),
            ("pipe", _) => {
                return Ok(io::read_to_string(io::stdin()).map(drop)?);
            }
            _ => thread::park(), // waits for anything else
        }
    }
}

// ANCHOR: orphans_ways
use std::{io, process, thread};

/// Ends this worker process as soon as its standard input ends, even if it is
/// busy: a thread waits for that. The parent starts the worker with
/// `Stdio::piped()` and keeps the other end, so the input ends with the parent.
/// Not only on Linux.
///
/// # Errors
///
/// The system starts no thread.
pub fn end_with_stdin() -> io::Result<()> {
    let wait = || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink()); // until its end
        process::exit(1)
    };
    thread::Builder::new().spawn(wait).map(drop)
}
// ANCHOR_END: orphans_ways
