//! Control groups (cgroups): a kill that reaches processes in other sessions.
//!
//!     cargo run -p subprocess --bin kill_cgroup
//!
//! A process can leave its process group and its session (`setsid`), and then a
//! kill of the group does not reach it. It cannot leave its cgroup without
//! permission, and `cgroup.kill` kills all that are in it. Containers and
//! systemd end services in this way. A cgroup is a folder: only root and some
//! services may make one, so this may not be allowed on your machine. The
//! program `kill_tree_ways` has ways that need no permission. In Python: write
//! the same files.
//!
//! A child starts a grandchild, which moves to a session of its own. Two such
//! families are killed, each in one way, and the grandchild is asked.
//!
//! Change this and watch: leave out `setsid()?`. Then the kill of the group
//! reaches the grandchild, too, and the program ends with an error.
//!
//! Output (figures vary):
//!     killed by its process group: the grandchild answers
//!     killed by its cgroup: the grandchild is gone

// The part to copy: src/cgroup.rs

use std::io::{Read, Write, stdin, stdout};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, setsid};
use shared::watchdog::Watchdog;
use shared::{Failure, Result, ensure, flags, role, say};
use subprocess::cgroup::Cgroup;

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        role::command("grandchild")?.spawn()?.wait()?;
        return Ok(());
    }
    if let Some([]) = role::started_as("grandchild") {
        return grandchild();
    }
    if let Some([]) = role::started_as("owner") {
        return compare();
    }
    flags([]);
    // A cgroup would stay if its owner were killed. So a child owns it, which
    // Ctrl+C does not reach.
    let mut owner = role::command("owner")?;
    let status = owner.process_group(0).status()?;
    ensure(status.success(), "the owner of the cgroup has failed")
}

fn compare() -> Result {
    let _bound = Watchdog::guard("the children", Duration::from_secs(20))?;
    let group = family()?.process_group(0).spawn()?;
    let answers = after(group, |child| {
        Ok(kill_process_group(Pid::from_child(child), Signal::KILL)?)
    })?;
    say!("killed by its process group: the grandchild {}", told(answers));
    ensure(answers, "the grandchild is in the group")?;
    let cgroup = match Cgroup::new() {
        Ok(cgroup) => cgroup,
        Err(error) => {
            say!("there is no cgroup for this user: {error}");
            return Ok(());
        }
    };
    let answers = after(cgroup.spawn(family()?)?, |_| Ok(cgroup.kill()?))?;
    say!("killed by its cgroup: the grandchild {}", told(answers));
    ensure(!answers, "a process has left the cgroup")
}

fn told(answers: bool) -> &'static str {
    if answers { "answers" } else { "is gone" }
}

fn family() -> Result<Command> {
    let mut child = role::command("child")?;
    child.stdin(Stdio::piped()).stdout(Stdio::piped());
    Ok(child)
}

/// Whether the grandchild answers after such a kill.
fn after(
    mut child: Child,
    kill: impl FnOnce(&Child) -> Result,
) -> Result<bool> {
    let pipes = child.stdin.take().zip(child.stdout.take());
    let (mut question, mut answer) = pipes.ok_or(Failure::new("no pipes"))?;
    answer.read_exact(&mut [0])?; // "!": the grandchild has moved away
    kill(&child)?;
    child.wait()?;
    let _ = question.write_all(b"?"); // an error if nobody can read it
    drop(question);
    let mut text = String::new();
    answer.read_to_string(&mut text)?; // until all of them have ended
    Ok(!text.is_empty())
}

fn grandchild() -> Result {
    setsid()?;
    stdout().write_all(b"!")?;
    stdout().flush()?;
    let mut question = String::new();
    stdin().read_to_string(&mut question)?;
    say!("I am here");
    Ok(())
}
