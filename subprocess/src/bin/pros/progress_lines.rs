//! Progress: read the output line by line while the child runs.
//!
//!     cargo run -p subprocess --bin progress_lines
//!
//! `Command::output` returns when the child has ended. To show progress, read
//! its standard output as it comes. At a terminal this program draws a bar with
//! the crate indicatif. The child waits for a word of the parent after each
//! line: so it is still running when its line is read, and this does not depend
//! on luck.
//!
//! In Python: `for line in popen.stdout`. A child may keep its lines back until
//! its buffer is full, when it does not write to a terminal. A Rust program
//! does not: its `stdout` is written at the end of each line. See the program
//! `tty`.
//!
//! Claims: S13
//! Change this and watch: read with `command.output()`: the child waits for the
//! word, the parent for the child, and the watchdog ends this program.
//!
//! Output (times vary, counts do not):
//!     step 1 of 5 is done
//!     step 2 of 5 is done
//!     step 3 of 5 is done
//!     step 4 of 5 is done
//!     step 5 of 5 is done
//!     Not in the article, S13: "Output can be read line by line while the child runs."
//!     Our answer for Rust: holds (true)
//!     Our answer to S13 is borne out: 5 of 5 lines were read while the child was running

use std::io::{Write, pipe, stdin};
use std::time::Duration;

use indicatif::ProgressBar;
use shared::watchdog::Watchdog;
use shared::{Result, claim, flags, role, say};

const STEPS: u64 = 5;

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        for step in 1..=STEPS {
            say!("step {step} of {STEPS} is done");
            stdin().read_line(&mut String::new())?; // the word
        }
        return Ok(());
    }
    flags([]);
    let _bound = Watchdog::guard("the child", Duration::from_secs(20))?;
    let (input, mut word) = pipe()?;
    let bar = ProgressBar::new(STEPS); // nothing, if nobody sees it
    let mut running = 0;
    let mut command = role::command("child")?;
    let status = run_lines(command.stdin(input), |line| {
        running += 1; // it has no word yet, so it waits
        bar.suspend(|| say!("{line}"));
        bar.inc(1);
        word.write_all(b"go on\n")
    })?;
    bar.finish_and_clear();
    let figure = format!(
        "{running} of {STEPS} lines were read while the child was running"
    );
    claim("S13", running == STEPS && status.success(), figure)
}

// ANCHOR: progress_lines
use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};

/// A longer line comes in pieces, so the memory is bounded.
const LONGEST: usize = 1 << 16;

/// Runs a child and calls `on_line` for each line of its standard output,
/// without its end, as soon as it comes. Bytes that are no UTF-8 are replaced.
/// Standard error goes where ours goes.
///
/// # Errors
///
/// The child cannot be started; or `on_line` returns an error. After an error
/// or a panic, the child is killed. (What it has started may hold its output
/// open: then this goes on until that ends.)
pub fn run_lines(
    command: &mut Command,
    mut on_line: impl FnMut(&str) -> io::Result<()>,
) -> io::Result<ExitStatus> {
    let mut child = Running(command.stdout(Stdio::piped()).spawn()?);
    let output = child.0.stdout.take().expect("it is a pipe");
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        let room = (LONGEST + 1 - line.len()) as u64;
        output.by_ref().take(room).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return child.0.wait(); // the end of the output
        }
        let mut rest = Vec::new();
        if line.pop_if(|byte| *byte == b'\n').is_none() && line.len() > LONGEST
        {
            rest = line.split_off(last_character(&line)); // for the next piece
        }
        on_line(&String::from_utf8_lossy(&line))?;
        line = rest;
    }
}

/// Where the last character begins: it may go on in the next piece.
fn last_character(text: &[u8]) -> usize {
    let begins = |at: &usize| text[*at] & 0b1100_0000 != 0b1000_0000;
    let last = text.len() - 1;
    (last - 3..=last).rev().find(begins).unwrap_or(last)
}

/// No child outlives this.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Another user's child (as of `sudo`) cannot be killed: it goes on.
        let runs = matches!(self.0.try_wait(), Ok(None));
        if runs && self.0.kill().is_ok() {
            let _ = self.0.wait(); // or it would stay as a zombie
        }
    }
}
// ANCHOR_END: progress_lines
