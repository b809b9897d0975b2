//! Condition variable between processes: wait until another changes the data.
//!
//!     cargo run -p multiprocessing --bin shared_condition
//!
//! A lock protects the number of jobs, and four processes wait for jobs. A
//! process that finds none unlocks and sleeps. When it is notified, it locks
//! again. The parent adds four jobs and notifies two processes. Exactly two
//! wake. Each wait has a limit, because the other process may have died. In
//! Python: `multiprocessing.Condition` with `wait_for` and `notify`.
//!
//! The program `shared_lock` shows the lock alone.
//!
//! Change this and watch: `add(&mutex, 4, 3)` instead of `add(&mutex, 4, 2)`.
//! Three processes wake, and the program ends with an error.
//!
//! Output (times vary, counts do not):
//!     notify(2) wakes 2 of 4 processes
//!     notify(4) wakes the other 2 of 4

use std::io::{self, Read, Write, pipe};

use shared::{Result, ensure, flags, role, say, watchdog::Watchdog};

const PROCESSES: usize = 4;
const LIMIT: Duration = Duration::from_secs(5);

fn main() -> Result {
    if let Some([]) = role::started_as("worker") {
        return work();
    }
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(10))?;
    let mutex = RobustMutex::new(0_u32)?; // the number of jobs
    let (mut told, tell) = pipe()?;
    let mut workers = Vec::new();
    for _ in 0..PROCESSES {
        let mut command = role::command("worker")?;
        command.stdin(mutex.hand_over()?).stdout(tell.try_clone()?);
        workers.push(command.spawn()?);
    }
    told.read_exact(&mut [0; PROCESSES])?; // forced: each has found no job
    let first = add(&mutex, 4, 2)?;
    told.read_exact(&mut [0; 2])?; // two have taken a job
    let rest = add(&mutex, 0, 4)?; // wakes all that still wait
    for worker in &mut workers {
        ensure(worker.wait()?.success(), "a worker has failed")?;
    }
    say!("notify(2) wakes {first} of {PROCESSES} processes");
    say!("notify(4) wakes the other {rest} of {PROCESSES}");
    ensure((first, rest) == (2, 2), "not exactly two processes were woken")
}

/// The child: its stdin is the memory.
fn work() -> Result {
    let mutex = RobustMutex::inherited()?;
    let tell = |what| {
        let written = io::stdout().write_all(what);
        written.and_then(|()| io::stdout().flush()).expect("it reads");
    };
    take(&mutex, LIMIT, || tell(b"n"))?;
    tell(b"t");
    Ok(())
}

// ANCHOR: shared_condition
use std::time::Duration;

use multiprocessing::RobustMutex;

/// Adds jobs, and wakes so many of the processes that wait for one. Returns how
/// many those were.
///
/// # Errors
///
/// A process has the lock for more than 5 seconds, or died with it.
pub fn add(
    jobs: &RobustMutex<u32>,
    count: u32,
    wake: u32,
) -> std::io::Result<u32> {
    let mut jobs = jobs.lock(Duration::from_secs(5))?;
    *jobs += count;
    Ok(jobs.notify(wake)) // under the lock: no waiter misses it
}

/// Takes a job, and waits until there is one. Calls `none` whenever there is
/// none yet.
///
/// # Errors
///
/// There was no job within `limit`; or as [`add`].
pub fn take(
    jobs: &RobustMutex<u32>,
    limit: Duration,
    mut none: impl FnMut(),
) -> std::io::Result<()> {
    let jobs = jobs.lock(Duration::from_secs(5))?;
    let ready = |jobs: &mut u32| {
        if *jobs == 0 {
            none();
        }
        *jobs > 0 // look again after each wait: another may have taken it
    };
    match jobs.wait_for(limit, ready)? {
        (mut jobs, true) => {
            *jobs -= 1;
            Ok(())
        }
        (_, false) => Err(std::io::ErrorKind::TimedOut.into()),
    }
}
// ANCHOR_END: shared_condition
