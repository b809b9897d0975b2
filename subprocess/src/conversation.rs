//! A dialogue with a child: a line is asked, a line is answered.
//!
//! ```no_run
//! use std::{process::Command, time::Duration};
//! use subprocess::conversation::Conversation;
//!
//! # fn main() -> std::io::Result<()> {
//! let mut child = Conversation::start(&mut Command::new("calculator"))?;
//! assert_eq!(child.ask("1 + 2", Duration::from_secs(1))?, "3");
//! # Ok(())
//! # }
//! ```

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

/// A child that answers each line with a line. Dropped, it is killed. (What it
/// has started may keep its output open: then a thread waits for the end.)
#[derive(Debug)]
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
    /// bytes. `TimedOut`: no answer. `UnexpectedEof` or `BrokenPipe`: the child
    /// has ended. `InvalidData`: its answer is no UTF-8, or longer than 64 KiB,
    /// or it has said something unasked. `WouldBlock`: it does not read. After
    /// an error other than `InvalidInput`, all further questions are refused
    /// with `BrokenPipe`.
    pub fn ask(
        &mut self,
        question: &str,
        timeout: Duration,
    ) -> io::Result<String> {
        if question.len() > LONGEST_QUESTION || question.contains('\n') {
            return Err(ErrorKind::InvalidInput.into());
        }
        let mut input = self.input.take().ok_or(ErrorKind::BrokenPipe)?;
        if let Ok(said) = self.answers.try_recv() {
            said?; // the end, perhaps
            return Err(InvalidData.into()); // nobody has asked for this
        }
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
    let bytes = output.take(LONGEST_ANSWER as u64 + 1).read_line(&mut line)?;
    if line.pop() == Some('\n') {
        return Ok(line);
    }
    let is_cut = bytes > LONGEST_ANSWER;
    Err(if is_cut { InvalidData } else { UnexpectedEof }.into())
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.input = None;
        // Another user's child (as of `sudo`) cannot be killed: it goes on.
        let runs = matches!(self.child.try_wait(), Ok(None));
        if runs && self.child.kill().is_ok() {
            let _ = self.child.wait(); // or it would stay as a zombie
        }
    }
}
// ANCHOR_END: converse
