//! Orphan processes: workers end with their pool, and with a killed program.
//!
//!     cargo run -p futures_pool --bin worker_ends
//!
//! Workers of a pool that is dropped have ended when the drop returns: each of
//! them has been waited for, so no zombie is left. If the program itself is
//! killed (SIGKILL), no code of ours runs any more; the kernel ends the
//! workers, which have asked it to (`PR_SET_PDEATHSIG`), so no orphan is left.
//! In Python workers read the end of their pipe and end, too, unless a job
//! hangs.
//!
//! Change this and watch: `std::mem::forget(pool)` instead of `drop(pool)`. The
//! workers are alive then, which is an error here. They end with the program.
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
        return wait_to_be_killed();
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

/// How many of its workers outlive a program that is killed.
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
        thread::sleep(Duration::from_millis(1)); // the kernel is at it
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

fn alive(pids: &[u32]) -> usize {
    pids.iter().filter(|pid| state(**pid).is_some_and(|s| s != 'Z')).count()
}

// ANCHOR: worker_ends
/// What the process with this number does, in the letters of `ps`: R it runs, S
/// or D it waits, T it is stopped, Z it has ended, and nobody has waited for it
/// yet (a zombie). `None`: there is no such process. Numbers are used again, so
/// ask only about a process that you know.
pub fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The state follows the name, which may have spaces and brackets in it.
    stat.rsplit_once(") ")?.1.chars().next()
}
// ANCHOR_END: worker_ends
