//! Message passing: typed values between processes, as frames through a pipe.
//!
//!     cargo run -p multiprocessing --bin send_values
//!
//! A pipe carries bytes, not messages. So each value is encoded (serde and
//! postcard), and its length is sent before it: together they are a frame. The
//! receiver refuses a length beyond its limit. The receiver tells two ends
//! apart: the peer has closed the pipe between two frames (`None`), or the peer
//! has died inside a frame (an error). To send to a process that has ended is
//! an error, too (BrokenPipe): Rust programs ignore the signal SIGPIPE. In
//! Python: `multiprocessing.Pipe`, `Connection.send` and `recv`, `EOFError`.
//!
//! The frames are in the file multiprocessing/src/frames.rs, which you can copy
//! alone. The program `messages` compares a pipe with other ways.
//!
//! Change this and watch: `[8, 0, 0, 0, 7]` replaced by `[]`. The worker then
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
    if let Some([]) = role::started_as("worker") {
        return Ok(answer_all(work)?);
    }
    flags([]);
    let (mut child, mut to, mut from) = start()?;
    let sum = ask(&mut to, &mut from, &Job::Sum(vec![1, 2, 39]));
    tell("a sum", sum, Ok(Some(42)))?;
    let long = ask(&mut to, &mut from, &Job::Sum(vec![0; MOST]));
    tell("a job beyond the limit", long, Err(InvalidInput))?;
    let end = ask(&mut to, &mut from, &Job::End);
    tell("the worker ends between two frames", end, Ok(None))?;
    child.wait()?;
    let gone = ask(&mut to, &mut from, &Job::End);
    tell("a job for a worker that has ended", gone, Err(BrokenPipe))?;

    let (mut child, to, from) = start()?;
    let cut = ask(to, from, &Job::DieInside);
    tell("the worker dies inside a frame", cut, Err(UnexpectedEof))?;
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

fn tell(
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
            // The length of a frame, and one of its 8 bytes.
            let part = [8, 0, 0, 0, 7];
            io::stdout().write_all(&part).expect("the parent reads");
        }
    }
    exit(0) // sends what is still in the buffer of stdout
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
