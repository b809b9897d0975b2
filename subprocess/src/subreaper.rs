//! All descendants of this process, killed: also those that have moved to other
//! groups and sessions.

// ANCHOR: kill_tree_ways
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait};

/// Kills all children of this process and waits for them, until it has none.
/// Returns how many there were. If this process is a subreaper (see
/// `rustix::process::set_child_subreaper`), its grandchildren become its
/// children when their parents have ended, and are killed, too.
///
/// Not for a program that has other children, or starts some at the same time.
///
/// # Errors
///
/// Some are left after `limit`: `PermissionDenied` if one of them belongs to
/// another user, else `TimedOut`. Others: the system does not list the
/// children.
pub fn kill_all_children(limit: Duration) -> io::Result<usize> {
    let (begun, mut count, mut refused) = (Instant::now(), 0, None);
    loop {
        let list = children()?;
        for child in &list {
            match kill_process(*child, Signal::KILL) {
                Ok(()) | Err(Errno::SRCH) => {} // `SRCH`: it has gone
                Err(error) => refused = Some(error), // it may end by itself
            }
        }
        // When one has ended, its own children come to this process.
        for _ in 0..=list.len() {
            match wait(WaitOptions::NOHANG) {
                Ok(Some(_)) => count += 1,
                Ok(None) => break,
                Err(Errno::CHILD) => return Ok(count),
                Err(error) => return Err(error.into()),
            }
        }
        if begun.elapsed() > limit {
            let late = io::Error::from(io::ErrorKind::TimedOut);
            return Err(refused.map_or(late, io::Error::from));
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Linux lists the children of each thread. Where it has no such list, this is
/// an error.
fn children() -> io::Result<Vec<Pid>> {
    let mut lists = fs::read_to_string("/proc/thread-self/children")?;
    for thread in fs::read_dir("/proc/self/task")? {
        // An error: the thread has ended.
        let list = fs::read_to_string(thread?.path().join("children"));
        lists += list.as_deref().unwrap_or_default();
    }
    let pids = lists.split_whitespace().filter_map(|pid| pid.parse().ok());
    Ok(pids.filter_map(Pid::from_raw).collect())
}
// ANCHOR_END: kill_tree_ways
