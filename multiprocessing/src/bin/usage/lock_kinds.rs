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
//! Change this and watch: in `hold`, write `"semaphore" => true`. The holder
//! has no permit then, the semaphore is not stuck, and the program ends with an
//! error.
//!
//! Output (figures vary):
//!     lock          the next process  is told
//!     spin lock     is stuck          -
//!     semaphore     is stuck          -
//!     file lock     has the lock      nothing
//!     robust mutex  has the lock      owner died

use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::{path::PathBuf, time::Duration};

use multiprocessing::{LockError, RobustMutex, SharedMemory, sync::Semaphore};
use shared::watchdog::Watchdog;
use shared::{Result, Table, ensure, flags, role};

/// Ample: a lock that is free is had in a millisecond.
const LIMIT: Duration = Duration::from_millis(300);
const KINDS: [&str; 4] =
    ["spin lock", "semaphore", "file lock", "robust mutex"];

fn main() -> Result {
    if let Some([kind]) = role::started_as("holder") {
        return hold(&kind);
    }
    flags([]);
    let _bound = Watchdog::guard("the locks", Duration::from_secs(10))?;
    let mut table = Table::new(["lock", "the next process", "is told"]);
    let mut stuck = [false; 4];
    for (kind, stuck) in KINDS.iter().zip(&mut stuck) {
        let told = lock_of_killed(kind)?;
        let next = if told.is_some() { "has the lock" } else { "is stuck" };
        table.row([kind, &next, &told.unwrap_or("-")]);
        *stuck = told.is_none();
    }
    table.print();
    ensure(stuck == [true, true, false, false], "other locks are stuck")
}

/// Kills a process that has a lock of this kind, and then wants the lock. What
/// the lock tells then; `None` if it stays locked.
fn lock_of_killed(kind: &str) -> Result<Option<&'static str>> {
    let (memory, mutex) = (SharedMemory::new(4_096)?, RobustMutex::new(())?);
    memory.view::<Semaphore>(64)?.init(1); // one permit: a lock
    let mut holder = role::command("holder")?;
    holder.arg(kind).stdin(match kind {
        "robust mutex" => mutex.hand_over()?,
        _ => memory.hand_over()?,
    });
    role::kill_when_ready(holder)?; // it has the lock when it is killed
    let nothing = |has_lock: bool| has_lock.then_some("nothing");
    Ok(match kind {
        "spin lock" => nothing(spin_lock(memory.view(0)?)),
        "semaphore" => nothing(memory.view::<Semaphore>(64)?.acquire(LIMIT)),
        "file lock" => nothing(only_one(&path(memory.file()), || ()).is_ok()),
        _ => match mutex.lock(LIMIT) {
            Err(LockError::OwnerDied(_)) => Some("owner died"),
            locked => nothing(locked.is_ok()),
        },
    })
}

/// The child: locks, says so, and has the lock until it is killed.
fn hold(kind: &str) -> Result {
    if kind == "robust mutex" {
        let mutex = RobustMutex::<()>::inherited()?;
        let _guard = mutex.lock(LIMIT)?;
        return Ok(role::ready_until_parent_ends()?);
    }
    let memory = SharedMemory::inherited()?;
    let locked = match kind {
        "spin lock" => spin_lock(memory.view(0)?),
        "semaphore" => memory.view::<Semaphore>(64)?.acquire(LIMIT),
        _ => {
            // Two results: of the lock, and of what is done with it.
            let wait = role::ready_until_parent_ends;
            return Ok(only_one(&path(memory.file()), wait)??);
        }
    };
    ensure(locked, "another process has the lock")?;
    Ok(role::ready_until_parent_ends()?)
}

/// A million tries, and no sleep.
fn spin_lock(locked: &AtomicU32) -> bool {
    (0..1_000_000).any(|_| locked.swap(1, SeqCst) == 0)
}

fn path(file: BorrowedFd<'_>) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
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
