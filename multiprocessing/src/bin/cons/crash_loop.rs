//! Crash loop: a supervisor needs a back-off and a budget of restarts.
//!
//!     cargo run -p multiprocessing --bin crash_loop
//!
//! A worker dies at its start, for example because a file is missing. A
//! supervisor without a limit starts it again for ever, and keeps a core busy.
//! A back-off doubles the pause before each restart, and a budget ends the
//! restarts: after 1 start and 5 restarts the supervisor gives up, and returns
//! how the last worker ended. The budget is full again only after a worker has
//! lived long enough. A start that succeeds is no proof: each start of a crash
//! loop succeeds. In Python: `ProcessPoolExecutor` gives up at once
//! (`BrokenProcessPool`), `Pool` never.
//!
//! Claims: M9
//! Change this and watch: set `healthy` to 0 s. Then the budget is full again
//! after each worker, and the watchdog ends the program.
//!
//! Output (figures vary):
//!     no limit: 316 restarts per second
//!     a budget: gave up after 6 starts: exit status: 3
//!     Not in the article, M9: "Weaknesses: starting, encoding, and cleaning up."
//!     Our answer for Rust: holds (true)
//!     Our answer to M9 is borne out: without a limit a dying worker starts 316 times a second, with a budget 6 times in all

use std::process::exit;

use shared::{Result, claim, flags, role, say, watchdog::Watchdog};

/// After so many starts we have seen enough of the loop without a limit.
const MANY: u32 = 50;
const STATUS: i32 = 3;
const RESTARTS: Restarts = Restarts {
    budget: 5,
    pause: Duration::from_millis(10),
    longest: Duration::from_secs(1),
    healthy: Duration::from_secs(30),
    used: 0,
};

fn main() -> Result {
    if let Some([]) = role::started_as("worker") {
        exit(STATUS); // as if a file were missing
    }
    flags([]);
    let _bound = Watchdog::guard("the restarts", Duration::from_secs(20))?;
    let rate = restarts_per_second()?;
    say!("no limit: {rate:.0} restarts per second");
    let mut starts = 0;
    let counted = || {
        starts += 1;
        start()
    };
    let mut restarts = RESTARTS;
    let status = supervise(counted, &mut restarts)?;
    say!("a budget: gave up after {starts} starts: {status}");
    let figure = format!(
        "without a limit a dying worker starts {rate:.0} times a second, with \
         a budget {starts} times in all"
    );
    let in_budget = starts == 1 + RESTARTS.budget;
    let limited = in_budget && status.code() == Some(STATUS);
    claim("M9", rate > 10.0 && limited, figure)
}

fn restarts_per_second() -> Result<f64> {
    let begun = Instant::now();
    for _ in 0..MANY {
        start()?.wait()?; // WRONG: starts it again, whatever has happened
    }
    Ok(f64::from(MANY) / begun.elapsed().as_secs_f64())
}

fn start() -> io::Result<Child> {
    role::command("worker")?.spawn()
}

// ANCHOR: crash_loop
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};
use std::{io, thread};

/// When to restart a worker that has ended, and when to give up.
pub struct Restarts {
    /// How many restarts there may be.
    pub budget: u32,
    /// The pause before the first restart. Each further pause is twice as long
    /// as the one before.
    pub pause: Duration,
    /// No pause is longer than this.
    pub longest: Duration,
    /// After a worker that lived as long as this, the budget is full again.
    pub healthy: Duration,
    /// How many restarts there have been: at first 0.
    pub used: u32,
}

impl Restarts {
    /// The pause before the restart of a worker that lived as long as `lived`,
    /// or `None`: give up.
    pub fn after(&mut self, lived: Duration) -> Option<Duration> {
        if lived >= self.healthy {
            self.used = 0;
        }
        if self.used >= self.budget {
            return None;
        }
        let doubled =
            self.pause.saturating_mul(2_u32.saturating_pow(self.used));
        self.used += 1;
        Some(doubled.min(self.longest))
    }
}

/// Keeps a worker running: starts it again when it has failed. Returns how the
/// last worker ended: with success, or with a failure when the budget is empty.
///
/// # Errors
///
/// A worker could not be started.
pub fn supervise(
    mut start: impl FnMut() -> io::Result<Child>,
    restarts: &mut Restarts,
) -> io::Result<ExitStatus> {
    loop {
        let begun = Instant::now();
        let status = start()?.wait()?;
        if status.success() {
            return Ok(status);
        }
        match restarts.after(begun.elapsed()) {
            Some(pause) => thread::sleep(pause),
            None => return Ok(status),
        }
    }
}
// ANCHOR_END: crash_loop
