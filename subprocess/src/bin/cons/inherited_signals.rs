//! Signal mask: a child inherits which signals its parent has blocked.
//!
//!     cargo run -p subprocess --bin inherited_signals
//!
//! A server blocks SIGTERM, because one of its threads waits for this signal. A
//! child that it starts has SIGTERM blocked, too, and knows nothing of that: it
//! does not end when it is told to. SIGKILL ends it, but then it cannot clean
//! up. The cure is to clear the mask in the child before the new program
//! begins: `ResetSigmask` of the crate process-wrap does that.
//!
//! Ignored signals are inherited, too. Rust ignores SIGPIPE in each program of
//! its own, so `Command` sets this one signal back in the child, and no other.
//! In Python: `restore_signals=True` sets back SIGPIPE and SIGXFSZ, and no
//! mask.
//!
//! Change this and watch: block SIGUSR1 instead of SIGTERM: both children end
//! by SIGTERM, and the program says so and fails.
//!
//! Output (figures vary):
//!     mask inherited: SIGKILL has ended the child
//!     mask cleared: SIGTERM has ended the child

use std::os::unix::process::ExitStatusExt; // for `signal`
use std::process::Stdio;
use std::{fs, io, time::Duration};

use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;
use shared::watchdog::Watchdog;
use shared::{Failure, Result, ensure, flags, role, say};

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        return Ok(role::ready_until_parent_ends()?);
    }
    flags([]);
    let _bound = Watchdog::guard("the children", Duration::from_secs(10))?;
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGTERM);
    mask.thread_block()?;
    let inherited = end(CommandWrap::from(child()?))?;
    say!("mask inherited: {inherited} has ended the child");
    let cleared = end(unblocked(child()?))?;
    say!("mask cleared: {cleared} has ended the child");
    let shown = inherited == Signal::SIGKILL && cleared == Signal::SIGTERM;
    ensure(shown, "the mask is not as expected")
}

fn child() -> io::Result<Command> {
    let mut command = role::command("child")?;
    command.stdout(Stdio::piped()); // if the parent dies, the child ends
    Ok(command)
}

/// By SIGTERM. If that is blocked, the child cannot see it: by SIGKILL.
fn end(mut command: CommandWrap) -> Result<Signal> {
    let mut child = command.spawn()?;
    let pid = child.id();
    kill(Pid::from_raw(pid as i32), Signal::SIGTERM)?;
    if has_pending(pid, Signal::SIGTERM)? {
        child.start_kill()?; // SIGKILL
    }
    let status = child.wait()?;
    let signal = status.signal().expect("it ends by a signal only");
    Ok(Signal::try_from(signal)?)
}

/// Whether it was sent and is blocked, as the system tells: one bit for each
/// signal. (A signal that is not blocked ends the child at once.)
fn has_pending(pid: u32, signal: Signal) -> Result<bool> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let bit = 1 << (signal as u32 - 1);
    let has = |name: &str| -> Result<bool> {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let mask = line.ok_or(Failure::new("no such line in status"))?;
        Ok(u64::from_str_radix(mask.trim(), 16)? & bit != 0)
    };
    Ok(has("ShdPnd:")? && has("SigBlk:")?)
}

// ANCHOR: inherited_signals
use std::process::Command;

use process_wrap::std::{CommandWrap, ResetSigmask};

/// The command with a clear signal mask: its child can be ended by SIGTERM,
/// whatever the thread that starts it has blocked.
///
/// The mask is cleared in the child, between fork and exec. (If the parent
/// cleared its own mask for a moment, a signal that waits there would come.)
pub fn unblocked(command: Command) -> CommandWrap {
    let mut command = CommandWrap::from(command);
    command.wrap(ResetSigmask);
    command
}
// ANCHOR_END: inherited_signals
