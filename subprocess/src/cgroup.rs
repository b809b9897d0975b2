//! A control group (cgroup) of Linux: all processes in it are killed at once.
//!
//! A process cannot leave its cgroup without permission: neither by a new
//! process group nor by a new session. What it starts is in the same cgroup.

#![expect(unsafe_code, reason = "a child has to move before its program runs")]

// ANCHOR: kill_cgroup
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{self, Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{thread, time::Duration};

/// A cgroup. Dropped, it is removed, after all processes in it were killed.
#[derive(Debug)]
pub struct Cgroup {
    folder: PathBuf,
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
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("children-{}-{count}", process::id());
        let folder = own_folder()?.join(name);
        fs::create_dir(&folder)?;
        Ok(Cgroup { folder })
    }

    /// Starts a child in it.
    ///
    /// # Errors
    ///
    /// The child cannot be started, or cannot move.
    pub fn spawn(&self, mut command: Command) -> io::Result<Child> {
        let path = self.file("cgroup.procs");
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
    /// Linux is older than 5.14.
    pub fn kill(&self) -> io::Result<()> {
        fs::write(self.file("cgroup.kill"), "1")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _ = self.kill();
        // The folder is busy until the last of them has ended.
        for _ in 0..1_000 {
            match fs::remove_dir(&self.folder) {
                Err(error) if error.kind() == ErrorKind::ResourceBusy => {
                    thread::sleep(Duration::from_millis(1));
                }
                _ => return,
            }
        }
    }
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
