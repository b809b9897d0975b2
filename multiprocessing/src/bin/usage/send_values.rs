//! Message passing: typed values between processes, as frames through a pipe.
//!
//!     cargo run -p multiprocessing --bin send_values
//!
//! A pipe carries bytes, not messages. So each value is encoded (serde and
//! postcard), and its length is sent before it: together they are a frame. The
//! receiver refuses a length beyond its limit. It tells two ends apart: the
//! peer has closed the pipe between two frames, or it has died inside a frame.
//! To send to a process that is gone is an error (BrokenPipe), because Rust
//! programs ignore the signal SIGPIPE. In Python: `multiprocessing.Pipe` with
//! `Connection.send` and `recv`, and `EOFError`.
//!
//! The program `messages` sends values in four ways.
//!
//! Change this and watch: `[8, 0, 0, 0]` instead of `[8, 0, 0, 0, 7]`. The peer
//! still dies inside a frame. With `[]` it has only closed the pipe, and the
//! program ends with an error.
//!
//! Output (figures vary):
//!     a sum: Some(42); a value beyond the limit: Err(InvalidInput)
//!     after End: Ok(None); a value for nobody: Err(BrokenPipe)
//!     a sum: Some(42); a value beyond the limit: Err(InvalidInput)
//!     after DieInside: Err(UnexpectedEof); a value for nobody: Err(BrokenPipe)

use std::io::ErrorKind::{BrokenPipe, InvalidInput, UnexpectedEof};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use shared::{Result, ensure, flags, role, say, watchdog::Watchdog};

/// The longest value that either side takes, in encoded bytes.
const MOST: usize = 1_000;

#[derive(Debug, Serialize, Deserialize)]
enum Job {
    Sum(Vec<u64>),
    End,
    DieInside,
}

fn main() -> Result {
    let _bound = Watchdog::guard("the messages", Duration::from_secs(5))?;
    if let Some([]) = role::started_as("worker") {
        return work();
    }
    flags([]);
    let right = talk(&Job::End)? == Ok(None)
        && talk(&Job::DieInside)? == Err(UnexpectedEof);
    ensure(right, "an end was taken for another one")
}

/// What comes after the last answer of a worker: nothing, or an error.
fn talk(last: &Job) -> Result<Result<Option<u64>, ErrorKind>> {
    let mut worker = role::command("worker")?;
    worker.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut worker = worker.spawn()?;
    let mut jobs = worker.stdin.take().expect("it was piped");
    let mut answers = worker.stdout.take().expect("this, too");
    let kind = |error: io::Error| error.kind();

    let too_long = Job::Sum(vec![0; MOST]);
    let refused = send(&mut jobs, &too_long, MOST).map_err(kind);
    send(&mut jobs, &Job::Sum(vec![1, 2, 39]), MOST)?;
    let sum: Option<u64> = receive(&mut answers, MOST)?;
    send(&mut jobs, last, MOST)?;
    let end = receive(&mut answers, MOST).map_err(kind);
    worker.wait()?;
    let broken = send(&mut jobs, last, MOST).map_err(kind);
    say!("a sum: {sum:?}; a value beyond the limit: {refused:?}");
    say!("after {last:?}: {end:?}; a value for nobody: {broken:?}");
    let right = refused == Err(InvalidInput) && broken == Err(BrokenPipe);
    ensure(right && sum == Some(42), "a value has gone, or come, wrongly")?;
    Ok(end)
}

/// The child. Its stdout carries frames: what it has to say goes to stderr.
fn work() -> Result {
    while let Some(job) = receive(io::stdin().lock(), MOST)? {
        match job {
            Job::Sum(numbers) => {
                send(io::stdout(), &numbers.iter().sum::<u64>(), MOST)?;
            }
            Job::End => break,
            // The length of a frame, and one of its 8 bytes.
            Job::DieInside => {
                io::stdout().write_all(&[8, 0, 0, 0, 7])?;
                break;
            }
        }
    }
    Ok(io::stdout().flush()?)
}

// ANCHOR: send_values
use std::io::{self, ErrorKind, Read, Write};

use serde::{Serialize, de::DeserializeOwned};

/// Sends a value through a pipe or a socket, as one frame. What cannot be sent
/// is refused before its first byte, so the next value can still be sent. The
/// peer must read: a full pipe blocks this process.
///
/// # Errors
///
/// `InvalidInput`: the value cannot be encoded, or has more than `most` bytes.
/// `BrokenPipe`: nobody can receive it any more.
pub fn send<T: Serialize>(
    mut to: impl Write,
    value: &T,
    most: usize,
) -> io::Result<()> {
    let frame = postcard::to_extend(value, vec![0; 4]); // room for the length
    let mut frame = frame.map_err(|_| ErrorKind::InvalidInput)?;
    let length = frame.len() - 4;
    if length > most.min(u32::MAX as usize) {
        return Err(ErrorKind::InvalidInput.into());
    }
    frame[..4].copy_from_slice(&(length as u32).to_le_bytes());
    to.write_all(&frame)?; // goes on after a signal
    to.flush()
}

/// Receives a value that [`send`] has sent, and waits for it. `None`: the peer
/// has closed its end, and all values have been received.
///
/// # Errors
///
/// `UnexpectedEof`: the peer has ended inside a frame. `InvalidData`: the frame
/// has more than `most` bytes, or is no `T`; do not receive from this peer any
/// more. A socket can report `ConnectionReset`, too.
pub fn receive<T: DeserializeOwned>(
    mut from: impl Read,
    most: usize,
) -> io::Result<Option<T>> {
    let mut length = Vec::new();
    from.by_ref().take(4).read_to_end(&mut length)?; // goes on after a signal
    if length.is_empty() {
        return Ok(None);
    }
    let length = length.try_into().map_err(|_| ErrorKind::UnexpectedEof)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > most {
        return Err(ErrorKind::InvalidData.into());
    }
    // Memory grows with what arrives, not with what was announced.
    let mut bytes = Vec::new();
    from.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() < length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    match postcard::take_from_bytes(&bytes) {
        Ok((value, [])) => Ok(Some(value)),
        _ => Err(ErrorKind::InvalidData.into()),
    }
}
// ANCHOR_END: send_values
