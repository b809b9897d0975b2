//! Fork in a program with threads: the child waits for a lock, for ever.
//!
//!     cargo run -p multiprocessing --bin fork_with_threads
//!
//! A fork copies the memory of a process, but only one of its threads: the one
//! that forks. If another thread has a lock at that moment, the lock is locked
//! in the child, and no thread there will ever unlock it: a deadlock. (You may
//! not even see the lock: the allocator has one.) In Python: `os.fork()` gives
//! a DeprecationWarning in a multi-threaded process. There are two cures: start
//! a program (`std::process::Command` does fork and exec), or fork before the
//! first thread starts.
//!
//! The program `forkserver` forks from a process that has no other thread.
//!
//! Change this and watch: call `fork_with_threads_and_lock` after the `join` of
//! the other thread, not before. Nobody has the lock then, so the child gets
//! it, and the program ends with an error.
//!
//! Output (figures vary):
//!     fork before the first thread: the child gets the lock
//!     fork with threads: deadlock, the child has no lock after 500ms
//!     fork and exec: the child gets the lock
//!     run_forked with threads: 3 threads: only a single one may fork

use std::sync::{Mutex, mpsc};
use std::thread;

use multiprocessing::fork::fork_with_threads_and_lock;
use shared::{Result, ensure, flags, role, say, watchdog::Watchdog};

/// Ample: a lock that is free is had in a microsecond.
const LIMIT: Duration = Duration::from_millis(500);
static LOCK: Mutex<()> = Mutex::new(());

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        return ensure(lock() == 0, "the lock is broken");
    }
    flags([]);
    let early = run_forked(lock, LIMIT)?; // right: there is no other thread
    say!("fork before the first thread: {}", told(early));
    let _bound = Watchdog::guard("the forks", Duration::from_secs(10))?;
    let (locked, is_locked) = mpsc::channel();
    let (unlock, may_unlock) = mpsc::channel::<()>();
    let other = thread::spawn(move || hold_lock(&locked, &may_unlock));
    is_locked.recv()?; // forced: the other thread has the lock now
    // WRONG: the child gets a copy of the locked lock, and not the thread.
    let mut child = fork_with_threads_and_lock(&LOCK)?;
    let refused = run_forked(lock, LIMIT).err().map(|why| why.to_string());
    drop(unlock);
    other.join().expect("it does not panic"); // unlocked, but only here
    child.ends_within(LIMIT)?;
    child.kill()?; // if it has not ended
    let late = child.wait()?;
    say!("fork with threads: {}", told(late));
    let exec = role::command("child")?.status()?.code();
    say!("fork and exec: {}", told(exec));
    say!("run_forked with threads: {}", refused.as_deref().unwrap_or("ran"));
    let shown = late.is_none() && early == Some(0) && exec == Some(0);
    ensure(shown && refused.is_some(), "not exactly one child was stuck")
}

fn lock() -> u8 {
    LOCK.lock().map_or(1, |_| 0)
}

fn hold_lock(locked: &mpsc::Sender<()>, may_unlock: &mpsc::Receiver<()>) {
    let _guard = LOCK.lock().expect("no panic while locked");
    let _ = locked.send(()); // `main` waits for it
    let _ = may_unlock.recv(); // an error: `unlock` was dropped
}

fn told(status: Option<i32>) -> String {
    match status {
        Some(0) => "the child gets the lock".into(),
        Some(other) => format!("the child fails, {other}"),
        None => format!("deadlock, the child has no lock after {LIMIT:?}"),
    }
}

// ANCHOR: fork_with_threads
use std::{io, time::Duration};

use multiprocessing::fork::fork;

/// Runs `work` in a fork of this process, and returns the exit status that
/// `work` returns. `None`: it was not done within `limit` and was killed, or it
/// crashed. Call it before the first thread starts.
///
/// # Errors
///
/// This process has more than one thread, or the system refuses a process.
pub fn run_forked(
    work: impl FnOnce() -> u8,
    limit: Duration,
) -> io::Result<Option<i32>> {
    let mut child = fork(work)?;
    child.ends_within(limit)?;
    child.kill()?; // only if it has not ended
    child.wait()
}
// ANCHOR_END: fork_with_threads
