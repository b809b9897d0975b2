//! Ctrl+C and children: which processes get the SIGINT of the terminal?
//!
//!     cargo run -p subprocess --bin child_ctrl_c
//!
//! At Ctrl+C the terminal sends SIGINT to all processes of the group in the
//! foreground: to a program and to the children that it has started. So a child
//! may be gone before the program can end it in good order. A child in a group
//! of its own gets nothing: it is the program that has to end it. (And
//! it cannot read from the terminal: only the foreground can.)
//!
//! This program makes a pseudo-terminal, starts a parent with two children in
//! it, and types Ctrl+C, which is the byte 3. In Python:
//! `Popen(process_group=0)` or `start_new_session=True`. The program
//! `forward_signals` passes signals on to such a child.
//!
//! Change this and watch: leave out `process_group(0)`. Then SIGINT ends both
//! children, and the program ends with an error.
//!
//! Output (figures vary):
//!     the parent: hears signal 2
//!     a child in the group of its parent: signal: 2 (SIGINT)
//!     a child in a group of its own, at the end of its input: exit status: 0

use std::io::{BufRead, BufReader, Read, Write};

use pty_process::blocking;
use shared::watchdog::Watchdog;
use shared::{Result, ensure, flags, role, say};
use signal_hook::{consts::SIGINT, iterator::Signals};

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        return child();
    }
    if let Some([]) = role::started_as("parent") {
        return parent();
    }
    flags([]);
    let _bound = Watchdog::guard("the terminal", Duration::from_secs(20))?;
    let (mut keyboard, terminal) = blocking::open()?;
    let command = blocking::Command::from(role::command("parent")?);
    let mut parent = command.stdout(Stdio::piped()).spawn(terminal)?;
    let output = parent.stdout.take().expect("it was piped");
    let mut lines = BufReader::new(output).lines();
    lines.next().transpose()?; // all three are ready
    keyboard.write_all(b"\x03")?;
    for line in lines {
        say!("{}", line?);
    }
    ensure(parent.wait()?.success(), "SIGINT has ended the wrong child")
}

/// Hears SIGINT, and tells how its two children have ended.
fn parent() -> Result {
    let mut signals = Signals::new([SIGINT])?;
    let mut command = role::command("child")?;
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut same = command.spawn()?;
    let mut own = spawn_apart(role::command("child")?.stdout(Stdio::piped()))?;
    for child in [&mut same, &mut own] {
        let output = child.stdout.as_mut().expect("it was piped");
        output.read_exact(&mut [0])?; // it is ready
    }
    say!("ready");
    let heard = signals.forever().next();
    say!("the parent: hears signal {}", heard.unwrap_or(0));
    say!("a child in the group of its parent: {}", same.wait()?);
    let status = end(own, Duration::from_secs(5))?;
    say!("a child in a group of its own, at the end of its input: {status}");
    ensure(status.success(), "SIGINT has reached it")
}

/// Has no handler: SIGINT would end it. Ends in good order at the end of its
/// input.
fn child() -> Result {
    say!("!");
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(())
}

// ANCHOR: child_ctrl_c
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Starts a child that Ctrl+C does not reach, because it is in a process group
/// of its own. Its input is a pipe. End it by [`end`].
///
/// # Errors
///
/// The child cannot be started.
pub fn spawn_apart(command: &mut Command) -> io::Result<Child> {
    command.process_group(0).stdin(Stdio::piped()).spawn()
}

/// Closes the input of a child, which tells it to end, and kills it if it still
/// runs after `grace`. (What it has started itself goes on.)
///
/// # Errors
///
/// Other code has waited for the child; or it has become another user's (as by
/// `sudo`), and goes on.
pub fn end(mut child: Child, grace: Duration) -> io::Result<ExitStatus> {
    let begun = Instant::now();
    drop(child.stdin.take());
    while begun.elapsed() < grace {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.kill()?; // no error if it has ended
    child.wait()
}
// ANCHOR_END: child_ctrl_c
