//! A dialogue with a child: ask, and wait for the answer, with a timeout.
//!
//!     cargo run -p subprocess --bin converse
//!
//! The child reads a line and answers with a line. Two buffers may keep a line
//! back: ours, if we write through a `BufWriter`, and that of the child. A
//! child that does not flush its buffer sends no answer, and both wait for each
//! other. A timeout for each answer finds that. We cannot flush the buffer of
//! another program; at a terminal most programs flush after each line: see the
//! program `tty`.
//!
//! In Python: `popen.stdin.write`, `flush`, `popen.stdout.readline()`, which
//! has no timeout.
//!
//! Change this and watch: delete `if kind == "flushes"`, and keep the flush:
//! the second child answers, too, and this program ends with an error.
//!
//! Output (figures vary):
//!     7: 49
//!     12: 144
//!     seven: no number
//!     a child that does not flush: Err(TimedOut)

// The part to copy: src/conversation.rs

use std::io::{BufWriter, ErrorKind, Write, stdin, stdout};
use std::time::Duration;

use shared::watchdog::Watchdog;
use shared::{Result, ensure, flags, role, say};
use subprocess::conversation::Conversation;

const PATIENCE: Duration = Duration::from_millis(300);

fn main() -> Result {
    if let Some([kind]) = role::started_as("child") {
        return child(&kind);
    }
    flags([]);
    let _bound = Watchdog::guard("the children", Duration::from_secs(20))?;
    let mut child =
        Conversation::start(role::command("child")?.arg("flushes"))?;
    for question in ["7", "12", "seven"] {
        let answer = child.ask(question, Duration::from_secs(10))?;
        say!("{question}: {answer}");
    }
    let mut child = Conversation::start(role::command("child")?.arg("silent"))?;
    let why = child.ask("7", PATIENCE).map_err(|error| error.kind());
    say!("a child that does not flush: {why:?}");
    let timed_out = why == Err(ErrorKind::TimedOut);
    ensure(timed_out, "a child that does not flush has answered")
}

fn child(kind: &str) -> Result {
    let mut buffer = BufWriter::new(stdout());
    for line in stdin().lines() {
        match line?.parse::<u64>() {
            Ok(number) => writeln!(buffer, "{}", number * number)?,
            Err(_) => writeln!(buffer, "no number")?,
        }
        if kind == "flushes" {
            buffer.flush()?;
        }
    }
    Ok(())
}
