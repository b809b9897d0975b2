//! A child and all that it starts, killed together: a process group.
//!
//! ```
//! use std::process::{Command, Stdio};
//! use subprocess::group::Group;
//!
//! # fn main() -> std::io::Result<()> {
//! let mut rustc = Command::new("rustc");
//! rustc.arg("-V").stdout(Stdio::null());
//! let mut group = Group::spawn(&mut rustc)?;
//! assert!(group.wait()?.success());
//! # Ok(())
//! # }
//! ```

// ANCHOR: kill_tree
use std::io;
use std::os::unix::process::CommandExt; // for `process_group`
use std::process::{Child, Command, ExitStatus};

use rustix::io::{Errno, retry_on_intr};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group,
    waitid,
};

/// A child in a process group of its own, with all that it starts. Dropped, the
/// group is killed and the child is waited for, so it does not stay as a
/// zombie.
///
/// Out of reach are processes that have moved to another group or session, and
/// those of other users.
#[derive(Debug)]
pub struct Group {
    child: Child,
    /// Set when the child has been waited for. From then on its number, which
    /// is that of the group, may belong to another process: it gets no signal.
    status: Option<ExitStatus>,
}

impl Group {
    /// Starts the child as the leader of a new group.
    ///
    /// # Errors
    ///
    /// The child cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<Group> {
        let child = command.process_group(0).spawn()?;
        Ok(Group { child, status: None })
    }

    /// The child, to take its pipes. (Wait by `wait` of the group.)
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Closes the input of the child, if it has a pipe that was not taken;
    /// waits until the child has ended by itself; and kills what it has left in
    /// its group.
    ///
    /// # Errors
    ///
    /// As for `kill`.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        if self.status.is_none() {
            drop(self.child.stdin.take()); // it may wait for the end of it
            self.look(WaitIdOptions::EXITED)?;
        }
        self.kill()
    }

    /// Kills the group (SIGKILL) and waits for the child. May be called twice.
    ///
    /// # Errors
    ///
    /// The child has become another user's, and goes on; or somebody else has
    /// waited for it (or this process ignores SIGCHLD): it has no status.
    pub fn kill(&mut self) -> io::Result<ExitStatus> {
        if let Some(status) = self.status {
            return Ok(status);
        }
        let now = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        self.look(now)?; // an error: other code has waited for it
        let child = Pid::from_child(&self.child);
        let _ = kill_process_group(child, Signal::KILL); // or nobody is in it
        // It may have left its group.
        if let Err(error) = kill_process(child, Signal::KILL)
            && !self.look(now)?
        {
            return Err(error.into());
        }
        let status = self.child.wait()?;
        self.status = Some(status);
        Ok(status)
    }

    /// Whether the child has ended. `NOWAIT`: its status stays where it is, and
    /// so the child keeps its number.
    fn look(&self, options: WaitIdOptions) -> Result<bool, Errno> {
        let child = Pid::from_child(&self.child);
        let options = options | WaitIdOptions::NOWAIT;
        let end = || waitid(WaitId::Pid(child), options);
        Ok(retry_on_intr(end)?.is_some())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = self.kill(); // nobody to tell it to
    }
}
// ANCHOR_END: kill_tree
