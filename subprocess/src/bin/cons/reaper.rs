//! A reaper (PID 1 in a container): waiting for any child steals statuses.
//!
//!     cargo run -p subprocess --bin reaper
//!
//! The first process of a container becomes the parent of all orphans, and has
//! to wait for them, or they stay as zombies. A loop of `waitpid(-1)` waits for
//! any child. So it also waits for the children that other code of the program
//! has started. When that code asks for the status, the system has already
//! forgotten it: error ECHILD, "No child processes". The cure is to ask for
//! single children by their numbers, and only for those that no other code
//! waits for.
//!
//! In Python: `os.waitpid(-1, 0)` does the same, and `Popen.wait` says 0 then.
//!
//! Change this and watch: `let known = [];`. The reaper takes some statuses
//! of the children, too, and the program ends with an error.
//!
//! Output (times vary, counts do not):
//!     after waitpid(-1), 0 of 5 children have a status
//!     after reap_orphans, 5 of 5 children have a status

use std::process::{Child, ExitStatus, exit};
use std::{thread, time::Duration};

use rustix::process::{WaitOptions, getpid, set_child_subreaper, wait};
use shared::watchdog::Watchdog;
use shared::{Result, ensure, flags, role, say};

const CHILDREN: usize = 5;

fn main() -> Result {
    if let Some([name]) = role::started_as("process") {
        return child(&name);
    }
    flags([]);
    let _bound = Watchdog::guard("the children", Duration::from_secs(20))?;
    set_child_subreaper(Some(getpid()))?; // orphans come to this process

    let stolen = start()?;
    while let Ok(Some(_)) = wait(WaitOptions::empty()) {} // until there is none
    let stolen = count_statuses(stolen);
    say!("after waitpid(-1), {stolen} of {CHILDREN} children have a status");
    let kept = with_reap_orphans()?;
    say!("after reap_orphans, {kept} of {CHILDREN} children have a status");
    ensure(stolen == 0 && kept == CHILDREN, "other statuses are left")
}

fn with_reap_orphans() -> Result<usize> {
    let children = start()?;
    let known: Vec<u32> = children.iter().map(Child::id).collect();
    let mut orphans = 0;
    while orphans < CHILDREN {
        // one of each child
        orphans += reap_orphans(&known)?;
        thread::yield_now();
    }
    Ok(count_statuses(children))
}

/// Children of which each leaves an orphan.
fn start() -> Result<Vec<Child>> {
    let start = |_| Ok(role::command("process")?.arg("child").spawn()?);
    (0..CHILDREN).map(start).collect()
}

fn child(name: &str) -> Result {
    if name == "child" {
        // Nobody waits for this one: it becomes an orphan.
        role::command("process")?.arg("orphan").spawn()?;
        exit(7);
    }
    Ok(()) // the orphan
}

fn count_statuses(children: Vec<Child>) -> usize {
    let statuses = children.into_iter().map(|mut child| child.wait());
    let right = |status: &ExitStatus| status.code() == Some(7);
    statuses.flatten().filter(right).count() // `flatten` skips errors
}

// ANCHOR: reaper
use std::{fs, io};

use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// Waits for all children that have ended and that are not `known`: for
/// orphans, where this process is a subreaper or PID 1. Returns how many there
/// were. Call it after each SIGCHLD, or once a second.
///
/// `known` are the children whose status other code will ask for. A child must
/// be known before this is called again. So hold one mutex while you start a
/// child and note its number, and while you call this.
///
/// # Errors
///
/// The system does not list the children.
pub fn reap_orphans(known: &[u32]) -> io::Result<usize> {
    let mut count = 0;
    for pid in children()?.into_iter().filter(|pid| !known.contains(pid)) {
        let Some(pid) = Pid::from_raw(pid as i32) else { continue };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        match waitid(WaitId::Pid(pid), options) {
            Ok(Some(_)) => count += 1,
            Ok(None) | Err(Errno::CHILD) => {} // it runs, or was taken
            Err(error) => return Err(error.into()),
        }
    }
    Ok(count)
}

/// Linux lists the children of each thread. Where it has no such list, this is
/// an error.
fn children() -> io::Result<Vec<u32>> {
    let mut lists = fs::read_to_string("/proc/thread-self/children")?;
    for thread in fs::read_dir("/proc/self/task")? {
        // An error: the thread has ended.
        let list = fs::read_to_string(thread?.path().join("children"));
        lists += list.as_deref().unwrap_or_default();
    }
    let pids = lists.split_whitespace().filter_map(|pid| pid.parse().ok());
    Ok(pids.collect())
}
// ANCHOR_END: reaper
