//! Full `/dev/shm`: memory is promised at once, and SIGBUS comes at the touch.
//!
//!     cargo run -p multiprocessing --bin shm_full
//!
//! A file of named shared memory gets its size by `ftruncate`, which succeeds
//! whatever space there is. The pages are taken when they are touched. If there
//! are none left then, the signal SIGBUS ("bus error") ends the process.
//! `fallocate` takes all pages at once, so it fails with an error that code can
//! handle. A memfd has no part in the limit of `/dev/shm`, which is 64 MiB in
//! many containers. In Python: `SharedMemory(create=True)` uses `ftruncate`.
//!
//! Each way is tried by a child that has a `/dev/shm` of 64 KiB for itself, in
//! a user and mount namespace. Some systems allow no such namespace.
//!
//! Claims: M9
//! Change this and watch: `ROOM` of "size=1m". There is enough space now, nobody
//! fails, and M9 is contradicted.
//!
//! Output (figures vary):
//!     ftruncate: created, signal: 7 (SIGBUS)
//!     fallocate: refused: No space left on device (os error 28), exit status: 0
//!     memfd: created, written, exit status: 0
//!     The article, M9: "Its weaknesses (not in the article): starting, encoding, and cleaning up."
//!     Our answer for Rust: holds (true)
//!     Our answer to M9 is borne out: in a full /dev/shm a touch ends the process by SIGBUS, fallocate is an error, and a memfd still has memory

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::{fs, path::Path, time::Duration};

use multiprocessing::SharedMemory;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::{prctl::set_dumpable, signal::Signal::SIGBUS};
use nix::unistd::{getegid, geteuid};
use shared::{Result, claim, flags, role, say, watchdog::Watchdog};

const ROOM: &str = "size=64k";
const BYTES: usize = 128 << 10;
const WAYS: [&str; 3] = ["ftruncate", "fallocate", "memfd"];

fn main() -> Result {
    if let Some([way]) = role::started_as("creator") {
        return create(&way);
    }
    flags([]);
    let _bound = Watchdog::guard("the creators", Duration::from_secs(10))?;
    let mut ends = Vec::new();
    for way in WAYS {
        let child =
            role::command("creator")?.arg(way).stdin(Stdio::null()).output()?;
        let steps = String::from_utf8(child.stdout)?;
        say!("{way}: {}{}", steps.replace('\n', ", "), child.status);
        ends.push(End {
            bus_error: child.status.signal() == Some(SIGBUS as i32),
            written: steps.contains("written"),
            refused: steps.contains("refused"),
            available: !steps.contains("not available here"),
        });
    }
    report(&ends)
}

struct End {
    available: bool,
    bus_error: bool,
    refused: bool,
    written: bool,
}

fn report(ends: &[End]) -> Result {
    let [touched, allocated, memfd] = ends else { unreachable!("three ways") };
    if !touched.available {
        return Ok(()); // nothing was seen, nothing is claimed
    }
    let word = |yes, word, no| if yes { word } else { no };
    let figure = format!(
        "in a full /dev/shm a touch {} by SIGBUS, fallocate {} an error, and a \
         memfd {}",
        word(touched.bus_error, "ends the process", "ends no process"),
        word(allocated.refused, "is", "is not"),
        word(memfd.written, "still has memory", "has no memory either"),
    );
    let seen = touched.bus_error && allocated.refused && memfd.written;
    claim("M9", seen, figure)
}

/// The child: creates memory for which `/dev/shm` has no room.
fn create(way: &str) -> Result {
    set_dumpable(true)?;
    if let Err(error) = own_dev_shm() {
        say!("not available here: {error}");
        return Ok(());
    }
    set_dumpable(false)?; // leaves no core file
    let path = Path::new("/dev/shm/example"); // nobody else sees this folder
    let memory = match way {
        "memfd" => SharedMemory::new(BYTES)?,
        "fallocate" => match create_allocated(path, BYTES as u64) {
            Ok(file) => SharedMemory::map_unsealed(file.into())?,
            Err(error) => {
                say!("refused: {error}");
                return Ok(());
            }
        },
        _ => {
            let file = File::create_new(path)?;
            file.set_len(BYTES as u64)?; // WRONG: promises what may not be there
            SharedMemory::map_unsealed(file.into())?
        }
    };
    say!("created");
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
/// only. All of its pages are there: a mapping of it cannot hit SIGBUS, unless
/// somebody cuts the file.
///
/// # Errors
///
/// There is such a file, or there is no room for it. Nothing is left then.
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
