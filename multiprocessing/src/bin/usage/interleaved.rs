//! Interleaved messages: several processes write long messages into one pipe.
//!
//!     cargo run -p multiprocessing --bin interleaved
//!
//! Several processes may write into one pipe, but only writes of up to 4096
//! bytes (PIPE_BUF) are atomic. A longer message goes into the pipe in pieces
//! whenever the pipe is full, and pieces of other messages come between them:
//! the messages are interleaved. Lines of a log that is shared are an example.
//! In Python: `Pipe`, whose documentation warns of two processes that write to
//! one end, and `print` in several processes.
//!
//! The program `queue` is the cure for messages of any length.
//!
//! Claims: M6
//! Change this and watch: `LONG` of 4_096. No message is interleaved then, and
//! M6 is contradicted.
//!
//! Output (figures vary):
//!     messages of  4096 bytes: 0 of 300 are interleaved
//!     messages of 20000 bytes: 136 of 300 are interleaved

use std::io::Read;
use std::{os::fd::AsFd, process::Child, time::Duration};

use shared::{Result, claim, ensure, flags, role, say, watchdog::Watchdog};

const PRODUCERS: usize = 3;
const EACH: usize = 100;
/// The bytes of a message.
const SHORT: usize = 4_096;
const LONG: usize = 20_000;

fn main() -> Result {
    let _bound = Watchdog::guard("the messages", Duration::from_secs(9))?;
    if let Some([name, way]) = role::started_as("producer") {
        return produce(name.parse()?, &way);
    }
    flags([]);
    let short = interleaved("short", SHORT)?;
    let long = interleaved("long", LONG)?;
    let figure = format!(
        "3 processes write into one pipe: {short} of 300 short messages are \
         interleaved, {long} of 300 long ones"
    );
    claim("M6", short == 0 && long > 0, figure)
}

/// How many messages are not of one producer alone.
fn interleaved(way: &str, size: usize) -> Result<usize> {
    let (mut from, to) = io::pipe()?;
    let (closed, gate) = io::pipe()?;
    let start = |name: usize| -> io::Result<Child> {
        let mut command = role::command("producer")?;
        command.args([&name.to_string(), way]);
        command.stdin(closed.try_clone()?).stdout(to.try_clone()?).spawn()
    };
    let producers: io::Result<Vec<_>> = (0..PRODUCERS).map(start).collect();
    from.read_exact(&mut [0; PRODUCERS])?; // each of them is there
    drop((to, gate)); // now all of them begin, and the pipe can end
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)?;
    for mut producer in producers? {
        ensure(producer.wait()?.success(), "a producer has failed")?;
    }
    let count = PRODUCERS * EACH;
    ensure(bytes.len() == count * size, "bytes are lost")?;
    let is_mixed = |m: &&[u8]| m.iter().any(|byte| *byte != m[0]);
    let mixed = bytes.chunks(size).filter(is_mixed).count();
    say!("{count} {way} messages ({size} bytes): {mixed} are interleaved");
    Ok(mixed)
}

/// The child. Each byte of its messages is its name.
fn produce(name: u8, way: &str) -> Result {
    let mut stdout =
        io::PipeWriter::from(io::stdout().as_fd().try_clone_to_owned()?);
    stdout.write_all(&[name])?;
    io::stdin().read_to_end(&mut Vec::new())?; // until the gate is dropped
    for _ in 0..EACH {
        match way {
            "short" => write_atomic(&stdout, &[name; SHORT])?,
            _ => stdout.write_all(&[name; LONG])?, // WRONG: too long
        }
    }
    Ok(())
}

// ANCHOR: interleaved
use std::io::{self, ErrorKind, PipeWriter, Write};

/// Writes a short message into a pipe that several processes share: it stays
/// whole. While the pipe is full this waits. (The pipe must not be set to
/// O_NONBLOCK.)
///
/// # Errors
///
/// `InvalidInput`: the message has more than 4096 bytes (PIPE_BUF on Linux).
/// `BrokenPipe`: nobody reads any more.
pub fn write_atomic(mut pipe: &PipeWriter, message: &[u8]) -> io::Result<()> {
    if message.len() > 4_096 {
        return Err(ErrorKind::InvalidInput.into());
    }
    // One call of the system: it writes all bytes, or none after a signal.
    pipe.write_all(message)
}
// ANCHOR_END: interleaved
