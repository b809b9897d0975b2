//! Message passing: typed values between processes, as frames through a pipe.
//!
//!     cargo run -p multiprocessing --bin send_values
//!
//! A pipe carries bytes, not messages. So each value is encoded (serde and
//! postcard), and its length is sent before it (4 bytes, little-endian):
//! together they are a frame. Both sides have a limit. A sender refuses a value
//! that is too long before it sends anything (InvalidInput, shown here), and a
//! receiver refuses a length beyond its limit (InvalidData). The receiver tells
//! two ends apart: the peer has closed the pipe between two frames (`None`), or
//! the peer has died inside a frame (UnexpectedEof). To send to a process that
//! has ended is the error BrokenPipe, and not the end of this process, because
//! Rust programs ignore the signal SIGPIPE. In Python: `multiprocessing.Pipe`,
//! `Connection.send` and `recv`, `EOFError`.
//!
//! The frames are in the file multiprocessing/src/frames.rs, which you can copy
//! alone. The program `messages` compares a pipe with other ways.
//!
//! Change this and watch: replace `[8, 0, 0, 0, 7]` by `[]`. The worker then
//! ends between two frames, and this program ends with an error.
//!
//! Output (figures vary):
//!     a sum: Ok(Some(42))
//!     a job beyond the limit: Err(InvalidInput)
//!     the worker ends between two frames: Ok(None)
//!     a job for a worker that has ended: Err(BrokenPipe)
//!     the worker dies inside a frame: Err(UnexpectedEof)

use std::io::ErrorKind::{BrokenPipe, InvalidInput, UnexpectedEof};
use std::process::{Child, ChildStdin, ChildStdout, Stdio, exit};
use std::time::Duration;

use serde::Deserialize;
use shared::{Result, ensure, flags, role, say, watchdog::Watchdog};

#[derive(Serialize, Deserialize)]
enum Job {
    Sum(Vec<u64>),
    End,
    DieInside,
}

fn main() -> Result {
    let _bound = Watchdog::guard("the messages", Duration::from_secs(5))?;
    // `[]`: no arguments come after the role.
    if let Some([]) = role::started_as("worker") {
        return Ok(answer_all(work)?);
    }
    flags([]);
    let (mut child, mut to, mut from) = start()?;
    let sum = ask(&mut to, &mut from, &Job::Sum(vec![1, 2, 39]));
    expect("a sum", sum, Ok(Some(42)))?;
    let long = ask(&mut to, &mut from, &Job::Sum(vec![0; MOST]));
    expect("a job beyond the limit", long, Err(InvalidInput))?;
    let end = ask(&mut to, &mut from, &Job::End);
    expect("the worker ends between two frames", end, Ok(None))?;
    child.wait()?;
    let gone = ask(&mut to, &mut from, &Job::End);
    expect("a job for a worker that has ended", gone, Err(BrokenPipe))?;

    let (mut child, to, from) = start()?;
    let cut = ask(to, from, &Job::DieInside);
    expect("the worker dies inside a frame", cut, Err(UnexpectedEof))?;
    Ok(child.wait().map(drop)?)
}

fn start() -> Result<(Child, ChildStdin, ChildStdout)> {
    let mut worker = role::command("worker")?;
    worker.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = worker.spawn()?;
    let to = child.stdin.take().expect("it was piped");
    let from = child.stdout.take().expect("this, too");
    Ok((child, to, from))
}

/// Prints an answer, and compares it with the one that must come.
fn expect(
    what: &str,
    answer: io::Result<Option<u64>>,
    wanted: Result<Option<u64>, io::ErrorKind>,
) -> Result {
    let answer = answer.map_err(|error| error.kind());
    say!("{what}: {answer:?}");
    ensure(answer == wanted, "this is not the answer that was expected")
}

/// The child.
fn work(job: Job) -> u64 {
    match job {
        Job::Sum(numbers) => return numbers.iter().sum(),
        Job::End => {}
        Job::DieInside => {
            // The length of a frame, 8 in 4 bytes, and one of the 8 bytes.
            let part = [8, 0, 0, 0, 7];
            io::stdout().write_all(&part).expect("the parent reads");
        }
    }
    exit(0) // runs no destructors, but sends what stdout has in its buffer
}

// ANCHOR: send_values
use std::io::{self, Read, Write};

use multiprocessing::frames::{receive, send};
use serde::{Serialize, de::DeserializeOwned};

/// The longest value that either side sends or takes, in encoded bytes.
const MOST: usize = 1_000;

/// Sends a job to a worker process, and waits for its answer. `None`: the
/// worker has ended. (Both pipes belong to one worker.)
///
/// # Errors
///
/// Those of [`send`] and [`receive`]. After `InvalidInput` the worker can still
/// be asked, because nothing was sent.
pub fn ask<J: Serialize, A: DeserializeOwned>(
    to: impl Write,
    from: impl Read,
    job: &J,
) -> io::Result<Option<A>> {
    send(to, job, MOST)?;
    receive(from, MOST)
}

/// In the worker process: answers each job, until the parent closes the pipe.
/// Stdout is that pipe: write messages for people to stderr.
///
/// # Errors
///
/// Those of [`send`] and [`receive`].
pub fn answer_all<J: DeserializeOwned, A: Serialize>(
    mut act: impl FnMut(J) -> A,
) -> io::Result<()> {
    while let Some(job) = receive(io::stdin().lock(), MOST)? {
        send(io::stdout(), &act(job), MOST)?;
    }
    Ok(())
}
// ANCHOR_END: send_values
