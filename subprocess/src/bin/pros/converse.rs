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
    for question in ["7", "12", "seven"] {
        let answer = child.ask(question, Duration::from_secs(10))?;
        say!("{question}: {answer}");
    }
    let mut child = Conversation::start(role::command("child")?.arg("silent"))?;
    let why = child.ask("7", PATIENCE).map_err(|error| error.kind());
    say!("a child that does not flush: {why:?}");
    let timed_out = why == Err(io::ErrorKind::TimedOut);
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

// ANCHOR: converse
use std::io::ErrorKind::{self, InvalidData, UnexpectedEof};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::{thread, time::Duration};

/// In bytes: up to 4096 (PIPE_BUF) are written as a whole, or not at all.
const LONGEST_QUESTION: usize = 4_000;
/// In bytes, so that the memory is bounded.
const LONGEST_ANSWER: usize = 1 << 16;

/// A child that answers each line with a line. Dropped, it is killed.
pub struct Conversation {
    child: Child,
    /// `None` after a question that was not answered in time: a late answer
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
        let input = conversation.input.as_ref().expect("it is a pipe");
        rustix::io::ioctl_fionbio(input, true)?; // a write never waits
        thread::Builder::new().spawn(move || {
            let mut output = BufReader::new(output);
            loop {
                let line = read_line(&mut output);
                let is_last = line.is_err();
                if tell.send(line).is_err() || is_last {
                    return;
                }
            }
        })?;
        Ok(conversation)
    }

    /// Writes a line, and waits for the answer, without its end.
    ///
    /// # Errors
    ///
    /// `InvalidInput`: the question is not one line, or has more than 4000
    /// bytes. `TimedOut`: no answer. `UnexpectedEof`: the child has ended.
    /// `InvalidData`: its answer is no UTF-8, or longer than 64 KiB.
    /// `WouldBlock`: it does not read. After an error other than
    /// `InvalidInput`, all further questions are refused with `BrokenPipe`.
    pub fn ask(
        &mut self,
        question: &str,
        timeout: Duration,
    ) -> io::Result<String> {
        if question.len() > LONGEST_QUESTION || question.contains('\n') {
            return Err(ErrorKind::InvalidInput.into());
        }
        let mut input = self.input.take().ok_or(ErrorKind::BrokenPipe)?;
        input.write_all(format!("{question}\n").as_bytes())?;
        let answer = self.answers.recv_timeout(timeout);
        // The first `?`: nothing came. The second one: no answer came.
        let answer = answer.map_err(|_| ErrorKind::TimedOut)??;
        self.input = Some(input);
        Ok(answer)
    }
}

fn read_line(output: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    let bytes = output.take(LONGEST_ANSWER as u64).read_line(&mut line)?;
    if line.pop() == Some('\n') {
        return Ok(line);
    }
    let is_cut = bytes == LONGEST_ANSWER;
    Err(if is_cut { InvalidData } else { UnexpectedEof }.into())
}

impl Drop for Conversation {
    fn drop(&mut self) {
        let _ = self.child.kill(); // no error if it has ended
        let _ = self.child.wait();
    }
}
// ANCHOR_END: converse
