//! Orphan processes: workers end with their pool, and with a killed program.
//!
//!     cargo run -p futures_pool --bin worker_ends
//!
//! Dropping a pool ends its workers, and waits for each of them: no zombie is
//! left. If the program itself is killed (SIGKILL), no code of ours runs any
//! more. Then the kernel ends the workers, because each worker has asked it to
//! (`PR_SET_PDEATHSIG`, in `src/process_pool/worker.rs`): no orphan is left. So
//! your program needs nothing but the pool; what you can copy is a way to look.
//!
//! In Python 3.11, when a program is killed, idle workers of
//! `multiprocessing.Pool` end, but those in a job go on; workers of a
//! `ProcessPoolExecutor` stay alive even if they are idle.
//!
//! Change this and watch: `std::mem::forget(pool)` instead of `drop(pool)`. The
//! workers are still alive then, and the program ends with an error. The
//! workers end with it.
//!
//! Output (times vary, counts do not):
//!     the pool is dropped: 0 of 2 workers are left
//!     the program is killed: 0 of 2 workers are left

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::{thread, time::Duration, time::Instant};

use futures_pool::{Executor, ProcessPool, init, job};
use shared::{Result, ensure, flags, role, say, watchdog::Watchdog};

const WORKERS: usize = 2;

fn main() -> Result {
    init([job(thread::sleep)]);
    if let Some([]) = role::started_as("victim") {
        return wait_to_be_killed(); // as a child: this program again
    }
    flags([]);
    let _bound = Watchdog::guard("the workers", Duration::from_secs(5))?;
    let pool = ProcessPool::new(WORKERS)?;
    let workers = pool.pids();
    drop(pool);
    let left = workers.iter().filter(|pid| state(**pid).is_some()).count();
    say!("the pool is dropped: {left} of {WORKERS} workers are left");

    let orphans = left_of_a_killed_program()?;
    say!("the program is killed: {orphans} of {WORKERS} workers are left");
    ensure((left, orphans) == (0, 0), "a worker is left behind")
}

/// How many workers are still there after their program was killed.
fn left_of_a_killed_program() -> Result<usize> {
    let mut program =
        role::command("victim")?.stdout(Stdio::piped()).spawn()?;
    let said = BufReader::new(program.stdout.take().expect("it was piped"));
    let workers = said.lines().take(WORKERS).map(|pid| Ok(pid?.parse()?));
    let workers = workers.collect::<Result<Vec<u32>>>()?;
    program.kill()?;
    program.wait()?;
    let killed = Instant::now();
    while alive(&workers) > 0 && killed.elapsed().as_secs() < 1 {
        thread::sleep(Duration::from_millis(1)); // until they are dead
    }
    Ok(alive(&workers))
}

/// The child: two workers, each in the middle of a long job.
fn wait_to_be_killed() -> Result {
    let pool = ProcessPool::new(WORKERS)?;
    let minute = Duration::from_secs(60);
    let jobs = [(); WORKERS].map(|()| pool.submit(thread::sleep, minute));
    while !jobs.iter().all(|job| job.is_running()) {
        thread::yield_now();
    }
    pool.pids().iter().for_each(|pid| say!("{pid}"));
    thread::sleep(minute);
    Ok(())
}

/// Without zombies: nobody may wait for the orphans of a killed program.
fn alive(pids: &[u32]) -> usize {
    pids.iter().filter(|pid| state(**pid).is_some_and(|s| s != 'Z')).count()
}

// ANCHOR: worker_ends
/// The state of the process with this number, as a letter of `ps`: R is for
/// running, S and D for waiting, T for stopped, Z for a zombie, which has ended
/// while nobody has waited for it yet. `None`: there is no such process. The
/// system gives a number again to a later process.
pub fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The state follows the name, which may have spaces and brackets in it.
    stat.rsplit_once(") ")?.1.chars().next()
}
// ANCHOR_END: worker_ends
