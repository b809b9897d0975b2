//! "Text file busy" (ETXTBSY): a file that is open for writing cannot be run.
//!
//!     cargo run -p subprocess --bin text_busy
//!
//! Linux refuses to run a file while any process has it open for writing. A
//! program that writes a file, closes it and then runs it can fail all the same
//! (a race condition). Another thread may have started a child meanwhile. Such
//! a child has a copy of the descriptor, and only its `exec` closes the copy.
//! Here a child keeps the file open, so each start fails. The function to copy
//! tries again. In Python the race is the same, and `subprocess` raises an
//! `OSError`.
//!
//! The program `text_busy_ways` has the race itself, and two more cures.
//!
//! Change this and watch: open the file with `.read(true)` instead of
//! `.append(true)`. Then no start fails, and the program ends with an error.
//!
//! Output (times vary, counts do not):
//!     a child can write to the file: busy in 25 of 25 starts
//!     this child ends, and spawn_retrying tries: exit status: 0

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::{path::Path, process::Stdio};

use shared::watchdog::Watchdog;
use shared::{Result, ensure, flags, private_folder, role, say};

const STARTS: usize = 25;
/// A script. Its interpreter is this program, in the role `program`.
const SCRIPT: &[u8] = b"#!/proc/self/exe as-program\n";

fn main() -> Result {
    if let Some([_script]) = role::started_as("program") {
        return Ok(());
    }
    if let Some([]) = role::started_as("holder") {
        return Ok(role::ready_until_parent_ends()?);
    }
    if let Some([]) = role::started_as("keeper") {
        return Ok(private_folder::keep()?);
    }
    flags([]);
    let _bound = Watchdog::guard("the programs", Duration::from_secs(20))?;
    private_folder::with(write_and_run)
}

fn write_and_run(folder: &Path) -> Result {
    let path = &folder.join("program");
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o700);
    options.open(path)?.write_all(SCRIPT)?; // closed at the semicolon
    // A child that has the file open to write, here as its standard input.
    let mut holder = role::command("holder")?
        .stdin(File::options().append(true).open(path)?)
        .stdout(Stdio::piped())
        .spawn()?; // at the semicolon our own descriptor is closed
    let mut stdout = holder.stdout.take().expect("it was piped");
    stdout.read_exact(&mut [0])?; // it is ready
    let mut busy = 0;
    for _ in 0..STARTS {
        match Command::new(path).spawn() {
            Ok(mut child) => drop(child.wait()?),
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                busy += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
    say!("a child can write to the file: busy in {busy} of {STARTS} starts");
    drop(stdout); // tells the child to end
    let limit = Duration::from_secs(5);
    let status = spawn_retrying(&mut Command::new(path), limit)?.wait()?;
    say!("this child ends, and spawn_retrying tries: {status}");
    holder.wait()?;
    ensure(busy == STARTS && status.success(), "it was not busy")
}

// ANCHOR: text_busy
use std::io::{self, ErrorKind};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

/// Starts a command. If its program is busy (ETXTBSY: somebody has it open to
/// write to it), this tries again after a pause, and the pauses grow. For a
/// program that was written a moment ago, while other threads start children.
///
/// # Errors
///
/// The command cannot be started, or is still busy when `limit` is over.
pub fn spawn_retrying(
    command: &mut Command,
    limit: Duration,
) -> io::Result<Child> {
    let started = Instant::now();
    let mut pause = Duration::from_micros(100);
    loop {
        match command.spawn() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                let left = limit.saturating_sub(started.elapsed());
                if left.is_zero() {
                    return Err(error);
                }
                thread::sleep(pause.min(left));
                pause = (2 * pause).min(Duration::from_millis(50));
            }
            outcome => return outcome,
        }
    }
}
// ANCHOR_END: text_busy
