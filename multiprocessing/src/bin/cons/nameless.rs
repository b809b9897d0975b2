//! Leaked shared memory: a killed process leaves its name in `/dev/shm`.
//!
//!     cargo run -p multiprocessing --bin nameless
//!
//! Named shared memory is a file, and it stays until somebody removes it. A
//! process that is killed by SIGKILL removes nothing. Here a child is killed at
//! each step. A file that is unlinked at once still has a moment in which a kill
//! leaves it. A memfd never has a name, so nothing is left. Where a name must be,
//! nobody should be able to guess it: O_EXCL, mode 0600. The program cleans up
//! by a second child, which removes the name when its parent ends. In Python the
//! `resource_tracker` is such a process ("leaked shared_memory objects").
//!
//! Claims: M9
//! Change this and watch: leave out `fs::remove_file(path)?` in `own`. Then a
//! file is left at three steps, and M9 is contradicted.
//!
//! Output (times vary, counts do not):
//!     named: 1 of 1 file is left
//!     named, before unlink: 1 of 1 file is left
//!     named, after unlink: 0 of 1 file is left
//!     memfd: 0 of 1 file is left
//!     The article, M9: "Its weaknesses (not in the article): starting, encoding, and cleaning up."
//!     Our answer for Rust: holds (true)
//!     Our answer to M9 is borne out: SIGKILL leaves a file in /dev/shm at 2 of 4 steps, with a memfd at 0 of 1

use std::io::{self, Read, Write};
use std::process::Stdio;
use std::{fs, os::unix::process::CommandExt, time::Duration};

use multiprocessing::SharedMemory;
use shared::{Result, claim, ensure, flags, role, say, watchdog::Watchdog};

const STEPS: [&str; 4] =
    ["named", "named, before unlink", "named, after unlink", "memfd"];

fn main() -> Result {
    if let Some([path]) = role::started_as("cleaner") {
        return clean_up(&path);
    }
    if let Some([step, path]) = role::started_as("owner") {
        return own(&step, Path::new(&path));
    }
    flags([]);
    let _bound = Watchdog::guard("the kills", Duration::from_secs(10))?;
    let mut left = Vec::new();
    for step in STEPS {
        left.push(left_after_kill(step)?);
        say!("{step}: {} of 1 file is left", left[left.len() - 1]);
    }
    let all: usize = left.iter().sum();
    let figure = format!(
        "SIGKILL leaves a file in /dev/shm at {all} of {} steps, with a memfd \
         at {} of 1",
        left.len(),
        left[3]
    );
    claim("M9", left == [1, 1, 0, 0], figure)
}

/// How many files are left of a process that is killed after this step.
fn left_after_kill(step: &str) -> Result<usize> {
    let path = unguessable_path()?;
    // The cleaner begins when nobody holds the other end of this pipe any more:
    // neither this process nor the owner, who might create the file later.
    let (alive, hold) = io::pipe()?;
    let mut cleaner = role::command("cleaner")?
        .arg(&path)
        .stdin(alive)
        .process_group(0) // Ctrl-C ends this program, and not the cleaner
        .spawn()?;
    let mut child = role::command("owner")?
        .arg(step)
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(hold.try_clone()?)
        .spawn()?;
    let mut told = child.stdout.take().expect("it was piped");
    told.read_exact(&mut [0])?; // the step is done
    child.kill()?; // SIGKILL
    child.wait()?;
    let left = usize::from(path.try_exists()?);
    drop(hold); // "clean up", as if this process had ended
    cleaner.wait()?;
    ensure(!path.try_exists()?, "the cleaner has not cleaned up")?;
    Ok(left)
}

/// The child that is killed.
fn own(step: &str, path: &Path) -> Result {
    let memory = match step {
        "memfd" => SharedMemory::new(4_096)?,
        _ => {
            let file = create_exclusive(path)?;
            file.set_len(4_096)?;
            SharedMemory::map_unsealed(file.into())?
        }
    };
    if step == "named, after unlink" {
        fs::remove_file(path)?;
    }
    memory.write(0, b"it is in use")?;
    io::stdout().write_all(&[0])?;
    io::stdout().flush()?;
    io::copy(&mut io::stdin(), &mut io::sink())?; // until its parent ends
    Ok(())
}

/// The child that cleans up as soon as its parent has ended.
fn clean_up(path: &str) -> Result {
    io::copy(&mut io::stdin(), &mut io::sink())?;
    let _ = fs::remove_file(path); // it may be gone already
    Ok(())
}

// ANCHOR: nameless
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A path in `/dev/shm` that nobody can guess: 128 random bits.
///
/// # Errors
///
/// There are no random numbers here.
pub fn unguessable_path() -> std::io::Result<PathBuf> {
    let mut random = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    let name = format!("{:032x}", u128::from_ne_bytes(random));
    Ok(Path::new("/dev/shm").join(name))
}

/// Creates a file that only processes of this user can open: not one that is
/// there already, not one behind a link. Remove it as soon as all others have
/// opened it; nobody else will.
///
/// # Errors
///
/// There is something with this name, or the file cannot be created.
pub fn create_exclusive(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true).mode(0o600).open(path)
}
// ANCHOR_END: nameless
