//! Endless output: keep the first bytes, and let the child neither stall nor die.
//!
//!     cargo run -p subprocess --bin output_limit
//!
//! A child writes 64 MiB, and we want to keep 1 MiB of it. Three ways: stop
//! reading, and the child stalls, because the pipe is full; close our end, and
//! the next write of the child fails (SIGPIPE ends a program in C, a Rust program
//! gets an error); or go on to read, and throw away what is too much. With the
//! last way, which is to copy, the child ends as it wants, and our memory stays
//! as small as the limit. `Command::output` has no limit at all.
//!
//! In Python: the same, and `capture_output=True` has no limit.
//!
//! Change this and watch: set `LIMIT` to 128 MiB: everything is kept, and the
//! program ends with an error, because its memory has grown by 64 MiB.
//!
//! Output (figures vary):

use std::os::fd::AsFd;
use std::process::{Child, ChildStdout, Stdio};
use std::{fs, thread, time::Duration};

use rustix::io::ioctl_fionread;
use shared::watchdog::Watchdog;
use shared::{Result, ensure, flags, measure, role, say};

const LIMIT: usize = 1 << 20;
const TOTAL: u64 = 64 << 20;

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        return Ok(write_all(io::stdout().as_fd().try_clone_to_owned()?)?);
    }
    flags([]);
    let _bound = Watchdog::guard("the children", Duration::from_secs(20))?;
    let before = measure::peak_rss_kib();
    let (mut child, mut output) = start()?;
    let (kept, total) = read_capped(&mut output, LIMIT)?;
    let status = child.wait()?;
    let grown = measure::peak_rss_kib() - before;
    say!("go on: {} of {total} bytes kept, {status}", kept.len());
    say!("our memory has grown by {:.1} MiB", grown as f64 / 1024.0);
    let bounded = status.success() && total == TOTAL && grown < 16 << 10;

    let (mut child, mut output) = start()?;
    io::copy(&mut output.by_ref().take(LIMIT as u64), &mut io::sink())?;
    let stalls = stalls(&child, &output)?;
    say!("stop reading: the child stalls: {stalls}");
    drop(output);
    let status = child.wait()?;
    say!("close: its write fails, {status}");
    ensure(bounded && stalls && !status.success(), "the output is not bounded")
}

fn start() -> Result<(Child, ChildStdout)> {
    let mut command = role::command("child")?;
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let output = child.stdout.take().expect("it is a pipe");
    Ok((child, output))
}

fn write_all(output: std::os::fd::OwnedFd) -> io::Result<()> {
    let mut output = fs::File::from(output);
    for _ in 0..TOTAL >> 16 {
        io::Write::write_all(&mut output, &[b'x'; 1 << 16])?;
    }
    Ok(())
}

/// Whether the child sleeps, because the pipe has no room.
fn stalls(child: &Child, pipe: &ChildStdout) -> Result<bool> {
    while role::is_alive(child.id()) {
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id()))?;
        if ioctl_fionread(pipe)? >= 1 << 16 && stat.contains(") S ") {
            return Ok(true);
        }
        thread::yield_now();
    }
    Ok(false)
}

// ANCHOR: output_limit
use std::io::{self, Read};

/// Reads to the end, keeps the first `most` bytes, and counts the others.
/// Returns the bytes kept and the number of all.
///
/// # Errors
///
/// Those of the reader, except `Interrupted`.
pub fn read_capped(
    mut input: impl Read,
    most: usize,
) -> io::Result<(Vec<u8>, u64)> {
    let mut kept = Vec::new();
    input.by_ref().take(most as u64).read_to_end(&mut kept)?;
    let others = io::copy(&mut input, &mut io::sink())?;
    let total = kept.len() as u64 + others;
    Ok((kept, total))
}
// ANCHOR_END: output_limit
