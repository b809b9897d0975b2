//! End of file (EOF): a child that reads its input waits until it is closed.
//!
//!     cargo run -p subprocess --bin stdin_eof
//!
//! A reader of a pipe gets EOF when nobody can write to it any more. If a
//! parent keeps the writer open and waits for the child, both wait for ever:
//! the child waits, because more input could come. Three ways close the input:
//! `drop`, the end of the statement that took it, and `wait`, which closes what
//! is still in the `Child`. A write to a child that has ended is an error
//! (broken pipe, EPIPE); a Rust program ignores the signal SIGPIPE. In Python:
//! `Popen.communicate` closes the input, and ignores the `BrokenPipeError`.
//!
//! The program `leaked_pipe` has a pipe that another process keeps open.
//!
//! Claims: S5
//! Change this and watch: in `by_drop` write `std::mem::forget(input);` instead
//! of `drop(input);`. Then the input stays open, and the watchdog ends the
//! program after 10 seconds.
//!
//! Output (times vary, counts do not):
//!     the parent keeps the input open: both wait for ever
//!     `drop` closes the input: exit status: 0
//!     `take` closes the input: exit status: 0
//!     `wait` closes the input: exit status: 0
//!     a write to a child that has ended: broken pipe
//!     Not in the article, S5: "A child that reads waits for the end of its input."
//!     Our answer for Rust: holds (true)
//!     Our answer to S5 is borne out: a child waits while its input is open; 3 of 3 ways to close it end the child

use std::process::{ExitStatus, Stdio};
use std::{fs, time::Duration};

use rustix::io::ioctl_fionread;
use shared::{Result, claim, flags, role, say, watchdog::Watchdog};

fn main() -> Result {
    if let Some([what]) = role::started_as("child") {
        if what == "reads" {
            io::copy(&mut io::stdin(), &mut io::sink())?;
        }
        return Ok(()); // the other child, `ends`, ends at once
    }
    flags([]);
    let _bound = Watchdog::guard("the children", Duration::from_secs(10))?;
    let stuck = keep_open()?;
    let word = if stuck { "both wait for ever" } else { "the child ends" };
    say!("the parent keeps the input open: {word}");
    let ways = [("drop", by_drop as Way), ("take", by_take), ("wait", by_wait)];
    let mut ended = 0;
    for (name, way) in ways {
        let status = way(start("reads")?)?;
        say!("`{name}` closes the input: {status}");
        ended += u32::from(status.success());
    }
    let broken = write_to_ended()?;
    say!("a write to a child that has ended: {broken}");
    let figure = format!(
        "a child waits while its input is open; {ended} of 3 ways to close it \
         end the child"
    );
    claim("S5", stuck && ended == 3 && broken == ErrorKind::BrokenPipe, figure)
}

type Way = fn(Child) -> io::Result<ExitStatus>;

fn start(what: &str) -> io::Result<Child> {
    role::command("child")?.arg(what).stdin(Stdio::piped()).spawn()
}

fn keep_open() -> io::Result<bool> {
    let mut child = start("reads")?;
    let mut input = child.stdin.take().expect("it was piped");
    input.write_all(b"hello")?;
    // WRONG: the input is still open. (Instead of `child.wait()` this looks
    // again and again, so that it notices.)
    let stuck = loop {
        if child.try_wait()?.is_some() {
            break false;
        } else if ioctl_fionread(&input)? == 0 && sleeps(&child)? {
            break true; // the child has read all there is, and waits for more
        }
        thread::sleep(Duration::from_millis(1)); // then look again
    };
    drop(input);
    child.wait()?;
    Ok(stuck)
}

/// Whether the kernel says that a process waits for something.
fn sleeps(child: &Child) -> io::Result<bool> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id()))?;
    Ok(stat.contains(") S "))
}

fn by_drop(mut child: Child) -> io::Result<ExitStatus> {
    let mut input = child.stdin.take().expect("it was piped");
    input.write_all(b"hello")?;
    drop(input);
    child.wait()
}

fn by_take(mut child: Child) -> io::Result<ExitStatus> {
    // What `take` returns lives until the semicolon.
    child.stdin.take().expect("it was piped").write_all(b"hello")?;
    child.wait()
}

fn by_wait(mut child: Child) -> io::Result<ExitStatus> {
    child.stdin.as_mut().expect("it was piped").write_all(b"hello")?;
    child.wait() // closes `child.stdin` first
}

/// For `write_in_background` that is no error; for a bare write it is.
fn write_to_ended() -> Result<ErrorKind> {
    let mut child = start("ends")?;
    let writer = write_in_background(&mut child, vec![b'x'; 1 << 20])?;
    child.wait()?;
    writer.join().expect("a write does not panic")?;
    let mut child = start("ends")?;
    let mut input = child.stdin.take().expect("it was piped");
    child.wait()?;
    let error = input.write_all(b"hello").err();
    Ok(error.map_or(ErrorKind::Other, |error| error.kind()))
}

// ANCHOR: stdin_eof
use std::io::{self, ErrorKind, Write};
use std::process::Child;
use std::thread::{self, JoinHandle};

/// Writes the input of a child on a thread of its own, and closes it then.
/// Meanwhile this thread can read the output, line by line if it wants.
///
/// Join the thread after the child has ended. That the child has ended without
/// reading all of its input is no error: its status tells more.
///
/// # Errors
///
/// `InvalidInput`: the standard input of the child is no pipe, or was taken
/// before. Others: the thread cannot be started; the input is closed then.
pub fn write_in_background(
    child: &mut Child,
    input: Vec<u8>,
) -> io::Result<JoinHandle<io::Result<()>>> {
    let mut stdin = child.stdin.take().ok_or(ErrorKind::InvalidInput)?;
    thread::Builder::new().spawn(move || match stdin.write_all(&input) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()), // the thread owns `stdin`: it is closed here
    })
}
// ANCHOR_END: stdin_eof
