//! Zombies: a child that has ended stays in the list until it is waited for.
//!
//!     cargo run -p subprocess --bin zombies
//!
//! The system keeps the exit status of a child until its parent asks for it.
//! Until then, a child that has ended is called a zombie: it uses no CPU, but
//! it keeps its process number (PID), and the system has only so many. A
//! dropped `std::process::Child` is never waited for. If the program has
//! nothing to do with the status, a thread can wait: this is the part to copy.
//! The program `zombies_libraries` has duct, tokio and smol. In Python:
//! `Popen.__del__` puts the child on a list, and the next `Popen` looks through
//! it.
//!
//! Claims: S9
//! Change this and watch: `on_threads` instead of `on_std` in `main`. Nobody
//! stays as a zombie, and S9 is contradicted.
//!
//! Output (times vary, counts do not):
//!     handles               zombies
//!     std, dropped         10 of 10
//!     std, a thread waits   0 of 10
//!     Not in the article, S9: "A child that nobody waits for stays as a zombie."
//!     Our answer for Rust: holds (true)
//!     Our answer to S9 is borne out: of 10 children whose handles were dropped, 10 stay as zombies

use std::{fs, time::Duration, time::Instant};

use rustix::io::Errno;
use rustix::process::{
    Pid, WaitId, WaitIdOptions, WaitOptions, waitid, waitpid,
};
use shared::watchdog::Watchdog;
use shared::{Result, Table, claim, flags, role};

const CHILDREN: usize = 10;

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        return Ok(()); // it ends at once
    }
    flags([]);
    let _bound = Watchdog::guard("the children", Duration::from_secs(30))?;
    let mut table = Table::new(["handles", "zombies"]);
    let mut left = Vec::new();
    let ways: [(&str, Way); 2] =
        [("std, dropped", on_std), ("std, a thread waits", on_threads)];
    for (name, way) in ways {
        let zombies = way()?;
        table.row([&name, &format_args!("{zombies} of {CHILDREN}")]);
        left.push(zombies);
    }
    table.print();
    let figure = format!(
        "of {CHILDREN} children whose handles were dropped, {} stay as zombies",
        left[0]
    );
    claim("S9", left == [CHILDREN, 0], figure)
}

/// How many of the children are zombies at the end.
type Way = fn() -> Result<usize>;

fn on_std() -> Result<usize> {
    let spawn = |_| Ok(role::command("child")?.spawn()?.id()); // dropped here
    let pids = (0..CHILDREN).map(spawn).collect::<Result<Vec<u32>>>()?;
    pids.iter().try_for_each(|pid| has_ended(*pid))?;
    let zombies = count_zombies(&pids);
    for pid in pids.into_iter().filter_map(|pid| Pid::from_raw(pid as i32)) {
        waitpid(Some(pid), WaitOptions::empty())?;
    }
    Ok(zombies)
}

fn on_threads() -> Result<usize> {
    let spawn = |_| Ok(spawn_and_forget(role::command("child")?)?);
    let pids = (0..CHILDREN).map(spawn).collect::<Result<Vec<u32>>>()?;
    until_none_is_left(&pids)
}

/// Waits until the process has ended, and does not take its status. (ECHILD is
/// no error here: other code has taken it.)
fn has_ended(pid: u32) -> Result {
    let pid = Pid::from_raw(pid as i32).expect("no number is 0");
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    match waitid(WaitId::Pid(pid), options) {
        Ok(_) | Err(Errno::CHILD) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Somebody else waits for them: this takes a moment.
fn until_none_is_left(pids: &[u32]) -> Result<usize> {
    pids.iter().try_for_each(|pid| has_ended(*pid))?;
    let deadline = Instant::now() + Duration::from_secs(5);
    while count_zombies(pids) > 0 && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
    Ok(count_zombies(pids))
}

fn count_zombies(pids: &[u32]) -> usize {
    let is_zombie = |pid: &&u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
        stat.is_ok_and(|stat| stat.contains(") Z "))
    };
    pids.iter().filter(is_zombie).count()
}

// ANCHOR: zombies
use std::{io, process::Command, sync::mpsc, thread};

/// Starts a child that needs no handle: a thread waits for it, so it never
/// stays as a zombie. Returns its number. Its output must not be a pipe: nobody
/// would read it.
///
/// # Errors
///
/// The thread or the child cannot be started.
pub fn spawn_and_forget(mut command: Command) -> io::Result<u32> {
    let (tell, told) = mpsc::channel();
    // The thread first: if it cannot be started, there is no child yet.
    thread::Builder::new().spawn(move || {
        let spawned = command.spawn();
        drop(command); // it may have ends of pipes that are for the child
        match spawned {
            Ok(mut child) => {
                let _ = tell.send(Ok(child.id()));
                let _ = child.wait();
            }
            Err(error) => {
                let _ = tell.send(Err(error));
            }
        }
    })?;
    told.recv().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
}
// ANCHOR_END: zombies
