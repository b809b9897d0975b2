//! Full `/dev/shm`: memory is promised at once, and SIGBUS comes at the touch.
//!
//!     cargo run -p multiprocessing --bin shm_full
//!
//! A file of named shared memory gets its size by `ftruncate`. That succeeds
//! even if there is not enough space. The system takes the pages later, when
//! the process touches them. If there are none left then, the signal SIGBUS
//! ("bus error") ends the process. `fallocate` takes all pages at once: if
//! there are too few, it fails, and code can handle that error. A memfd does
//! not lie in `/dev/shm`, so the limit of `/dev/shm` (64 MiB in many
//! containers) is not for it. In Python `SharedMemory(create=True)` uses
//! `ftruncate`.
//!
//! Each way is tried by a child that has a `/dev/shm` of 64 KiB for itself, in
//! a user and mount namespace. Some systems allow no such namespace.
//!
//! Claims: M9
//! Change this and watch: set `ROOM` to "size=1m". Then there is enough space,
//! nobody fails, and M9 is contradicted.
//!
//! Output (figures vary):
//!     namespace: exit status: 0
//!     ftruncate: created, signal: 7 (SIGBUS)
//!     fallocate: Error: No space left on device (os error 28), exit status: 1
//!     memfd: created, written, exit status: 0
//!     Not in the article, M9: "Weaknesses: starting, encoding, and cleaning up."
//!     Our answer for Rust: holds (true)
//!     Our answer to M9 is borne out: /dev/shm is full: SIGBUS ends 1 of 1 process, fallocate is an error, a memfd works

use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::{fs, path::Path, time::Duration};

use multiprocessing::SharedMemory;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::{prctl::set_dumpable, signal::Signal::SIGBUS};
use nix::unistd::{getegid, geteuid};
use shared::{Result, claim, flags, role, say, watchdog::Watchdog};

const ROOM: &str = "size=64k";
const BYTES: usize = 128 << 10;

fn main() -> Result {
    if let Some([way]) = role::started_as("creator") {
        return create(&way);
    }
    flags([]);
    let _bound = Watchdog::guard("the creators", Duration::from_secs(10))?;
    if !run("namespace")?.success() {
        say!("not available here");
        return Ok(()); // nothing was seen, nothing is claimed
    }
    let touched = run("ftruncate")?.signal() == Some(SIGBUS as i32);
    let refused = run("fallocate")?.code() == Some(1);
    let memfd = run("memfd")?.success();
    let figure = format!(
        "/dev/shm is full: SIGBUS ends {} of 1 process, fallocate {} an error, \
         a memfd {}",
        usize::from(touched),
        if refused { "is" } else { "is not" },
        if memfd { "works" } else { "fails" },
    );
    claim("M9", touched && refused && memfd, figure)
}

/// How the child ends that tries this way.
fn run(way: &str) -> Result<ExitStatus> {
    let mut child = role::command("creator")?;
    let child = child.arg(way).stdin(Stdio::null()).output()?;
    let told = String::from_utf8([child.stdout, child.stderr].concat())?;
    say!("{way}: {}{}", told.replace('\n', ", "), child.status);
    Ok(child.status)
}

/// The child: creates memory for which `/dev/shm` has no room.
fn create(way: &str) -> Result {
    set_dumpable(true)?;
    own_dev_shm()?;
    set_dumpable(false)?; // leaves no core file
    let path = Path::new("/dev/shm/example"); // nobody else sees this folder
    let file = match way {
        "ftruncate" => {
            let file = File::create_new(path)?;
            file.set_len(BYTES as u64)?; // WRONG: it may not be there
            file.into()
        }
        "fallocate" => create_allocated(path, BYTES as u64)?.into(),
        "memfd" => SharedMemory::new(BYTES)?.file().try_clone_to_owned()?,
        _ => return Ok(()), // "namespace": there is one
    };
    say!("created");
    let memory = SharedMemory::map_unsealed(file)?;
    memory.write(0, &[1; BYTES])?; // here SIGBUS ends it
    say!("written");
    Ok(())
}

/// A small `/dev/shm`, seen by this process only, and gone with it.
fn own_dev_shm() -> Result {
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1"))?;
    let (kind, flags) = (Some("tmpfs"), MsFlags::empty());
    Ok(mount(kind, "/dev/shm", kind, flags, Some(ROOM))?)
}

// ANCHOR: shm_full
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;

use rustix::fs::{FallocateFlags, fallocate};

/// Creates a file of `bytes` zeros, for example in `/dev/shm`, for this user
/// only. All of its pages are there, so a process that maps the file gets no
/// SIGBUS, unless somebody makes the file shorter.
///
/// # Errors
///
/// There is such a file already, or there is no room for it. Then nothing is
/// left of it.
pub fn create_allocated(
    path: &std::path::Path,
    bytes: u64,
) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true).mode(0o600);
    let file = options.open(path)?;
    if let Err(error) = fallocate(&file, FallocateFlags::empty(), 0, bytes) {
        std::fs::remove_file(path)?;
        return Err(error.into());
    }
    Ok(file)
}
// ANCHOR_END: shm_full
