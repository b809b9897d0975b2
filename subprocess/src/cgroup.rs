//! A control group (cgroup) of Linux: all processes in it are killed at once.
//!
//! A process cannot leave its cgroup without permission: neither by a new
//! process group nor by a new session. What it starts is in the same cgroup.

#![expect(unsafe_code, reason = "a child has to move before its program runs")]

// ANCHOR: kill_cgroup
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{thread, time::Duration};

/// A cgroup. Dropped, it is removed, after all processes in it were killed.
#[derive(Debug)]
pub struct Cgroup {
    folder: PathBuf,
    /// Open, so that a kill needs no free descriptor.
    kill: File,
}

impl Cgroup {
    /// Makes an empty one, below the cgroup of this process. Needs Linux 5.14.
    ///
    /// # Errors
    ///
    /// `PermissionDenied`: usually only root may do that. systemd can give a
    /// user a part of the tree (`systemd-run --user --scope`). `Unsupported`:
    /// there is no version 2 of cgroups here.
    pub fn new() -> io::Result<Cgroup> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let own = own_folder()?;
        let folder = loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("children-{}-{count}", process::id());
            let folder = own.join(name);
            match fs::create_dir(&folder) {
                // Of a process that was killed, and had our number.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => break made.map(|()| folder)?,
            }
        };
        match File::options().write(true).open(folder.join("cgroup.kill")) {
            Ok(kill) => Ok(Cgroup { folder, kill }),
            Err(error) => {
                let _ = fs::remove_dir(&folder);
                Err(error) // an older Linux has no such file
            }
        }
    }

    /// Starts a child in it.
    ///
    /// # Errors
    ///
    /// The child cannot be started, or cannot move.
    pub fn spawn(&self, mut command: Command) -> io::Result<Child> {
        let path = self.folder.join("cgroup.procs");
        let list = File::options().write(true).open(path)?;
        // SAFETY: between `fork` and `exec` only `write` is called, which is
        // allowed there, with a descriptor that the closure owns.
        unsafe {
            command.pre_exec(move || {
                rustix::io::write(&list, b"0")?; // 0: the process that writes
                Ok(())
            });
        }
        command.spawn()
    }

    /// Kills all processes in it, and in the cgroups below. A child of this
    /// process must be waited for after that, as always.
    ///
    /// # Errors
    ///
    /// The system refuses it.
    pub fn kill(&self) -> io::Result<()> {
        (&self.kill).write_all(b"1")
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _ = self.kill();
        // The folder is busy until the last of them has ended.
        for _ in 0..1_000 {
            match remove(&self.folder) {
                Err(error) if error.kind() == ErrorKind::ResourceBusy => {
                    thread::sleep(Duration::from_millis(1));
                }
                _ => return,
            }
        }
    }
}

/// With the cgroups that processes in it have made.
fn remove(folder: &Path) -> io::Result<()> {
    for inner in fs::read_dir(folder).into_iter().flatten().flatten() {
        if inner.file_type()?.is_dir() {
            remove(&inner.path())?;
        }
    }
    fs::remove_dir(folder)
}

/// The folder of the cgroup in which this process is.
fn own_folder() -> io::Result<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    let root = mounts.lines().find_map(|line| {
        let mut words = line.split(' ').skip(1);
        let folder = words.next()?;
        (words.next()? == "cgroup2").then_some(folder)
    });
    let cgroups = fs::read_to_string("/proc/self/cgroup")?;
    let own = cgroups.lines().find_map(|line| line.strip_prefix("0::/"));
    match (root, own) {
        (Some(root), Some(own)) => Ok(PathBuf::from(root).join(own)),
        _ => Err(ErrorKind::Unsupported.into()),
    }
}
// ANCHOR_END: kill_cgroup
