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
//! `child.kill()?`. Each holder then ends by itself. The robust mutex is
//! unlocked in good order, nobody is told, and the program ends with an error.
//!
//! Output (figures vary):
//!     lock          the next process  is told
//!     spin lock     is stuck          -
//!     semaphore     is stuck          -
//!     file lock     has the lock      nothing
//!     robust mutex  has the lock      owner died

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use multiprocessing::{LockError, RobustMutex, SharedMemory, sync::Semaphore};
use rustix::event::{PollFd, PollFlags, poll};
use shared::watchdog::Watchdog;
use shared::{Result, Table, ensure, flags, role};

/// Ample: a lock that is free is had in a millisecond.
const LIMIT: Duration = Duration::from_millis(300);

fn main() -> Result {
    if let Some([kind]) = role::started_as("holder") {
        return hold(&kind);
    }
    flags([]);
    let _bound = Watchdog::guard("the locks", Duration::from_secs(10))?;
    let memory = SharedMemory::new(4_096)?;
    let semaphore: &Semaphore = memory.view(64)?;
    semaphore.init(1); // one permit: a lock
    kill_holder("spin lock", memory.hand_over()?)?;
    let spin = spin_lock(memory.view(0)?);
    kill_holder("semaphore", memory.hand_over()?)?;
    let permit = semaphore.acquire(LIMIT);
    kill_holder("file lock", memory.hand_over()?)?;
    let file = only_one(path(memory.file()).as_ref(), || ()).is_ok();
    let mutex = RobustMutex::new(())?;
    kill_holder("robust mutex", mutex.hand_over()?)?;
    let told = matches!(mutex.lock(LIMIT), Err(LockError::OwnerDied(_)));
    print(next(spin), next(permit), next(file), next(told));
    ensure(!spin && !permit && file && told, "a lock has ended otherwise")
}

fn print(spin: &str, permit: &str, file: &str, told: &str) {
    let mut table = Table::new(["lock", "the next process", "is told"]);
    table.row([&"spin lock", &spin, &"-"]);
    table.row([&"semaphore", &permit, &"-"]);
    table.row([&"file lock", &file, &"nothing"]);
    table.row([&"robust mutex", &told, &"owner died"]);
    table.print();
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
    let memory = SharedMemory::inherited()?;
    let locked = match kind {
        "spin lock" => spin_lock(memory.view(0)?),
        "semaphore" => memory.view::<Semaphore>(64)?.acquire(LIMIT),
        _ => {
            let path = path(memory.file());
            // Two results: of the lock, and of what is done with it.
            return Ok(only_one(path.as_ref(), until_parent_ends)??);
        }
    };
    ensure(locked, "another process has the lock")?;
    Ok(until_parent_ends()?)
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

/// A million tries, and no sleep.
fn spin_lock(locked: &AtomicU32) -> bool {
    (0..1_000_000).any(|_| locked.swap(1, SeqCst) == 0)
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
