//! Pseudo-terminal (pty): a child that keeps its output back writes it at once.
//!
//!     cargo run -p subprocess --bin tty
//!
//! Programs in C and Python write to a terminal line by line, and to a pipe in
//! blocks: a line arrives when a block is full, or when the child ends. (The
//! standard output of Rust is always written line by line.) A child that cannot
//! be told to flush may be given a pseudo-terminal. It takes that for a terminal,
//! with a size. For the reader two things differ: a line ends with `\r\n`, and
//! the end is no end of file but the error EIO.
//!
//! The child here does as C and Python do. It says on standard error when it has
//! printed its first line. In Python: `pty.openpty`, or `python -u` in the child.
//!
//! Claims: S13
//! Change this and watch: in `read_terminal`, leave out the line with EIO: the
//! end of the terminal is an error, which ends this program.
//!
//! Output (times vary, counts do not):

use std::io::{BufRead, BufReader, BufWriter, IsTerminal, LineWriter, Write};
use std::io::{PipeReader, stderr, stdin, stdout};
use std::{env, process::Stdio, time::Duration};

use rustix::io::ioctl_fionread;
use rustix::termios::tcgetwinsize;
use shared::watchdog::Watchdog;
use shared::{Result, Table, claim, flags, role};

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        return child();
    }
    flags([]);
    let _bound = Watchdog::guard("the children", Duration::from_secs(20))?;
    let mut table = Table::new(["through", "first line", "the child sees"]);
    let mut at_once = Vec::new();
    for (through, run) in [("a pipe", in_pipe as Way), ("a pty", in_pty)] {
        let Seen { early, output } = run()?;
        let when = if early { "at once" } else { "at the end" };
        let lines = String::from_utf8_lossy(&output);
        let sees = lines.lines().nth(1).unwrap_or_default();
        table.row([&through, &when, &sees]);
        at_once.push(early);
    }
    table.print();
    let figure = "a child that writes blocks to a pipe writes lines to a pty";
    claim("S13", at_once == [false, true], figure)
}

fn child() -> Result {
    let terminal = stdout().is_terminal();
    let mut output: Box<dyn Write> = match terminal {
        true => Box::new(LineWriter::new(stdout())),
        false => Box::new(BufWriter::new(stdout())),
    };
    writeln!(output, "the first line")?;
    stderr().write_all(b"printed\n")?;
    stdin().read_line(&mut String::new())?; // until its input ends
    match terminal {
        true => {
            let size = tcgetwinsize(stdout())?;
            writeln!(output, "a terminal, {} x {}", size.ws_row, size.ws_col)?;
        }
        false => writeln!(output, "no terminal")?,
    }
    Ok(output.flush()?)
}

struct Seen {
    /// Whether the first line came before the child ended.
    early: bool,
    output: Vec<u8>,
}

type Way = fn() -> Result<Seen>;

fn in_pipe() -> Result<Seen> {
    let (input, word) = io::pipe()?;
    let (told, tell) = io::pipe()?;
    let (mut reader, output) = io::pipe()?;
    let mut command = role::command("child")?;
    command.stdin(input).stdout(output).stderr(tell);
    let mut child = command.spawn()?;
    drop(command); // with its copies of the pipes
    has_printed(told)?;
    let early = ioctl_fionread(&reader)? > 0;
    drop(word); // now it goes on
    let mut output = Vec::new();
    reader.read_to_end(&mut output)?;
    child.wait()?;
    Ok(Seen { early, output })
}

fn in_pty() -> Result<Seen> {
    let (input, word) = io::pipe()?;
    let (told, tell) = io::pipe()?;
    let command = TerminalCommand::new(env::current_exe()?).arg("as-child");
    let command = command.stdin(Stdio::from(input)).stderr(Stdio::from(tell));
    let (mut child, mut pty) = spawn_in_terminal(command, 24, 100)?;
    has_printed(told)?;
    let early = ioctl_fionread(&pty)? > 0;
    drop(word);
    let output = read_terminal(&mut pty)?;
    child.wait()?;
    Ok(Seen { early, output })
}

fn has_printed(told: PipeReader) -> Result {
    BufReader::new(told).read_line(&mut String::new())?;
    Ok(())
}

// ANCHOR: tty
use std::io::{self, Read};
use std::process::Child;

use pty_process::blocking::{Command as TerminalCommand, Pty, open};
use rustix::io::Errno;

/// Starts a child in a new terminal of this size: its streams are the terminal,
/// but those that the command sets. What it writes is read from the `Pty`, and
/// what is written to the `Pty` is what somebody types.
///
/// # Errors
///
/// There is no terminal left, or the child cannot be started.
pub fn spawn_in_terminal(
    command: TerminalCommand,
    rows: u16,
    columns: u16,
) -> io::Result<(Child, Pty)> {
    let (pty, inside) = open().map_err(io::Error::other)?;
    let size = pty_process::Size::new(rows, columns);
    pty.resize(size).map_err(io::Error::other)?;
    let child = command.spawn(inside).map_err(io::Error::other)?;
    Ok((child, pty))
}

/// Reads all that comes until every process in the terminal has closed it.
///
/// # Errors
///
/// Those of the reader, but EIO: this is the end of a terminal.
pub fn read_terminal(pty: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut output = Vec::new();
    match pty.read_to_end(&mut output) {
        Err(error) if Errno::from_io_error(&error) == Some(Errno::IO) => {}
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    Ok(output)
}
// ANCHOR_END: tty
