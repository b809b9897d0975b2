//! Pseudo-terminal (pty): the lines of a child come at once, not at its end.
//!
//!     cargo run -p subprocess --bin tty
//!
//! Python and C write line by line to a terminal. To a pipe they write blocks:
//! what a child prints arrives when its buffer of some thousand bytes is full,
//! or at its end. (Rust's standard output is always line-buffered.) If you
//! cannot make the child flush, give it a pseudo-terminal as its standard
//! output. Then the child sees a terminal, with a size. Two things differ for
//! the reader: a line ends with `\r\n`, and the end of the output is the error
//! EIO. In Python: `pty.openpty`; or `python -u` for the child.
//!
//! Claims: S13
//! Change this and watch: `false` instead of `io::stdout().is_terminal()`. The
//! lines come at the end also through the pty, and S13 is contradicted.
//!
//! Output (figures vary):
//!     through  line 1 comes       it sees                          the end
//!     pipe     at its end     no terminal                          0 bytes
//!     pty      while it runs     30 x 100  Input/output error (os error 5)
//!     Not in the article, S13: "Output can be read line by line while the child runs."
//!     Our answer for Rust: holds (true)
//!     Our answer to S13 is borne out: line 1 comes while the child runs: through a pipe false, through a pty true

use std::io::{BufRead, BufReader, BufWriter, IsTerminal, Write};
use std::{os::fd::AsFd, process::Stdio, time::Duration};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::tcgetwinsize;
use shared::watchdog::Watchdog;
use shared::{Result, Table, claim, flags, role};

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        return child();
    }
    flags([]);
    let _bound = Watchdog::guard("the children", Duration::from_secs(20))?;
    let columns = ["through", "line 1 comes", "it sees", "the end"];
    let (mut table, mut early) = (Table::new(columns), Vec::new());
    for (through, start) in [("pipe", in_pipe as Way), ("pty", in_pty)] {
        let seen = start(role::command("child")?)?;
        let comes = if seen.early { "while it runs" } else { "at its end" };
        table.row([&through, &comes, &seen.sees, &seen.end]);
        early.push(seen.early);
    }
    table.print();
    let figure = format!(
        "line 1 comes while the child runs: through a pipe {}, through a pty \
         {}",
        early[0], early[1]
    );
    claim("S13", early == [false, true], figure)
}

type Way = fn(std::process::Command) -> Result<Seen>;

struct Seen {
    early: bool,
    sees: String,
    end: String,
}

fn in_pipe(mut command: std::process::Command) -> Result<Seen> {
    command.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take().expect("it was piped");
    watch(child, stdout)
}

fn in_pty(command: std::process::Command) -> Result<Seen> {
    let command = blocking::Command::from(command);
    let command = command.stdin(Stdio::piped()).stderr(Stdio::piped());
    let (child, pty) = spawn_in_pty(command, Size::new(30, 100))?;
    watch(child, pty)
}

fn watch(mut child: Child, mut source: impl Read + AsFd) -> Result<Seen> {
    let errors = child.stderr.as_mut().expect("it was piped");
    errors.read_exact(&mut [0])?; // the child has written its first line
    // A terminal may take a moment to hand a line on.
    let second = Timespec { tv_sec: 1, tv_nsec: 0 };
    let mut ready = [PollFd::new(&source, PollFlags::IN)];
    let early = poll(&mut ready, Some(&second))? > 0;
    drop(child.stdin.take()); // the child may go on
    let lines = BufReader::new(PtyReader(&mut source)).lines();
    let lines = lines.collect::<io::Result<Vec<String>>>()?;
    let end = source.read(&mut [0]); // once more, without `PtyReader`
    let end = end.map_or_else(|e| e.to_string(), |n| format!("{n} bytes"));
    child.wait()?;
    Ok(Seen { early, sees: lines[0].trim_end().to_string(), end })
}

/// As C and Python do it.
fn child() -> Result {
    let is_terminal = io::stdout().is_terminal();
    let mut out: Box<dyn Write> = match is_terminal {
        false => Box::new(BufWriter::new(io::stdout())), // by blocks
        true => Box::new(io::stdout()),                  // by lines
    };
    match tcgetwinsize(io::stdout()) {
        Ok(size) => writeln!(out, "{} x {}", size.ws_row, size.ws_col)?,
        Err(_) => writeln!(out, "no terminal")?,
    }
    io::stderr().write_all(b"!")?; // the first line is written
    io::copy(&mut io::stdin(), &mut io::sink())?; // waits for the parent
    writeln!(out, "last line")?;
    Ok(out.flush()?)
}

// ANCHOR: tty
use std::io::{self, Read};
use std::process::Child;

use pty_process::{Size, blocking};
use rustix::io::Errno;

/// Starts a command in a pseudo-terminal of this size: its standard
/// streams are the terminal, unless you set them. Read the output with a
/// [`PtyReader`]. The child gets SIGHUP when the reader is dropped; wait for
/// it.
///
/// # Errors
///
/// There is no pseudo-terminal, or the command cannot be started.
pub fn spawn_in_pty(
    command: blocking::Command,
    size: Size,
) -> pty_process::Result<(Child, blocking::Pty)> {
    let (pty, terminal) = blocking::open()?;
    pty.resize(size)?;
    // `spawn` takes `terminal`: if we kept it, the output would have no end.
    let child = command.spawn(terminal)?;
    Ok((child, pty))
}

/// Reads what comes from a pseudo-terminal. When nobody has the terminal any
/// more, Linux says EIO (input/output error): here that is the end.
pub struct PtyReader<R>(pub R);

impl<R: Read> Read for PtyReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer) {
            Err(error) if Errno::from_io_error(&error) == Some(Errno::IO) => {
                Ok(0)
            }
            result => result,
        }
    }
}
// ANCHOR_END: tty
