//! Robust mutex: the lock of a process that is killed is not locked for ever.
//!
//!     cargo run -p multiprocessing --bin lock_holder_killed
//!
//! A process locks, and is killed (SIGKILL) before it unlocks. Then another
//! process wants the lock. A semaphore is a number in memory. It stays locked,
//! because nobody knows who has locked it. In Python: `multiprocessing.Lock` is
//! such a semaphore. A robust mutex knows its owner. The next process gets the
//! lock, is told "owner died", and repairs the data. This is harder than with
//! threads, because a thread cannot be killed alone.
//!
//! The program `lock_kinds` compares more kinds of locks. The program
//! `shared_lock` shows the robust mutex in daily use.
//!
//! Claims: M6
//! Change this and watch: in `hold`, move `semaphore.release()?` before the
//! line with `ready_until_parent_ends`. The holder has no permit when it is
//! killed, nothing is stuck, and M6 is contradicted.
//!
//! Output (figures vary):
//!     semaphore: locked for ever
//!     robust mutex: locked again, told: owner died, data: [1, 1]
//!     The article, M6: "With more processes and sockets it is harder still to understand."
//!     Our answer for Rust: holds (true)
//!     Our answer to M6 is borne out: the semaphore of a killed process stays locked; a robust mutex tells of it: owner died

use std::process::Stdio;

use multiprocessing::{SharedMemory, sync::Semaphore};
use shared::watchdog::Watchdog;
use shared::{Result, claim, ensure, flags, role, say};

/// Ample: a lock that is free is had in a millisecond.
const LIMIT: Duration = Duration::from_millis(300);

fn main() -> Result {
    if let Some([kind]) = role::started_as("holder") {
        return hold(&kind);
    }
    flags([]);
    let _bound = Watchdog::guard("the locks", Duration::from_secs(10))?;
    let memory = SharedMemory::new(size_of::<Semaphore>())?;
    let semaphore: &Semaphore = memory.view(0)?;
    semaphore.init(1); // one permit: a lock, as in Python
    kill_holder("semaphore", memory.hand_over()?)?;
    let stuck = !semaphore.acquire(LIMIT); // WRONG: nobody gives it back
    say!("semaphore: {}", if stuck { "locked for ever" } else { "unlocked" });
    let mutex = RobustMutex::new([0_u64; 2])?;
    kill_holder("mutex", mutex.hand_over()?)?;
    let mut told = "nothing";
    let both = *lock_repaired(&mutex, LIMIT, |[first, second]| {
        told = "owner died";
        *second = *first;
    })?;
    say!("robust mutex: locked again, told: {told}, data: {both:?}");
    let stays = if stuck { "stays locked" } else { "is unlocked" };
    let figure = format!(
        "the semaphore of a killed process {stays}; a robust mutex tells of \
         it: {told}"
    );
    claim("M6", stuck && both == [1, 1], figure)
}

/// Starts a process that locks, and kills it (SIGKILL) while it has the lock.
fn kill_holder(kind: &str, memory: Stdio) -> Result {
    let mut holder = role::command("holder")?;
    holder.arg(kind).stdin(memory);
    Ok(role::kill_when_ready(holder)?)
}

/// The child: locks, says so, and has the lock until it is killed.
fn hold(kind: &str) -> Result {
    if kind == "mutex" {
        let mutex = RobustMutex::<[u64; 2]>::inherited()?;
        let mut both = mutex.lock(LIMIT)?;
        both[0] += 1;
        role::ready_until_parent_ends()?; // killed here: one of two is changed
        both[1] += 1;
        return Ok(());
    }
    let memory = SharedMemory::inherited()?;
    let semaphore: &Semaphore = memory.view(0)?;
    ensure(semaphore.acquire(LIMIT), "it is locked")?;
    role::ready_until_parent_ends()?; // and here
    semaphore.release()?;
    Ok(())
}

// ANCHOR: lock_holder_killed
use std::time::Duration;

use multiprocessing::{Guard, LockError, RobustMutex};
use zerocopy::FromBytes;

/// Locks a robust mutex. If its last owner died (or panicked) with the lock,
/// `repair` makes the data whole first.
///
/// # Errors
///
/// A process that lives has the lock for longer than `limit`.
pub fn lock_repaired<T: FromBytes + Send>(
    mutex: &RobustMutex<T>,
    limit: Duration,
    repair: impl FnOnce(&mut T),
) -> Result<Guard<'_, T>, LockError<'_, T>> {
    match mutex.lock(limit) {
        Err(LockError::OwnerDied(mut left)) => {
            repair(&mut left);
            Ok(left.repaired())
        }
        locked => locked,
    }
}
// ANCHOR_END: lock_holder_killed
