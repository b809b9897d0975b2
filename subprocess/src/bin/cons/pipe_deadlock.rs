//! Deadlock: a full pipe stalls a child, and the parent that waits for it.
//!
//!     cargo run -p subprocess --bin pipe_deadlock
//!
//! A pipe usually has room for 65536 bytes. A child that writes more has to
//! wait until somebody reads. Two kinds of parent deadlock with it. One waits
//! for the end of the child before it reads. The other reads standard output to
//! its end, while the child wants to write to standard error. Up to 65536 bytes
//! both mistakes do no harm, so a small test does not find them. The cure: read
//! both streams at the same time, then wait. In Python: `Popen.wait()` with
//! `stderr=PIPE` deadlocks, and `communicate()` is the cure.
//!
//! The program `pipe_deadlock_ways` has more cures; `join_first` in the chapter
//! multiprocessing shows the same with one pipe.
//!
//! Claims: S6
//! Change this and watch: write `[room, room]` instead of `[room, room + 1]`.
//! Then the output fits, nothing stalls, and S6 is contradicted.
//!
//! Output (figures vary):
//!     the parent waits first, 65536 bytes to stderr: ends
//!     the parent waits first, 65537 bytes to stderr: stalls
//!     the parent reads stdout, 65536 bytes to stderr: ends
//!     the parent reads stdout, 65537 bytes to stderr: stalls
//!     the parent reads both: [6553600, 6553600] bytes, exit status: 0
//!     Not in the article, S6: "A full pipe stalls both sides."
//!     Our answer for Rust: holds (true)
//!     Our answer to S6 is borne out: a child whose output nobody reads ends after 65536 bytes, and stalls with one byte more

use std::process::{Command, Stdio};
use std::{fs, io::Write, time::Duration};

use rustix::{io::ioctl_fionread, pipe::fcntl_getpipe_size};
use shared::{Result, claim, flags, role, say, watchdog::Watchdog};

fn main() -> Result {
    if let Some([bytes]) = role::started_as("child") {
        let bytes = vec![b'x'; bytes.parse()?];
        io::stderr().write_all(&bytes)?;
        io::stdout().write_all(&bytes)?;
        return Ok(io::stdout().flush()?);
    }
    flags([]);
    let _bound = Watchdog::guard("the children", Duration::from_secs(20))?;
    let room = fcntl_getpipe_size(&io::pipe()?.0)?;
    let mut ends = Vec::new();
    for (parent, reads) in [("waits first", false), ("reads stdout", true)] {
        for bytes in [room, room + 1] {
            let end = leave_stderr(bytes, reads)?;
            say!("the parent {parent}, {bytes} bytes to stderr: {end}");
            ends.push(end);
        }
    }
    let mut many = child(100 * room)?.spawn()?;
    let read = read_both(&mut many)?.map(|bytes| bytes.len());
    say!("the parent reads both: {read:?} bytes, {}", many.wait()?);
    judge(room, &ends, read == [100 * room; 2])
}

fn judge(room: usize, ends: &[&str], cured: bool) -> Result {
    let figure = format!(
        "a child whose output nobody reads {} after {room} bytes, and {} with \
         one byte more",
        ends[0], ends[1]
    );
    let wanted = ["ends", "stalls", "ends", "stalls"];
    claim("S6", ends == wanted && cured, figure)
}

/// A child that writes so many bytes to each stream: to stderr first.
fn child(bytes: usize) -> io::Result<Command> {
    let mut child = role::command("child")?;
    child.arg(bytes.to_string()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(child)
}

/// Whether a child ends or stalls if nobody reads its standard error.
fn leave_stderr(bytes: usize, reads_stdout: bool) -> Result<&'static str> {
    let mut child = child(bytes)?.spawn()?;
    let mut reader = None;
    if reads_stdout {
        let stdout = child.stdout.take(); // on a thread, so that we can look
        reader = Some(thread::spawn(|| read(stdout)));
    }
    let end = ends_or_stalls(&mut child)?; // WRONG: nobody reads stderr
    read_both(&mut child)?; // now the child can go on
    reader.map(|reader| reader.join().expect("no panic")).transpose()?;
    child.wait()?;
    Ok(end)
}

/// As `child.wait()`, but it notices a child that sleeps at a full pipe.
fn ends_or_stalls(child: &mut Child) -> Result<&'static str> {
    while child.try_wait()?.is_none() {
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id()))?;
        let pipe = child.stderr.as_ref().expect("it was piped");
        let is_full = ioctl_fionread(pipe)? == fcntl_getpipe_size(pipe)? as u64;
        if stat.contains(") S ") && is_full {
            return Ok("stalls");
        }
        thread::sleep(Duration::from_millis(1)); // then look again
    }
    Ok("ends")
}

// ANCHOR: pipe_deadlock
use std::io::{self, Read};
use std::process::Child;
use std::thread;

/// Reads the standard output and the standard error of a child, both to their
/// ends and at the same time: this thread reads one, and a second thread reads
/// the other. A stream that is not a pipe is empty. Wait for the child after
/// this. (`Command::output` does all of it.)
///
/// # Errors
///
/// A stream could not be read; the other one has been read to its end. Or the
/// second thread could not be started; then nothing was read, and both streams
/// are closed.
pub fn read_both(child: &mut Child) -> io::Result<[Vec<u8>; 2]> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        let second = thread::Builder::new();
        let stderr = second.spawn_scoped(scope, || read(stderr))?;
        let stdout = read(stdout);
        let stderr = stderr.join().expect("a read does not panic");
        Ok([stdout?, stderr?])
    })
}

fn read(pipe: Option<impl Read>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}
// ANCHOR_END: pipe_deadlock
