//! Timeout and job control: a time limit has to pause while we are stopped.
//!
//!     cargo run -p subprocess --bin paused_timer
//!
//! Ctrl+Z (SIGTSTP) stops a process until SIGCONT comes. The clock of `Instant`
//! goes on. So after a long stop a deadline is over, and a wrapper kills a job
//! that has not even run. The cure: pause the timer before the stop, resume it
//! after the stop. The stop itself must be SIGSTOP, because a handler of
//! SIGTSTP takes the place of the default. The program `forward_signals` has
//! the other half: its child is stopped, too. In Python: `signal.SIGTSTP`.
//!
//! Change this and watch: delete the line `timer.pause();`. Then both are over
//! after the stop, and the program ends with an error.
//!
//! Output (figures vary):
//!     stopped for 1s: the deadline is over
//!     stopped for 1s: the paused timer is not over

use std::io::{BufRead, BufReader};
use std::os::unix::process::parent_id;
use std::process::{Stdio, id};
use std::thread;

use rustix::process::{Pid, Signal, WaitOptions, kill_process};
use rustix::process::{set_parent_process_death_signal, waitpid};
use shared::watchdog::Watchdog;
use shared::{Result, ensure, flags, role, say};
use signal_hook::consts::{SIGSTOP, SIGTSTP};
use signal_hook::{iterator::Signals, low_level::raise};

const LIMIT: Duration = Duration::from_secs(1);

fn main() -> Result {
    let _bound = Watchdog::guard("the job", Duration::from_secs(10))?;
    if let Some([parent]) = role::started_as("job") {
        return job(parent.parse()?);
    }
    flags([]);
    let mut job = role::command("job")?;
    job.arg(id().to_string()).stdout(Stdio::piped());
    let mut job = job.spawn()?;
    let stdout = job.stdout.take().expect("it was piped");
    let mut said = BufReader::new(stdout).lines();
    said.next().transpose()?; // its time runs
    let pid = Pid::from_child(&job);
    kill_process(pid, Signal::TSTP)?;
    waitpid(Some(pid), WaitOptions::UNTRACED)?; // it has stopped
    thread::sleep(LIMIT); // longer than its time limit
    kill_process(pid, Signal::CONT)?;
    let said = said.collect::<Result<Vec<_>, _>>()?;
    let ended = job.wait()?;
    said.iter().for_each(|line| say!("{line}"));
    ensure(ended.success(), "the job failed")
}

fn job(parent: u32) -> Result {
    // Ends with its parent, also while it is stopped.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if parent_id() != parent {
        return Ok(()); // it had ended before
    }
    let mut signals = Signals::new([SIGTSTP])?;
    let deadline = Instant::now() + LIMIT; // WRONG: it goes on in a stop
    let mut timer = PausedTimer::start(LIMIT);
    say!("ready");
    signals.forever().next(); // Ctrl+Z
    timer.pause();
    raise(SIGSTOP)?; // goes on here at SIGCONT
    timer.resume();
    let [late, paused] = [deadline <= Instant::now(), timer.left().is_zero()];
    let word = |over| if over { "is over" } else { "is not over" };
    say!("stopped for {LIMIT:?}: the deadline {}", word(late));
    say!("stopped for {LIMIT:?}: the paused timer {}", word(paused));
    ensure(late && !paused, "the timers differ from what is said here")
}

// ANCHOR: paused_timer
use std::time::{Duration, Instant};

/// A time limit that can be paused: it counts only while it runs.
#[derive(Clone, Copy, Debug)]
pub struct PausedTimer {
    left: Duration,
    runs_since: Option<Instant>,
}

impl PausedTimer {
    /// Starts to count.
    pub fn start(limit: Duration) -> PausedTimer {
        PausedTimer { left: limit, runs_since: Some(Instant::now()) }
    }

    /// Stops counting; nothing changes if it is paused.
    pub fn pause(&mut self) {
        self.left = self.left();
        self.runs_since = None;
    }

    /// Goes on counting; nothing changes if it runs.
    pub fn resume(&mut self) {
        self.runs_since.get_or_insert_with(Instant::now);
    }

    /// What is left of the limit; zero: it is over.
    pub fn left(&self) -> Duration {
        let ran = self.runs_since.map_or(Duration::ZERO, |at| at.elapsed());
        self.left.saturating_sub(ran)
    }
}
// ANCHOR_END: paused_timer
