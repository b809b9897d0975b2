//! Terminate a child process: SIGTERM asks, SIGKILL follows a grace period.
//!
//!     cargo run -p futures_pool --bin terminate
//!
//! The system can end a process at any time, but not a thread. SIGTERM can be
//! handled: the process cleans up, or ignores it. SIGKILL cannot be handled, so
//! nothing is cleaned up. Ask first, wait for a grace period, then kill.
//! Python: `Popen.terminate()`, `wait(timeout)`, `Popen.kill()`.
//!
//! The program `cancel_ways` has threads and tasks.
//!
//! Claims: X5
//! Change this and watch: `Duration::ZERO` instead of `GRACE`. Neither process
//! has time to end by itself, and X5 is contradicted.
//!
//! Output (figures vary):
//!     a child that handles SIGTERM: exit status: 0 after 1.1 ms
//!     a child that ignores SIGTERM: signal: 9 (SIGKILL) after 200.8 ms
//!     Not in the article, X5: "How long cancelling takes."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to X5 is borne out: ending a process takes 1.1 ms if it handles SIGTERM, 201 ms if it ignores it

use std::os::unix::process::ExitStatusExt;
use std::{io, io::Read, process::ExitStatus, sync::Arc, thread};

use shared::{
    Result, claim, flags, measure::ms, role, say, watchdog::Watchdog,
};
use signal_hook::{consts::SIGTERM as TERM, iterator::Signals};

const GRACE: Duration = Duration::from_millis(200);

fn main() -> Result {
    match role::started_as("child") {
        Some([how]) if how == "polite" => return end_when_asked(),
        Some([_]) => return ignore_sigterm(),
        None => flags([]),
    };
    let _bound = Watchdog::guard("the children", Duration::from_secs(5))?;
    let (polite, asked) = ended("polite")?;
    say!("a child that handles SIGTERM: {polite} after {:.1} ms", ms(asked));
    let (deaf, killed) = ended("deaf")?;
    say!("a child that ignores SIGTERM: {deaf} after {:.1} ms", ms(killed));

    let figure = format!(
        "ending a process takes {:.1} ms if it handles SIGTERM, {:.0} ms if it \
         ignores it",
        ms(asked),
        ms(killed)
    );
    let by_kill = deaf.signal() == Some(9) && killed >= GRACE;
    claim("X5", polite.code() == Some(0) && by_kill, figure)
}

fn ended(how: &str) -> Result<(ExitStatus, Duration)> {
    let (mut log, pen) = io::pipe()?;
    let mut child = role::command("child")?.arg(how).stdout(pen).spawn()?;
    log.read_exact(&mut [0])?; // it has set up what it does at SIGTERM
    let asked = Instant::now();
    let status = terminate(&mut child, GRACE)?;
    Ok((status, asked.elapsed()))
}

fn end_when_asked() -> Result {
    let mut asked = Signals::new([TERM])?;
    say!("ready");
    asked.forever().next();
    Ok(()) // destructors run
}

fn ignore_sigterm() -> Result {
    signal_hook::flag::register(TERM, Arc::default())?; // nobody looks at it
    say!("ready");
    thread::sleep(10 * GRACE); // the work that nobody can interrupt
    Ok(())
}

// ANCHOR: terminate
use std::process::Child;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal::SIGTERM, kill};
use nix::unistd::Pid;

/// Ends a child process: SIGTERM asks it to end; if it lives on for `grace`,
/// SIGKILL ends it. Waits for it in both cases, so no zombie is left, and looks
/// every millisecond. What the child has started itself goes on.
///
/// # Errors
///
/// The child belongs to another user by now, so it cannot be killed.
pub fn terminate(
    child: &mut Child,
    grace: Duration,
) -> std::io::Result<std::process::ExitStatus> {
    if child.try_wait()?.is_none() {
        // Not waited for yet, so no other process has its number.
        kill(Pid::from_raw(child.id().cast_signed()), SIGTERM)?;
    }
    let asked = Instant::now();
    while asked.elapsed() < grace {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill()?;
    child.wait()
}
// ANCHOR_END: terminate
