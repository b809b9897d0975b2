//! Exit status: how a child process ended, by a code, a panic or a signal.
//!
//!     cargo run -p multiprocessing --bin exit_status
//!
//! A child that ends by itself leaves a code. A panic leaves code 101, and so
//! does `exit(101)`: only a panic also prints a message to standard error.
//! A child that a signal ends leaves no code: `code()` is `None`, and
//! `signal()` has the number. `try_wait` returns at once, also while the child
//! runs. After one `wait` a second one returns the same status again. In
//! Python: `Process.exitcode`, which is negative for a signal, and `join(0)`.
//!
//! Change this and watch: write `drop(child.stdin.take());` instead of
//! `child.kill()?;`. The child reads to the end of its input and returns, so
//! its end is `Code(0)`, and this program ends with an error.
//!
//! Output (times vary, counts do not):
//!     return: Code(0)
//!     exit(7): Code(7)
//!     panic: Code(101)
//!     while it runs, try_wait says None
//!     kill: Signal(9), and the second wait says Signal(9)
//!     a signal ended 1 of 4 children

use std::process::{self, Child, Stdio};
use std::{io, time::Duration};

use shared::watchdog::Watchdog;
use shared::{Result, ensure, flags, role, say};

fn main() -> Result {
    // As in the program `role`; `[way]` are the arguments after the role.
    if let Some([way]) = role::started_as("child") {
        return end_by(&way);
    }
    flags([]);
    let _bound = Watchdog::guard("the children", Duration::from_secs(10))?;
    let mut ends = Vec::new();
    for way in ["return", "exit(7)", "panic"] {
        let end = how_it_ended(start(way)?.wait()?);
        say!("{way}: {end:?}");
        ends.push(end);
    }
    ends.push(kill_while_it_runs()?);
    let by_signal = |end: &&Ended| matches!(end, Ended::Signal(_));
    let signals = ends.iter().filter(by_signal).count();
    say!("a signal ended {signals} of {} children", ends.len());
    let expected = [0, 7, 101].map(Ended::Code);
    let as_expected = ends[..3] == expected && ends[3] == Ended::Signal(9);
    ensure(as_expected, "a child has ended in another way")
}

fn start(way: &str) -> io::Result<Child> {
    let mut child = role::command("child")?;
    // Only the parent has the other end of the input: if the parent dies, the
    // input ends, and so does a child that reads it. The message of the panic
    // is thrown away here.
    child.arg(way).stdin(Stdio::piped()).stderr(Stdio::null()).spawn()
}

/// In the child.
fn end_by(way: &str) -> Result {
    match way {
        "exit(7)" => process::exit(7),
        "panic" => panic!("exit code 101"),
        "wait" => Ok(io::copy(&mut io::stdin(), &mut io::sink()).map(drop)?),
        _ => Ok(()), // as any `main` that returns
    }
}

fn kill_while_it_runs() -> Result<Ended> {
    let mut child = start("wait")?;
    let early = child.try_wait()?;
    say!("while it runs, try_wait says {early:?}");
    child.kill()?; // SIGKILL, which no process can catch
    let first = how_it_ended(child.wait()?);
    let second = how_it_ended(child.wait()?); // no error: std keeps the status
    say!("kill: {first:?}, and the second wait says {second:?}");
    ensure(
        early.is_none() && first == second,
        "the second wait says something else",
    )?;
    Ok(first)
}

// ANCHOR: exit_status
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// How a child process has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this code: 0 is success, 101 a panic in `main`.
    Code(i32),
    /// By this signal: 6 is an abort, 9 a kill, 11 a bad pointer.
    Signal(i32),
}

/// Tells a child's exit code from the signal that ended it. `ExitStatus::code`
/// alone is `None` for every signal.
pub fn how_it_ended(status: ExitStatus) -> Ended {
    match status.signal() {
        Some(signal) => Ended::Signal(signal),
        None => Ended::Code(status.code().expect("no signal, so a code")),
    }
}
// ANCHOR_END: exit_status
