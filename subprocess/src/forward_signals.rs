//! A wrapper around one child: what it is told, the child is told.

// ANCHOR: forward_signals
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitCode};

use nix::sys::signal::{SigSet, Signal, kill, killpg};
use nix::unistd::{Pid, getpgid};
use signal_hook::consts::{
    SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGSTOP, SIGTERM, SIGTSTP,
};
use signal_hook::{iterator::Signals, low_level::raise};

/// Runs a command, passes on to it the signals that this process gets, and
/// returns the exit code for this process: the one of the child, or 128 + n if
/// signal n has ended it.
///
/// The child is the leader of a new process group, and a signal goes to this
/// group: SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGCONT, and SIGTSTP (Ctrl+Z),
/// after which this process stops, too. From now on these signals do not end
/// this process. (SIGHUP is passed on also after `nohup`.) If SIGTSTP and
/// SIGCONT come at one moment, nobody knows which was first. The group is not
/// in the foreground of the terminal: a child that reads needs another standard
/// input.
///
/// One call at a time: a second one would hear the same signals. SIGKILL cannot
/// be passed on. What the child leaves in its group goes on.
///
/// # Errors
///
/// The handlers cannot be installed; the command cannot be started; or somebody
/// else has waited for the child.
pub fn forward_signals(command: &mut Command) -> io::Result<ExitCode> {
    // Before the child starts: no signal comes too early to be passed on.
    let all = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGCHLD];
    let mut signals = Signals::new(all)?;
    // Our parent may have blocked them: then we would wait for ever.
    let named = all.into_iter().flat_map(Signal::try_from);
    SigSet::from_iter(named).thread_unblock()?;
    let mut child = command.process_group(0).spawn()?;
    let group = Pid::from_raw(child.id() as i32);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(exit_code(status));
        }
        // Nobody has waited for the child: no other group has this number.
        for number in signals.wait().filter(|number| *number != SIGCHLD) {
            let signal = Signal::try_from(number)?;
            // An error: the child has become another user's, and goes on.
            let _ = killpg(group, signal);
            if getpgid(Some(group)) != Ok(group) {
                let _ = kill(group, signal); // it has moved to another group
            }
            if number == SIGTSTP {
                raise(SIGSTOP)?; // until SIGCONT, which is then passed on
            }
        }
    }
}

/// As shells do it: the exit code, or 128 + n after signal n.
pub fn exit_code(status: std::process::ExitStatus) -> ExitCode {
    let code = status.code();
    let code = code.or(status.signal().map(|signal| 128 + signal));
    ExitCode::from(code.expect("it has ended") as u8)
}
// ANCHOR_END: forward_signals
