//! Deadlock: to wait for a child process before its output is read.
//!
//!     cargo run -p multiprocessing --bin join_first
//!
//! A pipe has room for 65536 bytes, as a rule. A child that writes more has to
//! wait until its parent reads. If the parent first waits for the end of the
//! child, parent and child wait for each other: a deadlock. With less output
//! the mistake is not seen, so a small test does not find it. In Python the
//! same mistake is `Process.join()` before the items of a `Queue` are taken,
//! and `Popen.wait()` with `stdout=PIPE`. The cure: read to the end first, then
//! wait (in Python: `Popen.communicate()`).
//!
//! Claims: M6
//! Change this and watch: write `wait_first(room)?` instead of
//! `wait_first(room + 1)?`. Then the output fits into the pipe, nothing is
//! stuck, and M6 is contradicted.
//!
//! Output (figures vary):
//!     room of a pipe, as the kernel tells it: 65536 bytes
//!     wait first: the child writes 65536 of 65536 bytes, ends
//!     wait first: the child writes 65536 of 65537 bytes, deadlocks
//!     read first: the child writes 6553600 of 6553600 bytes, ends
//!     The article, M6: "With more processes and sockets it is harder still to understand."
//!     Our answer for Rust: holds (true)
//!     Our answer to M6 is borne out: a child is waited for before 65536 bytes are read: it ends; with one more: it deadlocks

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::{io::Write, thread, time::Duration};

use multiprocessing::SharedMemory;
use rustix::pipe::fcntl_getpipe_size;
use shared::{Result, claim, flags, role, say, watchdog::Watchdog};

fn main() -> Result {
    let _bound = Watchdog::guard("the children", Duration::from_secs(10))?;
    if let Some([bytes]) = role::started_as("writer") {
        return write(bytes.parse()?);
    }
    flags([]);
    let room = fcntl_getpipe_size(&io::pipe()?.0)?;
    say!("room of a pipe, as the kernel tells it: {room} bytes");
    let fits = wait_first(room)?;
    let more = wait_first(room + 1)?;
    let cured = read_first(100 * room)?;
    let figure = format!(
        "a child is waited for before {room} bytes are read: it {fits}; with \
         one more: it {more}"
    );
    claim("M6", [fits, more, cured] == ["ends", "deadlocks", "ends"], figure)
}

fn wait_first(bytes: usize) -> Result<&'static str> {
    let written = SharedMemory::new(8)?;
    let count = written.view::<AtomicU64>(0)?;
    let mut child = writer(bytes, &written)?.stdout(Stdio::piped()).spawn()?;
    let mut stdout = child.stdout.take().expect("it was piped");
    let room = fcntl_getpipe_size(&stdout)?;
    // WRONG: nobody reads. (Instead of `child.wait()` this looks again and
    // again, so that it notices the deadlock.)
    let (wrote, outcome) = loop {
        let has_ended = child.try_wait()?.is_some();
        let wrote = count.load(Relaxed) as usize;
        if has_ended {
            break (wrote, "ends");
        } else if wrote >= room && wrote < bytes {
            break (wrote, "deadlocks"); // the pipe is full
        }
        thread::sleep(Duration::from_millis(10)); // then look again
    };
    say!("wait first: the child writes {wrote} of {bytes} bytes, {outcome}");
    stdout.read_to_end(&mut Vec::new())?; // so the child can go on
    child.wait()?;
    Ok(outcome)
}

fn read_first(bytes: usize) -> Result<&'static str> {
    let mut command = writer(bytes, &SharedMemory::new(8)?)?;
    let (output, status) = read_then_wait(&mut command)?;
    let read = output.len();
    let all = read == bytes && status.success();
    let outcome = if all { "ends" } else { "loses output" };
    say!("read first: the child writes {read} of {bytes} bytes, {outcome}");
    Ok(outcome)
}

/// The command for a child that counts in `written` what it could write. Its
/// stdin is not for input: in this way it inherits the shared memory.
fn writer(bytes: usize, written: &SharedMemory) -> Result<Command> {
    let mut command = role::command("writer")?;
    command.arg(bytes.to_string()).stdin(written.hand_over()?);
    Ok(command)
}

/// The child.
fn write(bytes: usize) -> Result {
    let memory = SharedMemory::inherited()?;
    let written = memory.view::<AtomicU64>(0)?;
    for part in vec![b'x'; bytes].chunks(4_096) {
        io::stdout().write_all(part)?;
        io::stdout().flush()?;
        written.fetch_add(part.len() as u64, Relaxed);
    }
    Ok(())
}

// ANCHOR: join_first
use std::io::{self, Read};
use std::process::{Command, ExitStatus, Stdio};

/// Runs a command, and returns what it has written to its stdout, however much
/// that is, and how it ended. (With stderr as well: `Command::output`. Both
/// have to be read at the same time.)
///
/// # Errors
///
/// The command cannot be started, or its output cannot be read.
pub fn read_then_wait(
    command: &mut Command,
) -> io::Result<(Vec<u8>, ExitStatus)> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut stdout = child.stdout.take().expect("it was piped");
    let mut output = Vec::new();
    let read = stdout.read_to_end(&mut output); // until the child closes it
    drop(stdout); // if the read failed: the child must not wait for a reader
    let status = child.wait()?; // leaves no zombie
    read.map(|_| (output, status))
}
// ANCHOR_END: join_first
