//! Lock between processes: a mutex in shared memory, so no update is lost.
//!
//!     cargo run -p multiprocessing --bin shared_lock
//!
//! `std::sync::Mutex` locks between threads only. A `RobustMutex` lies in
//! memory that processes share, together with the data that it protects. The
//! lock is the only way to the data, as with std's `Mutex`. Four processes add
//! to two plain counters, and no update is lost. In Python: a
//! `multiprocessing.Value`, and its lock `get_lock()`. (That lock is an
//! `RLock`: a process may lock it twice. To lock our mutex twice is an error.)
//!
//! The program `lock_holder_killed` shows what it does when its owner dies.
//!
//! Change this and watch: read `let old = *counters;` under one lock and write
//! `old[0] + 1` under the next. Updates are lost between the two, and the
//! program ends with an error.
//!
//! Output (times vary, counts do not):
//!     4 processes: 40000 of 40000 updates, 40000 of 40000

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
        let mut child = role::command("adder")?;
        children.push(child.stdin(mutex.hand_over()?).spawn()?);
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
    let mutex = RobustMutex::inherited()?;
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
