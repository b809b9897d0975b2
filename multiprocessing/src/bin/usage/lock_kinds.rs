//! Four kinds of locks between processes: what happens if the owner is killed?
//!
//!     cargo run -p multiprocessing --bin lock_kinds
//!
//! A process locks, and is killed (SIGKILL) before it unlocks. Then another
//! process wants the lock. A spin lock and a semaphore are numbers in memory,
//! so they stay locked. (In Python: `multiprocessing.Lock` is a semaphore.) The
//! kernel knows which process has a file lock. It unlocks the file, but tells
//! nobody that the work is half done. Only a robust mutex tells the next owner.
//!
//! The program `lock_holder_killed` shows how the next owner repairs the data.
//!
//! Change this and watch: `drop(child.stdout.take())` instead of
//! `child.kill()?`. Each holder then ends in good order and unlocks. The next
//! process is told nothing, and the program ends with an error.
//!
//! Output (times vary, counts do not):
//!     x

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

use multiprocessing::{LockError, RobustMutex, SharedMemory};
use multiprocessing::{shared, sync::Semaphore};
use rustix::event::{PollFd, PollFlags, poll};
use shared::watchdog::Watchdog;
use shared::{Result, Table, ensure, flags, role};

/// Ample: a lock that is free is had in a millisecond.
const LIMIT: Duration = Duration::from_millis(300);

shared! {
    struct Memory {
        spin: AtomicU32,
        semaphore: Semaphore,
    }
}

fn main() -> Result {
    if let Some([kind]) = role::started_as("holder") {
        return hold(&kind);
    }
    flags([]);
    let _bound = Watchdog::guard("the locks", Duration::from_secs(10))?;
    let shared = SharedMemory::new(size_of::<Memory>())?;
    let memory: &Memory = shared.view(0)?;
    memory.semaphore.init(1);
    kill_holder("spin lock", shared.hand_over()?)?;
    let spin = spin_lock(&memory.spin);
    kill_holder("semaphore", shared.hand_over()?)?;
    let semaphore = memory.semaphore.acquire(LIMIT);
    kill_holder("file lock", shared.hand_over()?)?;
    let file = only_one(path(shared.file()).as_ref(), || ()).is_ok();
    let mutex = RobustMutex::new(())?;
    kill_holder("robust mutex", mutex.hand_over()?)?;
    let told = matches!(mutex.lock(LIMIT), Err(LockError::OwnerDied(_)));
    let mut table = Table::new(["lock", "the next process", "is told"]);
    table.row([&"spin lock", &next(spin), &"-"]);
    table.row([&"semaphore", &next(semaphore), &"-"]);
    table.row([&"file lock", &next(file), &"nothing"]);
    table.row([&"robust mutex", &next(told), &"owner died"]);
    table.print();
    ensure(!spin && !semaphore && file && told, "a lock ended otherwise")
}

fn next(locked: bool) -> &'static str {
    if locked { "has the lock" } else { "is stuck" }
}

/// Starts a process that locks, and kills it while it has the lock.
fn kill_holder(kind: &str, memory: Stdio) -> Result {
    let mut holder = role::command("holder")?;
    holder.arg(kind).stdin(memory).stdout(Stdio::piped());
    let mut child = holder.spawn()?;
    let told = child.stdout.as_mut().expect("it was piped");
    told.read_exact(&mut [0])?; // forced: the child has the lock now
    child.kill()?; // SIGKILL: no chance to unlock
    child.wait()?;
    Ok(())
}

/// The child: locks, says so, and has the lock until it is killed.
fn hold(kind: &str) -> Result {
    if kind == "robust mutex" {
        let mutex = RobustMutex::<()>::inherited()?;
        let _guard = mutex.lock(LIMIT)?;
        return Ok(until_parent_ends()?);
    }
    let shared = SharedMemory::inherited()?;
    let memory: &Memory = shared.view(0)?;
    match kind {
        "spin lock" if spin_lock(&memory.spin) => {
            until_parent_ends()?;
            memory.spin.store(0, SeqCst);
        }
        "semaphore" if memory.semaphore.acquire(LIMIT) => {
            until_parent_ends()?;
            memory.semaphore.release()?;
        }
        _ => only_one(path(shared.file()).as_ref(), until_parent_ends)??,
    }
    Ok(())
}

/// Says that the lock is here, and waits until nobody reads stdout any more.
fn until_parent_ends() -> io::Result<()> {
    let mut parent = io::stdout();
    parent.write_all(b"!")?;
    parent.flush()?;
    // No event is asked for: only the end of the reader ends this.
    poll(&mut [PollFd::new(&parent, PollFlags::empty())], None)?;
    Ok(())
}

fn spin_lock(locked: &AtomicU32) -> bool {
    let begun = Instant::now();
    while locked.swap(1, SeqCst) == 1 {
        if begun.elapsed() > LIMIT {
            return false;
        }
    }
    true
}

fn path(file: BorrowedFd<'_>) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

// ANCHOR: lock_kinds
use std::{fs::File, path::Path};

/// Runs `work` while this process has the lock of a file, so that only one
/// process does. The kernel unlocks the file when the process ends, however it
/// ends.
///
/// # Errors
///
/// The file cannot be opened; or another process has the lock (`WouldBlock`).
pub fn only_one<R>(
    path: &Path,
    work: impl FnOnce() -> R,
) -> std::io::Result<R> {
    // A child that inherits this `File` would have the lock, too.
    let file = File::options().read(true).write(true).open(path)?;
    file.try_lock()?;
    Ok(work()) // then `file` is closed: unlocked
}
// ANCHOR_END: lock_kinds
