//! Robust mutex: the lock of a process that is killed is not locked for ever.
//!
//!     cargo run -p multiprocessing --bin lock_holder_killed
//!
//! A process locks, and is killed (SIGKILL) before it unlocks. Then another
//! process wants the lock. A spin lock and a semaphore are numbers in memory,
//! so they stay locked. In Python: `multiprocessing.Lock` is a semaphore, and
//! stays locked, too. The kernel knows who has a file lock, and unlocks it, but
//! tells nobody that the work is half done. A robust mutex also says "owner
//! died", so the next owner can repair the data.
//!
//! The program `shared_lock` shows the robust mutex in daily use.
//!
//! Claims: M6
//! Change this and watch: `drop(told)` instead of `child.kill()?`. The holder
//! then ends in good order and unlocks, nothing is stuck, and M6 is
//! contradicted.
//!
//! Output (times vary, counts do not):
//!     lock          the next process  is told        ms
//!     spin lock     is stuck          -           300.3
//!     semaphore     is stuck          -           300.5
//!     file lock     has the lock      nothing       0.2
//!     robust mutex  has the lock      owner died    0.1
//!     The article, M6: "With more processes and sockets it is harder still to understand."
//!     Our answer for Rust: holds (true)
//!     Our answer to M6 is borne out: a process was killed with a lock: 2 of 4 kinds of locks stay locked

use std::fs::File;
use std::io::{self, Read, Write, pipe};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::{hint, time::Instant};

use multiprocessing::{SharedMemory, sync::Semaphore};
use rustix::event::{PollFd, PollFlags, poll};
use shared::watchdog::Watchdog;
use shared::{Result, Table, claim, ensure, flags, measure::ms, role};

/// Ample: a lock that is free is had in a millisecond.
const LIMIT: Duration = Duration::from_millis(300);

struct Way {
    name: &'static str,
    unlocked: fn() -> io::Result<OwnedFd>,
    /// Locks, runs the closure, unlocks. Returns what the lock told, or nothing
    /// if it stayed locked for `LIMIT`.
    run_locked: fn(OwnedFd, &dyn Fn()) -> Result<Option<&'static str>>,
}

#[rustfmt::skip]
const WAYS: [Way; 4] = [
    Way { name: "spin lock", unlocked: numbers, run_locked: spin_lock },
    Way { name: "semaphore", unlocked: numbers, run_locked: semaphore },
    Way { name: "file lock", unlocked: numbers, run_locked: file_lock },
    Way { name: "robust mutex", unlocked: robust, run_locked: robust_mutex },
];

fn main() -> Result {
    if let Some([number]) = role::started_as("holder") {
        return hold(&WAYS[number.parse::<usize>()?]);
    }
    flags([]);
    let _bound = Watchdog::guard("the locks", Duration::from_secs(10))?;
    let mut table = Table::new(["lock", "the next process", "is told", "ms"]);
    let mut stuck = 0;
    for (number, way) in WAYS.iter().enumerate() {
        let (told, took) = lock_of_killed(number, way)?;
        let next = if told.is_some() { "has the lock" } else { "is stuck" };
        table.row([&way.name, &next, &told.unwrap_or("-"), &took]);
        stuck += usize::from(told.is_none());
    }
    table.print();
    let ways = WAYS.len();
    let figure = format!(
        "a process was killed with a lock: {stuck} of {ways} kinds of locks \
         stay locked"
    );
    claim("M6", stuck > 0, figure)
}

/// Kills a process that has the lock, and then wants the lock.
fn lock_of_killed(
    number: usize,
    way: &Way,
) -> Result<(Option<&'static str>, String)> {
    let memory = (way.unlocked)()?;
    let (mut told, tells) = pipe()?;
    let mut holder = role::command("holder")?;
    holder.arg(number.to_string()).stdin(memory.try_clone()?).stdout(tells);
    let mut child = holder.spawn()?;
    drop(holder); // and with it our end of the pipe
    told.read_exact(&mut [0])?; // forced: the child has the lock now
    let killed = Instant::now();
    child.kill()?; // SIGKILL: no chance to unlock
    child.wait()?;
    let told = (way.run_locked)(memory, &|| {})?;
    Ok((told, format!("{:.1}", ms(killed.elapsed()))))
}

/// The child: locks, says so, and has the lock until it is killed.
fn hold(way: &Way) -> Result {
    let memory = io::stdin().as_fd().try_clone_to_owned()?;
    (way.run_locked)(memory, &|| {
        let mut parent = io::stdout();
        parent.write_all(b"!").and_then(|()| parent.flush()).expect("it reads");
        // No event is asked for: this ends when nobody reads any more.
        let mut gone = [PollFd::new(&parent, PollFlags::empty())];
        let _ = poll(&mut gone, None); // or by a signal
    })
    .map(drop)
}

fn numbers() -> io::Result<OwnedFd> {
    let memory = SharedMemory::new(4_096)?;
    memory.view::<Semaphore>(64)?.init(1);
    memory.file().try_clone_to_owned()
}

fn spin_lock(file: OwnedFd, inside: &dyn Fn()) -> Result<Option<&'static str>> {
    let memory = SharedMemory::from_file(file)?;
    let (locked, begun) = (memory.view::<AtomicU32>(0)?, Instant::now());
    while locked.swap(1, SeqCst) == 1 {
        if begun.elapsed() > LIMIT {
            return Ok(None);
        }
        hint::spin_loop();
    }
    inside();
    locked.store(0, SeqCst);
    Ok(Some("nothing"))
}

fn semaphore(file: OwnedFd, inside: &dyn Fn()) -> Result<Option<&'static str>> {
    let memory = SharedMemory::from_file(file)?;
    let permits: &Semaphore = memory.view(64)?;
    if !permits.acquire(LIMIT) {
        return Ok(None);
    }
    inside();
    permits.release()?;
    Ok(Some("nothing"))
}

/// The lock belongs to the file as it was opened: each process must open it.
fn file_lock(file: OwnedFd, inside: &dyn Fn()) -> Result<Option<&'static str>> {
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let opened = File::options().read(true).write(true).open(path)?;
    opened.lock()?; // bounded by the watchdog
    inside();
    opened.unlock()?;
    Ok(Some("nothing"))
}

fn robust() -> io::Result<OwnedFd> {
    RobustMutex::new([0_u64; 2])?.file().try_clone_to_owned()
}

fn robust_mutex(
    file: OwnedFd,
    inside: &dyn Fn(),
) -> Result<Option<&'static str>> {
    let mutex = RobustMutex::<[u64; 2]>::from_file(file)?;
    let mut told = "nothing";
    let mut both = match lock_repaired(&mutex, LIMIT, |[first, second]| {
        told = "owner died";
        *second = *first;
    }) {
        Err(LockError::TimedOut) => return Ok(None),
        locked => locked.map_err(io::Error::from)?,
    };
    ensure(both[0] == both[1], "the data are not whole")?;
    both[0] += 1;
    inside();
    both[1] += 1;
    Ok(Some(told))
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
