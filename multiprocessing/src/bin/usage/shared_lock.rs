//! Lock between processes: a mutex in shared memory, so no update is lost.
//!
//!     cargo run -p multiprocessing --bin shared_lock
//!
//! `std::sync::Mutex` locks between threads only. A `RobustMutex` lies in
//! memory that processes share, together with the data that it protects. The
//! lock is the only way to the data, as with std's `Mutex`. Four processes add
//! to two plain counters, and none of the updates is lost. In Python:
//! `multiprocessing.Lock` or `RLock`, and a `Value` beside it. (Our mutex is no
//! `RLock`: to lock it twice in one thread is an error.)
//!
//! The program `lock_holder_killed` shows what it does when its owner dies.
//!
//! Change this and watch: read `let old = *counters;` under one lock and write
//! `old[0] + 1` under the next. Updates are lost between the two, and the
//! program ends with an error.
//!
//! Output (times vary, counts do not):
//!     4 processes: 40000 of 40000 updates, 40000 of 40000

use std::os::fd::AsFd;

use shared::{Result, ensure, flags, role, say, watchdog::Watchdog};

const PROCESSES: u64 = 4;
const UPDATES: u64 = 10_000;

fn main() -> Result {
    if let Some([]) = role::started_as("adder") {
        return add();
    }
    flags([]);
    let _bound = Watchdog::guard("the updates", Duration::from_secs(20))?;
    let mutex = RobustMutex::new([0_u64; 2])?;
    let mut children = Vec::new();
    for _ in 0..PROCESSES {
        let memory = mutex.file().try_clone_to_owned()?;
        children.push(role::command("adder")?.stdin(memory).spawn()?);
    }
    for mut child in children {
        ensure(child.wait()?.success(), "a process has failed")?;
    }
    let [first, second] = with_lock(&mutex, |counters| *counters)?;
    let all = PROCESSES * UPDATES;
    say!("{PROCESSES} processes: {first} of {all} updates, {second} of {all}");
    ensure([first, second] == [all; 2], "updates are lost")
}

/// The child: its stdin is the memory.
fn add() -> Result {
    let memory = io::stdin().as_fd().try_clone_to_owned()?;
    let mutex = RobustMutex::from_file(memory)?;
    for _ in 0..UPDATES {
        with_lock(&mutex, |[first, second]: &mut [u64; 2]| {
            *first += 1; // plain numbers, no atomics
            *second += 1;
        })?;
    }
    Ok(())
}

// ANCHOR: shared_lock
use std::{io, time::Duration};

use multiprocessing::RobustMutex;
use zerocopy::FromBytes;

/// Runs `work` with the data of a mutex that processes share. In Python:
/// `with lock:`. Keep it short: the others wait.
///
/// # Errors
///
/// Nobody unlocked it for 10 seconds, this thread has it already, or a process
/// died with it: then the data may be changed by half.
pub fn with_lock<T: FromBytes + Send, R>(
    mutex: &RobustMutex<T>,
    work: impl FnOnce(&mut T) -> R,
) -> io::Result<R> {
    let limit = Duration::from_secs(10);
    Ok(work(&mut *mutex.lock(limit)?))
}
// ANCHOR_END: shared_lock
