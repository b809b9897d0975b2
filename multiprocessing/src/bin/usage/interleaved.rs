//! Interleaved messages: several processes write long messages into one pipe.
//!
//!     cargo run -p multiprocessing --bin interleaved
//!
//! Several processes may write into one pipe, but only writes of up to 4096
//! bytes (PIPE_BUF) are atomic. A longer message is written in pieces when the
//! pipe is full, and the other processes write between these pieces: the
//! messages are interleaved, and the reader cannot tell them apart. An example
//! is a log that several processes write. In Python: `multiprocessing.Pipe`,
//! whose data may become corrupted if two processes use the same end.
//!
//! The program `queue` is the cure for messages of any length.
//!
//! Claims: M6
//! Change this and watch: set `LONG` to 4_096. Then no message is interleaved,
//! and M6 is contradicted.
//!
//! Output (figures vary):
//!     300 short messages (4096 bytes): 0 are interleaved
//!     300 long messages (100000 bytes): 289 are interleaved
//!     The article, M6: "With more processes and sockets it is harder still to understand."
//!     Our answer for Rust: holds (true)
//!     Our answer to M6 is borne out: 3 writers of a pipe: 0 of 300 short messages are interleaved, 289 of 300 long ones

use std::io::Read;
use std::{os::fd::AsFd, process::Child, time::Duration};

use shared::{Result, claim, ensure, flags, role, say, watchdog::Watchdog};

const PRODUCERS: usize = 3;
const EACH: usize = 100;
/// The bytes of a message: PIPE_BUF, and more than a pipe has room for.
const SHORT: usize = 4_096;
const LONG: usize = 100_000;

fn main() -> Result {
    let _bound = Watchdog::guard("the messages", Duration::from_secs(9))?;
    if let Some([name, way]) = role::started_as("producer") {
        return produce(name.parse()?, &way);
    }
    flags([]);
    let short = interleaved("short", SHORT)?;
    let long = interleaved("long", LONG)?;
    let count = PRODUCERS * EACH;
    let figure = format!(
        "{PRODUCERS} writers of a pipe: {short} of {count} short messages are \
         interleaved, {long} of {count} long ones"
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
    let producers = (0..PRODUCERS).map(start);
    let producers = producers.collect::<io::Result<Vec<_>>>()?;
    from.read_exact(&mut [0; PRODUCERS])?; // each of them is there
    drop((to, gate)); // now all of them begin, and the pipe can end
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)?;
    for mut producer in producers {
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
