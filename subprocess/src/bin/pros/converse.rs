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
//! Change this and watch: call `flush` for each kind of child: the second one
//! answers, too, and this program ends with an error.
//!
//! Output (figures vary):
//!     7: 49
//!     12: 144
//!     seven: no number
//!     a child that does not flush: Err(TimedOut)

use std::io::{BufWriter, stdin, stdout};

use shared::watchdog::Watchdog;
use shared::{Result, ensure, flags, role, say};

const PATIENCE: Duration = Duration::from_millis(300);

fn main() -> Result {
    if let Some([kind]) = role::started_as("child") {
        return child(&kind);
    }
    flags([]);
    let _bound = Watchdog::guard("the children", Duration::from_secs(20))?;
    let mut child =
        Conversation::start(role::command("child")?.arg("flushes"))?;
    let mut answers = 0;
    for question in ["7", "12", "seven"] {
        let answer = child.ask(question, Duration::from_secs(10))?;
        say!("{question}: {answer}");
        answers += 1;
    }
    let mut child = Conversation::start(role::command("child")?.arg("silent"))?;
    let why = child.ask("7", PATIENCE).map_err(|error| error.kind());
    say!("a child that does not flush: {why:?}");
    ensure(answers == 3, "a child that flushes has not answered")?;
    let timed_out = why == Err(io::ErrorKind::TimedOut);
    ensure(timed_out, "a child that does not flush has answered")
}

fn child(kind: &str) -> Result {
    let mut buffer = BufWriter::new(stdout());
    for line in stdin().lines() {
        writeln!(buffer, "{}", answer(&line?))?;
        if kind == "flushes" {
            buffer.flush()?;
        }
    }
    Ok(())
}

fn answer(question: &str) -> String {
    let number = question.parse::<u64>();
    number.map_or("no number".into(), |number| (number * number).to_string())
}

// ANCHOR: converse
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::{thread, time::Duration};

/// A child that answers each line with a line. Dropped, it is killed.
pub struct Conversation {
    child: Child,
    /// `None` after a question that has no answer: a late answer
    /// would be mistaken for the answer to the next question.
    input: Option<ChildStdin>,
    answers: Receiver<io::Result<String>>,
}

impl Conversation {
    /// Starts the child, with pipes for its standard input and output.
    ///
    /// # Errors
    ///
    /// The child, or the thread that reads its answers, cannot be started.
    pub fn start(command: &mut Command) -> io::Result<Conversation> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let input = child.stdin.take();
        let output = child.stdout.take().expect("it is a pipe");
        // One line is kept; a child that says more has to wait.
        let (tell, answers) = sync_channel(1);
        let conversation = Conversation { child, input, answers };
        thread::Builder::new().spawn(move || {
            let mut lines = BufReader::new(output).lines();
            while lines.next().is_some_and(|line| tell.send(line).is_ok()) {}
        })?;
        Ok(conversation)
    }

    /// Writes a line and waits for the answer, without its end. The timeout is
    /// for the answer: a child that reads nothing may block a long question.
    ///
    /// # Errors
    ///
    /// `TimedOut`; `UnexpectedEof` if the child has ended; others if its answer
    /// is no UTF-8, or it cannot be asked. After an error, all further
    /// questions are refused with `BrokenPipe`.
    pub fn ask(
        &mut self,
        question: &str,
        timeout: Duration,
    ) -> io::Result<String> {
        let mut input = self.input.take().ok_or(ErrorKind::BrokenPipe)?;
        input.write_all(format!("{question}\n").as_bytes())?;
        let answer = self.answers.recv_timeout(timeout).map_err(|why| {
            io::Error::from(match why {
                RecvTimeoutError::Timeout => ErrorKind::TimedOut,
                RecvTimeoutError::Disconnected => ErrorKind::UnexpectedEof,
            })
        })??;
        self.input = Some(input);
        Ok(answer)
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        let _ = self.child.kill(); // no error if it has ended
        let _ = self.child.wait();
    }
}
// ANCHOR_END: converse
