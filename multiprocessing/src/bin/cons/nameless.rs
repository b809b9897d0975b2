//! Leaked shared memory: a killed process leaves its name in `/dev/shm`.
//!
//!     cargo run -p multiprocessing --bin nameless
//!
//! Named shared memory is a file, and it stays until somebody removes it. A
//! process that is killed by SIGKILL removes nothing. Here a child is killed in
//! three states. If it has unlinked its file, nothing is left. But before it
//! does that, there is a moment in which a kill leaves the file. A memfd never
//! has a name, so nothing is left at any time. If there must be a name, nobody
//! should be able to guess it, or to open the file: O_EXCL, mode 0600. This
//! program itself has a second child, which removes the name when its parent
//! ends. In Python such a process is the `resource_tracker` ("leaked
//! shared_memory objects").
//!
//! Claims: M9
//! Change this and watch: leave out `fs::remove_file(path)?` in `own`. Then a
//! file is left in two states, and M9 is contradicted.
//!
//! Output (times vary, counts do not):
//!     named: 1 of 1 file is left
//!     unlinked: 0 of 1 file is left
//!     memfd: 0 of 1 file is left
//!     The article, M9: "Its weaknesses (not in the article): starting, encoding, and cleaning up."
//!     Our answer for Rust: holds (true)
//!     Our answer to M9 is borne out: SIGKILL leaves 1 of 1 named file, 0 of 1 unlinked file, and 0 of 1 memfd

use std::process::Stdio;
use std::{fs, io, os::unix::process::CommandExt, time::Duration};

use multiprocessing::SharedMemory;
use shared::{Result, claim, ensure, flags, role, say, watchdog::Watchdog};

fn main() -> Result {
    if let Some([path]) = role::started_as("cleaner") {
        return clean_up(&path);
    }
    if let Some([state, path]) = role::started_as("owner") {
        return own(&state, Path::new(&path));
    }
    flags([]);
    let _bound = Watchdog::guard("the kills", Duration::from_secs(10))?;
    let named = left_after_kill("named")?;
    let unlinked = left_after_kill("unlinked")?;
    let memfd = left_after_kill("memfd")?;
    let figure = format!(
        "SIGKILL leaves {named} of 1 named file, {unlinked} of 1 unlinked file, \
         and {memfd} of 1 memfd"
    );
    claim("M9", named == 1 && unlinked + memfd == 0, figure)
}

/// How many files are left of a process that is killed in this state.
fn left_after_kill(state: &str) -> Result<usize> {
    let path = unguessable_path()?;
    // The cleaner begins when no process has the other end of this pipe any
    // more: neither this process, nor the owner, which might create the file
    // later.
    let (alive, hold) = io::pipe()?;
    let mut cleaner = role::command("cleaner")?
        .arg(&path)
        .stdin(alive)
        .process_group(0) // Ctrl-C ends this program, and not the cleaner
        .spawn()?;
    let mut owner = role::command("owner")?
        .args([state.as_ref(), path.as_os_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(hold.try_clone()?)
        .spawn()?;
    let mut told = owner.stdout.take().expect("it was piped");
    told.read_exact(&mut [0])?; // it is in this state
    owner.kill()?; // SIGKILL
    owner.wait()?;
    let left = usize::from(path.try_exists()?);
    drop(hold); // "clean up", as if this process had ended
    cleaner.wait()?;
    ensure(!path.try_exists()?, "the cleaner has not cleaned up")?;
    say!("{state}: {left} of 1 file is left");
    Ok(left)
}

/// The child that is killed.
fn own(state: &str, path: &Path) -> Result {
    let _memory = if state == "memfd" {
        SharedMemory::new(4_096)?
    } else {
        let file = create_exclusive(path)?;
        file.set_len(4_096)?;
        SharedMemory::map_unsealed(file.into())?
    };
    if state == "unlinked" {
        fs::remove_file(path)?;
    }
    say!("ready");
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
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A path in `/dev/shm` that nobody can guess: 128 random bits.
///
/// # Errors
///
/// The system gives no random numbers.
pub fn unguessable_path() -> std::io::Result<PathBuf> {
    let mut random = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    let name = format!("{:032x}", u128::from_ne_bytes(random));
    Ok(Path::new("/dev/shm").join(name))
}

/// Creates a file that only processes of this user can open. Remove it as soon
/// as all of them have opened it; nobody else will.
///
/// # Errors
///
/// There is something with this name already, also if it is a link to nowhere.
/// Or the file cannot be created.
pub fn create_exclusive(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true).mode(0o600).open(path)
}
// ANCHOR_END: nameless
