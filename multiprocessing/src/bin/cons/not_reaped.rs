//! Zombie: a child that has ended stays in the process table until it is reaped.
//!
//!     cargo run -p multiprocessing --bin not_reaped
//!
//! The kernel keeps the exit status of a child until its parent asks for it.
//! Such a child is a zombie: it runs no more, but it keeps its pid. To ask
//! (`wait`) is to reap. `Child` of the standard library has no `Drop` that
//! waits, so a dropped child that has ended stays a zombie as long as its
//! parent lives. A server that starts children in this way runs out of pids. In
//! Python: `Process.join`, and `active_children()` reaps those that have ended.
//!
//! Claims: M9
//! Change this and watch: add `child.wait()?;` before `drop(child)`. Then no
//! child is a zombie, and M9 is contradicted.
//!
//! Output (figures vary):

use std::{fs, time::Duration};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use shared::{Result, claim, flags, role, say, watchdog::Watchdog};

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        return Ok(()); // ends at once
    }
    flags([]);
    let _bound = Watchdog::guard("the ends", Duration::from_secs(20))?;
    let child = role::command("child")?.spawn()?;
    let pid = Pid::from_child(&child);
    until_ended(pid)?;
    drop(child); // WRONG: nobody waits for it
    let dropped = state(pid);
    say!("dropped: {dropped}");
    waitid(WaitId::Pid(pid), WaitIdOptions::EXITED)?; // as `child.wait()`
    let waited = state(pid);
    say!("waited for: {waited}");
    let reaped = Reaped(role::command("child")?.spawn()?);
    let pid = Pid::from_child(&reaped.0);
    until_ended(pid)?;
    drop(reaped);
    let reaped = state(pid);
    say!("dropped as `Reaped`: {reaped}");
    let figure = format!(
        "a child that has ended is dropped: {dropped}; after a `wait`: \
         {waited}; with a `Drop` that waits: {reaped}"
    );
    let zombie = dropped.starts_with('Z');
    claim("M9", zombie && waited == GONE && reaped == GONE, figure)
}

/// Waits for the end of a child, but leaves its exit status to others.
fn until_ended(child: Pid) -> Result {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(child), options).map(drop)?)
}

const GONE: &str = "not in the process table";

/// What the kernel says of a process.
fn state(pid: Pid) -> String {
    let path = format!("/proc/{}/status", pid.as_raw_nonzero());
    let Ok(status) = fs::read_to_string(path) else {
        return GONE.to_string();
    };
    let state = status.lines().find_map(|line| line.strip_prefix("State:"));
    state.map_or("unknown", str::trim).to_string()
}

// ANCHOR: not_reaped
use std::process::Child;

/// A child that is killed and reaped when this is dropped, also by a panic or
/// an early return. A child that has been waited for is left alone.
pub struct Reaped(pub Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
// ANCHOR_END: not_reaped
