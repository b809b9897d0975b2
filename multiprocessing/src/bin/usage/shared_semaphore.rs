//! Semaphore between processes: at most two of them at a time.
//!
//!     cargo run -p multiprocessing --bin shared_semaphore
//!
//! A semaphore has a number of permits. A process takes a permit, works, and
//! gives it back. If no permit is free, the process waits. Here four processes
//! have two permits. To give back a permit that nobody has taken is an error,
//! and the number of permits stays: the semaphore is bounded. In Python:
//! `multiprocessing.BoundedSemaphore`. The permit of a process that is killed
//! is lost, because a semaphore does not know who has its permits.
//!
//! The program `lock_holder_killed` shows that, and the cure.
//!
//! Change this and watch: `semaphore.init(3)` instead of `semaphore.init(2)`.
//! It has a permit too many, and the program ends with an error.
//!
//! Output (times vary, counts do not):
//!     semaphore of 2: at most 2 of 4 processes inside
//!     released once too often: Err(ReleasedTooOften), 2 of 2 permits free

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use multiprocessing::sync::{Barrier, ReleasedTooOften};
use multiprocessing::{SharedMemory, shared};
use shared::{Result, ensure, flags, role, say, watchdog::Watchdog};

const PROCESSES: u32 = 4;
const LIMIT: Duration = Duration::from_secs(5);

shared! {
    struct Memory {
        semaphore: Semaphore,
        two: Barrier,
        inside: AtomicU32,
        most: AtomicU32,
    }
}

fn main() -> Result {
    if let Some([]) = role::started_as("worker") {
        return work();
    }
    flags([]);
    let _bound = Watchdog::guard("the workers", Duration::from_secs(10))?;
    let shared = SharedMemory::new(size_of::<Memory>())?;
    let memory: &Memory = shared.view(0)?;
    memory.semaphore.init(2);
    memory.two.init(2);
    let mut workers = Vec::new();
    for _ in 0..PROCESSES {
        let mut worker = role::command("worker")?;
        workers.push(worker.stdin(shared.hand_over()?).spawn()?);
    }
    for mut worker in workers {
        ensure(worker.wait()?.success(), "a worker has failed")?;
    }
    let most = memory.most.load(SeqCst);
    say!("semaphore of 2: at most {most} of {PROCESSES} processes inside");
    let once_more = memory.semaphore.release();
    let free = memory.semaphore.free();
    say!("released once too often: {once_more:?}, {free} of 2 permits free");
    let refused = once_more == Err(ReleasedTooOften);
    ensure(most == 2 && refused && free == 2, "other processes got in")
}

/// The child: its stdin is the memory.
fn work() -> Result {
    let shared = SharedMemory::inherited()?;
    let memory: &Memory = shared.view(0)?;
    let met = with_permit(&memory.semaphore, LIMIT, || {
        let inside = memory.inside.fetch_add(1, SeqCst) + 1;
        memory.most.fetch_max(inside, SeqCst);
        let met = memory.two.wait(LIMIT); // forced: two are inside together
        memory.inside.fetch_sub(1, SeqCst);
        met
    })?;
    Ok(met.map(drop)?)
}

// ANCHOR: shared_semaphore
use std::{io, time::Duration};

use multiprocessing::sync::Semaphore;

/// Runs `work` with a permit of the semaphore, and gives it back, also after a
/// panic. In Python: `with semaphore:`.
///
/// # Errors
///
/// No permit was free within `limit`.
pub fn with_permit<R>(
    semaphore: &Semaphore,
    limit: Duration,
    work: impl FnOnce() -> R,
) -> io::Result<R> {
    struct Permit<'a>(&'a Semaphore);
    impl Drop for Permit<'_> {
        fn drop(&mut self) {
            self.0.release().expect("this permit was taken");
        }
    }
    if !semaphore.acquire(limit) {
        return Err(io::ErrorKind::TimedOut.into());
    }
    let _permit = Permit(semaphore);
    Ok(work())
}
// ANCHOR_END: shared_semaphore
