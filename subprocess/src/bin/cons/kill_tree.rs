//! Process group: `kill` ends one process, not the ones that it has started.
//!
//!     cargo run -p subprocess --bin kill_tree
//!
//! A child has started a child of its own, the grandchild. `Child::kill` ends
//! the child only; the grandchild goes on, and holds the pipes that it has from
//! the child. The cure is a process group: the child becomes the leader of a
//! new group, the grandchild is born in it, and one signal reaches the whole
//! group.
//!
//! Send it before you wait for the child. While nobody has waited, the number
//! of the child, and so of the group, is given to no other process. In Python:
//! `Popen(process_group=0)` and `os.killpg`.
//!
//! Claims: S8
//! Change this and watch: leave out `.process_group(0)` in `spawn`. There is no
//! such group then: `kill` says so, and the program ends with an error.
//!
//! Output (figures vary):
//!     after a kill of the child, the grandchild answers: true
//!     after a kill of the group, the grandchild answers: false
//!     The article, S8: "(Not in the article.) Killing a child leaves its own children alive."
//!     Our answer for Rust: holds (true)
//!     Our answer to S8 is borne out: the grandchild outlives a kill of the child, and not of the group

use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write, stdin};
use std::time::Duration;

use shared::watchdog::Watchdog;
use shared::{Result, claim, ensure, flags, role, say};

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        role::command("grandchild")?.spawn()?.wait()?;
        return Ok(());
    }
    if let Some([]) = role::started_as("grandchild") {
        stdin().lines().for_each(|_| say!("I am here"));
        return Ok(());
    }
    flags([]);
    let _bound = Watchdog::guard("the family", Duration::from_secs(10))?;
    let survives = survives_kill_of_the_child()?;
    say!("after a kill of the child, the grandchild answers: {survives}");
    let stays = survives_kill_of_the_group()?;
    say!("after a kill of the group, the grandchild answers: {stays}");
    let figure = "the grandchild outlives a kill of the child, and not of the \
                  group";
    claim("S8", survives && !stays, figure)
}

fn survives_kill_of_the_child() -> Result<bool> {
    let (mut command, mut grandchild) = family()?;
    let mut child = command.spawn()?;
    drop(command); // closes its copies of the pipes
    ensure(grandchild.answers()?, "there is no grandchild")?;
    child.kill()?; // WRONG: one process
    child.wait()?;
    grandchild.answers()
}

fn survives_kill_of_the_group() -> Result<bool> {
    let (mut command, mut grandchild) = family()?;
    let mut group = Group::spawn(&mut command)?;
    drop(command);
    ensure(grandchild.answers()?, "there is no grandchild")?;
    group.kill()?;
    grandchild.answers()
}

/// A child that starts a child of its own, and how to talk to that one.
fn family() -> Result<(Command, Grandchild)> {
    let (input, question) = io::pipe()?;
    let (answer, output) = io::pipe()?;
    let mut child = role::command("child")?;
    child.stdin(input).stdout(output); // which the grandchild inherits
    Ok((child, Grandchild { question, answer: BufReader::new(answer) }))
}

struct Grandchild {
    question: PipeWriter,
    answer: BufReader<PipeReader>,
}

impl Grandchild {
    /// One that has ended has closed its pipes, so both calls return.
    fn answers(&mut self) -> Result<bool> {
        let _ = self.question.write_all(b"are you there?\n");
        Ok(self.answer.read_line(&mut String::new())? > 0)
    }
}

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

    /// Waits until the child has ended by itself, and kills what it has left in
    /// its group.
    ///
    /// # Errors
    ///
    /// As for `kill`.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        if self.status.is_none() {
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
        self.look(now)?; // an error: its number is not its own any more
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
