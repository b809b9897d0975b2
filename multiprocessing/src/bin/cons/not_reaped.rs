//! Zombie: a child that has ended keeps its pid until its parent reaps it.
//!
//!     cargo run -p multiprocessing --bin not_reaped
//!
//! The kernel keeps the exit status of a child until its parent calls `wait`.
//! Until then the child is a zombie: it does not run, but it keeps its pid.
//! `Child` of the standard library has no `Drop` that waits. So a child that is
//! dropped is a zombie from its end to the end of its parent, and a server that
//! starts children in this way runs out of pids. In Python: `Process.join`
//! waits for one child; `active_children()` reaps all that have ended.
//!
//! Claims: M9
//! Change this and watch: `drop(Reaped(child))` instead of `drop(child)`. Then
//! the child is never a zombie, and M9 is contradicted.
//!
//! Output (figures vary):
//!     dropped: Z (zombie)
//!     waited for: not in the process table
//!     dropped as `Reaped`: not in the process table
//!     Not in the article, M9: "Weaknesses: starting, encoding, and cleaning up."
//!     Our answer for Rust: holds (true)
//!     Our answer to M9 is borne out: a child that has ended is Z (zombie), after `wait` not in the process table

use std::{fs, time::Duration};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use shared::{Result, claim, flags, role, say, watchdog::Watchdog};

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        return Ok(()); // ends at once
    }
    flags([]);
    let _bound = Watchdog::guard("the ends", Duration::from_secs(20))?;
    let child = ended_child()?;
    let pid = Pid::from_child(&child);
    drop(child); // WRONG: nobody waits for it
    let dropped = state(pid);
    say!("dropped: {dropped}");
    let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED); // `Child::wait`
    let waited = state(pid);
    say!("waited for: {waited}");
    let child = ended_child()?;
    let pid = Pid::from_child(&child);
    drop(Reaped(child));
    let reaped = state(pid);
    say!("dropped as `Reaped`: {reaped}");
    let figure =
        format!("a child that has ended is {dropped}, after `wait` {waited}");
    let zombie = dropped.starts_with('Z');
    claim("M9", zombie && waited == GONE && reaped == GONE, figure)
}

/// Starts a child and waits for its end, but does not ask for its exit status.
fn ended_child() -> Result<Child> {
    let child = role::command("child")?.spawn()?;
    let end = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(Pid::from_child(&child)), end)?;
    Ok(child)
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
