//! Leaked shared memory: a killed process leaves a file in `/dev/shm`.
//!
//!     cargo run -p multiprocessing --bin nameless
//!
//! Named shared memory is a file, and it stays until somebody removes it. A
//! process that is killed by SIGKILL removes nothing. Here a child is killed in
//! three states. If it has unlinked its file, nothing is left. But before it
//! does that, there is a moment in which a kill leaves the file. The cure is a
//! memfd (`SharedMemory::new`): it never has a name, so nothing is left at any
//! time. The part to copy is for you only if a name is needed: then nobody
//! should be able to guess the name, or to open the file (O_EXCL, mode 0600).
//! In Python a second process, the `resource_tracker`, removes such files
//! ("leaked shared_memory objects").
//!
//! Claims: M9
//! Change this and watch: leave out `fs::remove_file(path)?` in `own`. Then a
//! file is left in two states, and M9 is contradicted.
//!
//! Output (figures vary):
//!     named: the file is left
//!     unlinked: nothing is left
//!     memfd: nothing is left
//!     Not in the article, M9: "Weaknesses: starting, encoding, and cleaning up."
//!     Our answer for Rust: holds (true)
//!     Our answer to M9 is borne out: SIGKILL: named, the file is left; unlinked, nothing is left; memfd, nothing is left

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
    let named = is_left_after_kill("named")?;
    let unlinked = is_left_after_kill("unlinked")?;
    let memfd = is_left_after_kill("memfd")?;
    let [first, second, third] = [named, unlinked, memfd].map(word);
    let figure =
        format!("SIGKILL: named, {first}; unlinked, {second}; memfd, {third}");
    claim("M9", named && !unlinked && !memfd, figure)
}

fn word(is_left: bool) -> &'static str {
    if is_left { "the file is left" } else { "nothing is left" }
}

/// Whether a file is left of a process that is killed in this state.
fn is_left_after_kill(state: &str) -> Result<bool> {
    let path = unguessable_path()?;
    // Not the lesson, only for tidiness: the cleaner is a child that removes
    // the file, even if this program is killed. It waits until nobody has the
    // end `hold` of this pipe: this process has it, and so has the owner (as
    // its stderr), because the owner might create the file late.
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
    told.read_exact(&mut [0])?; // the owner is in this state
    owner.kill()?; // SIGKILL
    owner.wait()?;
    let is_left = path.try_exists()?;
    drop(hold); // so the cleaner begins
    cleaner.wait()?;
    ensure(!path.try_exists()?, "the cleaner has not cleaned up")?;
    say!("{state}: {}", word(is_left));
    Ok(is_left)
}

/// The child that is killed.
fn own(state: &str, path: &Path) -> Result {
    let _memory = if state == "memfd" {
        SharedMemory::new(4_096)?
    } else {
        let file = create_exclusive(path)?;
        file.set_len(4_096)?;
        SharedMemory::map_unsealed(file.into())? // others might shorten it
    };
    if state == "unlinked" {
        fs::remove_file(path)?;
    }
    say!("ready");
    io::copy(&mut io::stdin(), &mut io::sink())?; // until its parent ends
    Ok(())
}

/// The cleaner.
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

/// A path in `/dev/shm` that nobody can guess: 128 random bits. (Use it only if
/// a name is needed. Otherwise use `multiprocessing::SharedMemory::new`.)
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
/// There is something with this name already (even a link to a file that does
/// not exist), or the file cannot be created.
pub fn create_exclusive(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true).mode(0o600).open(path)
}
// ANCHOR_END: nameless
