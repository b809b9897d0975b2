//! "Text file busy" (ETXTBSY): a race between writing a program and a spawn.
//!
//!     cargo run -p subprocess --bin text_busy_ways
//!
//! Threads write programs and run them. While one thread has its file open,
//! another one starts a child, which has a copy of the descriptor from `fork`
//! to `exec`. In this moment the file is busy, although its own thread has
//! closed it. (This race is free: in many runs some starts fail, not in all.)
//! Two cures: one lock, so that no thread starts a child while a file is open;
//! or a child that writes the file, so that this process never has it open. In
//! Python the race is the same.
//!
//! Open the program `text_busy` first: there the failure is forced, and the
//! third cure is to try again.
//!
//! Change this and watch: in `write_program` write `OPEN.read()`. Then some
//! starts fail in many runs, and the program ends with an error.
//!
//! Output (figures vary):
//!     copy the file, spawn: busy 1 of 200 times
//!     write_program, spawn with a lock: busy 0 of 200 times
//!     a child writes, then spawn: busy 0 of 200 times

use std::io::ErrorKind::ExecutableFileBusy;
use std::{fs, path::PathBuf, thread, time::Duration};

use shared::watchdog::Watchdog;
use shared::{Result, ensure, flags, private_folder, role, say};

const THREADS: usize = 8;
/// How many programs each thread writes and runs.
const PROGRAMS: usize = 25;
/// A script. Its interpreter is this program, in the role `program`.
const SCRIPT: &[u8] = b"#!/proc/self/exe as-program\n";

type Way = fn(&Path) -> io::Result<Child>;
const WAYS: [(&str, Way); 3] = [
    ("copy the file, spawn", plainly),
    ("write_program, spawn with a lock", |path| {
        write_program(path, SCRIPT)?;
        spawn(&mut Command::new(path))
    }),
    ("a child writes, then spawn", |path| {
        role::command("writer")?.arg(path).status()?;
        Command::new(path).spawn()
    }),
];

fn main() -> Result {
    if let Some([_script]) = role::started_as("program") {
        return Ok(());
    }
    if let Some([path]) = role::started_as("writer") {
        return Ok(write_program(path.as_ref(), SCRIPT)?);
    }
    if let Some([]) = role::started_as("keeper") {
        return Ok(private_folder::keep()?);
    }
    flags([]);
    let _bound = Watchdog::guard("the programs", Duration::from_secs(30))?;
    private_folder::with(compare)
}

fn compare(folder: &Path) -> Result {
    write_program(&folder.join("original"), SCRIPT)?;
    let mut counts = Vec::new();
    for (name, way) in WAYS {
        let busy = race(folder, way)?;
        say!("{name}: busy {busy} of {} times", THREADS * PROGRAMS);
        counts.push(busy);
    }
    ensure(counts[1..] == [0, 0], "a cure has failed")
}

/// How many starts fail in all threads.
fn race(folder: &Path, way: Way) -> Result<usize> {
    let count_busy = |path: PathBuf| {
        let mut busy = 0;
        for _ in 0..PROGRAMS {
            match way(&path) {
                Err(error) if error.kind() == ExecutableFileBusy => busy += 1,
                child => drop(child?.wait()?),
            }
            fs::remove_file(&path)?;
        }
        Ok(busy)
    };
    thread::scope(|scope| {
        let paths = (0..THREADS).map(|n| folder.join(n.to_string()));
        let threads = paths.map(|path| scope.spawn(|| count_busy(path)));
        let threads: Vec<_> = threads.collect(); // starts all of them
        threads.into_iter().map(|t| t.join().expect("no panic")).sum()
    })
}

fn plainly(path: &Path) -> io::Result<Child> {
    fs::copy(path.with_file_name("original"), path)?;
    Command::new(path).spawn() // WRONG: a child may have the copy open
}

// ANCHOR: text_busy_ways
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command};
use std::sync::{PoisonError, RwLock};
use std::{fs::OpenOptions, io, io::Write, path::Path};

/// Held to write while a program is open, and to read while a child starts.
static OPEN: RwLock<()> = RwLock::new(());

/// Writes a program that this user can run. No child starts meanwhile, so that
/// none inherits the open file.
///
/// # Errors
///
/// The file is there already, or cannot be written.
pub fn write_program(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let _alone = OPEN.write().unwrap_or_else(PoisonError::into_inner);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o700);
    options.open(path)?.write_all(bytes) // and closes it
}

/// Starts a child while no program is written. All children of this process
/// have to be started in this way, also those of other threads.
///
/// # Errors
///
/// The command cannot be started.
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    let _no_file = OPEN.read().unwrap_or_else(PoisonError::into_inner);
    command.spawn() // returns after `exec` in the child
}
// ANCHOR_END: text_busy_ways
