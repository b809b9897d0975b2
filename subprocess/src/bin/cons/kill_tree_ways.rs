//! Survivors of a kill: a process that has moved to its own session (`setsid`).
//!
//!     cargo run -p subprocess --bin kill_tree_ways
//!
//! Read the program `kill_tree` first. Here a child has started two processes:
//! one stays in the group of the child, the other has moved to a session of its
//! own, as a daemon does. No group and no session of the child reaches that
//! one. A subreaper does (this program is one): when a process ends, its
//! children become children of the subreaper, which can kill them until none is
//! left.
//!
//! Each process gets SIGTERM at the end. One that is ended by SIGTERM was still
//! alive; one that was killed before has another status. The program
//! `kill_cgroup` has the way of containers.
//!
//! Claims: S8
//! Change this and watch: leave out `setsid()?`. A group reaches both then, and
//! S8 is contradicted.
//!
//! Output (figures vary):
//!     way            in the group  moved away
//!     kill           alive         alive
//!     process group  ended         alive
//!     session        ended         alive
//!     subreaper      ended         ended
//!     Not in the article, S8: "Killing a child leaves its own children alive."
//!     Our answer for Rust: holds (true)
//!     Our answer to S8 is borne out: of 2 grandchildren, by way of killing, live on: [2, 1, 1, 0]

// The part to copy: src/subreaper.rs

use std::io::{BufRead, BufReader};
use std::process::{Stdio, id};
use std::time::Duration;

use process_wrap::std::{CommandWrap, ProcessGroup, ProcessSession};
use rustix::process::{
    Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper,
    setsid, waitpid,
};
use shared::watchdog::Watchdog;
use shared::{Result, Table, claim, flags, role, say};
use subprocess::subreaper::kill_all_children;

fn main() -> Result {
    if let Some([place]) = role::started_as("process") {
        return be_born(&place);
    }
    flags([]);
    let _bound = Watchdog::guard("the families", Duration::from_secs(20))?;
    set_child_subreaper(Some(getpid()))?;
    let mut table = Table::new(["way", "in the group", "moved away"]);
    let mut survivors = Vec::new();
    for way in ["kill", "process group", "session", "subreaper"] {
        let alive = who_survives(way)?;
        let cells = alive.map(|alive| if alive { "alive" } else { "ended" });
        table.row([&way, &cells[0], &cells[1]]);
        survivors.push(alive.iter().filter(|alive| **alive).count());
    }
    table.print();
    let figure = format!(
        "of 2 grandchildren, by way of killing, live on: {survivors:?}"
    );
    claim("S8", survivors == [2, 1, 1, 0], figure)
}

/// The one in the group of the child, and the one that has moved away.
fn who_survives(way: &str) -> Result<[bool; 2]> {
    let mut command = role::command("process")?;
    command.arg("leader").stdout(Stdio::piped());
    let mut command = CommandWrap::from(command);
    match way {
        "process group" => drop(command.wrap(ProcessGroup::leader())),
        "session" => drop(command.wrap(ProcessSession)),
        _ => {}
    }
    let mut child = command.spawn()?;
    let mut output = child.stdout().take().expect("it is a pipe");
    let mut pids = [0; 2];
    for line in BufReader::new(&mut output).lines().take(2) {
        let line = line?;
        let (place, pid) = line.split_once(' ').unwrap_or(("", "0"));
        pids[usize::from(place.ends_with("away"))] = pid.parse()?;
    }
    child.start_kill()?;
    child.wait()?;
    if way == "subreaper" {
        kill_all_children(Duration::from_secs(10))?;
    }
    Ok([was_alive(pids[0])?, was_alive(pids[1])?])
}

/// Ends an orphan by SIGTERM: that is its status if nobody has killed it
/// before.
fn was_alive(pid: i32) -> Result<bool> {
    let pid = Pid::from_raw(pid).expect("no number is 0");
    if kill_process(pid, Signal::TERM).is_err() {
        return Ok(false); // other code has killed it and waited for it
    }
    let status = waitpid(Some(pid), WaitOptions::empty())?;
    let signal = status.and_then(|(_, status)| status.terminating_signal());
    Ok(signal == Some(Signal::TERM.as_raw()))
}

/// In the child, and in the processes that it has started.
fn be_born(place: &str) -> Result {
    match place {
        "leader" => {
            let mut stays = role::command("process")?.arg("stays").spawn()?;
            let mut away = role::command("process")?.arg("away").spawn()?;
            stays.wait()?;
            away.wait()?;
            return Ok(());
        }
        "away" => drop(setsid()?),
        _ => {}
    }
    say!("{place} {}", id());
    Ok(role::ready_until_parent_ends()?)
}
