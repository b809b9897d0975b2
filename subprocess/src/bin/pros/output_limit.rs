//! Bounded capture: output that is read but not kept costs no memory.
//!
//!     cargo run -p subprocess --bin output_limit
//!
//! A child writes 64 MiB, and we want the first 1 MiB. If we stop reading, the
//! pipe becomes full, and the child waits in `write` for ever. If we drop the
//! reader, the next `write` of the child raises the signal SIGPIPE, which ends
//! most programs. A Rust or Python program ignores this signal, and its `write`
//! returns the error EPIPE (`BrokenPipeError`). If we read on, but only count
//! the bytes, the child comes to its normal end. `Command::output` keeps
//! everything, as `communicate` does in Python.
//!
//! The program `throughput` measures how fast output comes in.
//!
//! Change this and watch: `LIMIT` to `2 * TOTAL`. No child stalls: the first
//! output ends before the limit, which is an error.
//!
//! Output (times vary, counts do not):
//!     stop reading: 65536 bytes wait in the pipe; the child stalls
//!     drop the reader: signal: 13 (SIGPIPE)
//!     drop the reader, a Rust child: EPIPE, exit status: 32
//!     count and go on: 1048576 of 67108864 kept; exit status: 0
//!     memory: +1 MiB

use std::os::{fd::AsFd, unix::process::ExitStatusExt};
use std::process::{self, Child, ChildStdout, ExitStatus, Stdio};
use std::sync::{Arc, atomic::AtomicBool};
use std::time::{Duration, Instant};
use std::{fs, fs::File, io::Write, thread};

use rustix::io::{Errno, ioctl_fionread};
use rustix::pipe::fcntl_getpipe_size;
use shared::measure::peak_rss_kib;
use shared::{Result, ensure, flags, role, say, watchdog::Watchdog};
use signal_hook::{consts::SIGPIPE, flag};

const TOTAL: usize = 64 << 20;
const LIMIT: usize = 1 << 20;
/// A multiple of a page: so a full pipe holds exactly its capacity.
const PIECE: usize = 64 << 10;

fn main() -> Result {
    if let Some([kind]) = role::started_as("writer") {
        return writer(&kind);
    }
    flags([]);
    let _bound = Watchdog::guard("four children", Duration::from_secs(20))?;
    let waiting = stop_reading()?;
    say!("stop reading: {waiting} bytes wait in the pipe; the child stalls");
    say!("drop the reader: {}", drop_reader("C")?);
    say!("drop the reader, a Rust child: EPIPE, {}", drop_reader("Rust")?);
    let (mut child, pipe) = start("Rust")?;
    let before = peak_rss_kib();
    let capped = read_capped(pipe, LIMIT)?;
    let grown = (peak_rss_kib() - before) >> 10;
    let status = child.wait()?;
    let kept = capped.bytes.len();
    say!("count and go on: {kept} of {} kept; {status}", capped.total);
    ensure(grown < 8, "the memory has grown")?;
    say!("memory: +{grown} MiB");
    Ok(())
}

/// Returns how many bytes wait in the pipe when the child stalls.
fn stop_reading() -> Result<u64> {
    let (mut child, mut pipe) = start("Rust")?;
    pipe.read_exact(&mut vec![0; LIMIT])?; // WRONG: and then nobody reads
    let waiting = stalled(&child, &pipe);
    child.kill()?;
    child.wait()?;
    waiting
}

/// Waits until the pipe is full and the child sleeps: it does so in `write`.
fn stalled(child: &Child, pipe: &ChildStdout) -> Result<u64> {
    let capacity = fcntl_getpipe_size(pipe)? as u64;
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id()))?;
        let sleeps = stat.contains(") S ");
        if sleeps && ioctl_fionread(pipe)? == capacity {
            return Ok(capacity);
        }
        thread::sleep(Duration::from_millis(1)); // no event tells of it
    }
    ensure(false, "the child does not stall").map(|()| 0)
}

fn drop_reader(kind: &str) -> Result<ExitStatus> {
    let (mut child, mut pipe) = start(kind)?;
    pipe.read_exact(&mut vec![0; LIMIT])?;
    drop(pipe);
    let status = child.wait()?;
    let expected = match kind {
        "C" => status.signal() == Some(SIGPIPE),
        _ => status.code() == Some(Errno::PIPE.raw_os_error()),
    };
    ensure(expected, &format!("the child ended by {status}"))?;
    Ok(status)
}

fn start(kind: &str) -> Result<(Child, ChildStdout)> {
    let mut command = role::command("writer")?;
    let mut child = command.arg(kind).stdout(Stdio::piped()).spawn()?;
    let pipe = child.stdout.take().expect("it was piped");
    Ok((child, pipe))
}

/// The child. Its exit status is the number of the error.
fn writer(kind: &str) -> Result {
    if kind == "C" {
        // As in a C program: SIGPIPE ends this process. Rust ignores SIGPIPE.
        let yes = Arc::new(AtomicBool::new(true));
        flag::register_conditional_default(SIGPIPE, yes)?;
    }
    let mut stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let piece = [b'x'; PIECE];
    for _ in 0..TOTAL / PIECE {
        if let Err(error) = stdout.write_all(&piece) {
            process::exit(error.raw_os_error().unwrap_or(1));
        }
    }
    Ok(())
}

// ANCHOR: output_limit
use std::io::{self, Read};

/// What a child wrote.
#[derive(Debug)]
pub struct Capped {
    /// The first bytes, up to the limit.
    pub bytes: Vec<u8>,
    /// How many bytes came in all.
    pub total: u64,
}

/// Reads the output of a child to its end, and keeps no more than `limit` bytes
/// of it. The rest is read and counted, so that the child does not stall.
///
/// It waits until nobody has the other end open. To end that earlier, kill the
/// child and what it has started. For the standard error, call this on another
/// thread at the same time.
///
/// # Errors
///
/// The output cannot be read.
pub fn read_capped(mut output: impl Read, limit: usize) -> io::Result<Capped> {
    let mut bytes = Vec::new();
    output.by_ref().take(limit as u64).read_to_end(&mut bytes)?;
    let rest = io::copy(&mut output, &mut io::sink())?;
    Ok(Capped { total: bytes.len() as u64 + rest, bytes })
}
// ANCHOR_END: output_limit
