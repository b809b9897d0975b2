//! Process group: `kill` ends one process, not the ones that it has started.
//!
//!     cargo run -p subprocess --bin kill_tree
//!
//! A child has started a child of its own, the grandchild. `Child::kill` ends the
//! child only; the grandchild goes on, and holds the pipes that it has from the
//! child. The cure is a process group: the child becomes the leader of a new
//! group, the grandchild is born in it, and one signal reaches the whole group.
//!
//! Send it before you wait for the child. While nobody has waited, the number of
//! the child, and so of the group, is given to no other process. In Python:
//! `Popen(process_group=0)` and `os.killpg`.
//!
//! Claims: S8
//! Change this and watch: leave out `.process_group(0)` in `spawn`. The group
//! does not exist, so the grandchild goes on and S8 is contradicted.
//!
//! Output (times vary, counts do not):

use std::io::{BufRead, BufReader, Read};
use std::process::{Stdio, id};
use std::{thread, time::Duration};

use shared::watchdog::Watchdog;
use shared::{Result, claim, flags, role, say};

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        role::command("grandchild")?.spawn()?.wait()?;
        return Ok(());
    }
    if let Some([]) = role::started_as("grandchild") {
        say!("{}", id());
        return Ok(role::ready_until_parent_ends()?);
    }
    flags([]);
    let _bound = Watchdog::guard("the family", Duration::from_secs(10))?;
    let mut child = family()?.spawn()?;
    let (grandchild, output) = born(child.stdout.take())?;
    child.kill()?;
    child.wait()?;
    let survives = role::is_alive(grandchild);
    say!("after a kill of the child, the grandchild is alive: {survives}");
    drop(output); // it waits for that, and ends
    until_gone(grandchild);

    let mut group = Group::spawn(&mut family()?)?;
    let (grandchild, mut output) = born(group.take_stdout())?;
    group.kill()?;
    output.read_to_end(&mut Vec::new())?; // all who could write have ended
    let stays = role::is_alive(grandchild);
    say!("after a kill of the group, the grandchild is alive: {stays}");
    let figure = "the grandchild outlives a kill of the child, and not of the \
                  group";
    claim("S8", survives && !stays, figure)
}

fn until_gone(pid: u32) {
    while role::is_alive(pid) {
        thread::yield_now();
    }
}

/// A child that starts a child of its own.
fn family() -> io::Result<Command> {
    let mut child = role::command("child")?;
    child.stdout(Stdio::piped());
    Ok(child)
}

/// When the grandchild has said its number.
fn born(output: Option<ChildStdout>) -> Result<(u32, BufReader<ChildStdout>)> {
    let mut output = BufReader::new(output.expect("it is a pipe"));
    let mut pid = String::new();
    output.read_line(&mut pid)?;
    Ok((pid.trim().parse()?, output))
}

// ANCHOR: kill_tree
use std::io;
use std::os::unix::process::CommandExt; // for `process_group`
use std::process::{Child, ChildStdout, Command, ExitStatus};

use rustix::io::retry_on_intr;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid,
};

/// A child in a process group of its own, with all that it starts. Dropped, the
/// group is killed and the child is waited for: no process stays, and no zombie.
///
/// A process that moves to another group or session is not reached.
pub struct Group {
    child: Child,
    /// Known when the child has been waited for. Its number, which is that of
    /// the group, may belong to others then.
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

    /// The standard output, if it is a pipe, for the first caller.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Waits until the child has ended by itself, and kills what it has left in
    /// its group.
    ///
    /// # Errors
    ///
    /// The system cannot wait for it, or as for `kill`.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        if self.status.is_none() {
            let child = WaitId::Pid(Pid::from_child(&self.child));
            // The child keeps its number: the status is taken by `kill`.
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            retry_on_intr(|| waitid(child.clone(), options))?;
        }
        self.kill()
    }

    /// Kills the group (SIGKILL) and waits for the child. May be called twice.
    ///
    /// # Errors
    ///
    /// The group belongs to another user.
    pub fn kill(&mut self) -> io::Result<ExitStatus> {
        if let Some(status) = self.status {
            return Ok(status);
        }
        kill_process_group(Pid::from_child(&self.child), Signal::KILL)?;
        let status = self.child.wait()?;
        self.status = Some(status);
        Ok(status)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = self.kill(); // nobody to tell it to
    }
}
// ANCHOR_END: kill_tree
