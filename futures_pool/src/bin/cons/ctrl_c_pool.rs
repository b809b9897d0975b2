//! Ctrl+C (SIGINT) and a pool of processes: its workers end with the program.
//!
//!     cargo run -p futures_pool --bin ctrl_c_pool
//!
//! A terminal sends SIGINT to all processes of a group. Our workers are not
//! among them, so no job is cut by the signal itself: the program decides.
//! Without a handler the program ends at once, and its workers with it. With
//! one it cancels the jobs that are pending, and waits for those that run. In
//! Python the workers get SIGINT, too, and print a KeyboardInterrupt each.
//!
//! Read `ctrl_c` first.
//!
//! Claims: F12, X4
//! Change this and watch: `Pending::Finish` instead of `Pending::Cancel`. Four
//! jobs are done then, in twice the time, and F12 is contradicted.
//!
//! Output (times vary, counts do not):
//!     without a handler: signal: 2 (SIGINT) after 1.4 ms, 0 of 4 jobs done
//!     Pending::Cancel: exit status: 0 after 201.6 ms, 2 of 4 jobs done
//!     The article, F12: "Graceful shutdown needs careful design: one Ctrl+C does not end it."
//!     Our answer for Rust: inverted (the opposite problem)
//!     Our answer to F12 is borne out: one Ctrl+C ended 2 of 2 programs; 2 of 4 jobs were done, the others cancelled
//!     Not in the article, X4: "What Ctrl+C does, model by model."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to X4 is borne out: Ctrl+C left 0 workers behind

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use futures_pool::{ProcessPool, init, job};
use shared::interrupt::{CleanUp, Interrupted, press_ctrl_c};
use shared::watchdog::Watchdog;
use shared::{Result, claim, flags, measure::ms, role, say};

const WORKERS: usize = 2;
const JOBS: usize = 4;

fn main() -> Result {
    init([job(work)]);
    if let Some([handler]) = role::started_as("victim") {
        return four_jobs(handler == "cancel"); // as a child: this program again
    }
    flags([]);
    let default = interrupt("without a handler", "none")?;
    let asked = interrupt("Pending::Cancel", "cancel")?;

    let at_once = default.status.signal() == Some(SIGINT);
    let lost = at_once && default.said.is_empty();
    let done = asked.count("done");
    let gently = asked.status.success()
        && asked.cleaned_up() == WORKERS
        && asked.count("2 cancelled") == 1;
    let ended = usize::from(lost) + usize::from(gently);
    let figure = format!(
        "one Ctrl+C ended {ended} of 2 programs; {done} of {JOBS} jobs were \
         done, the others cancelled"
    );
    claim("F12", ended == 2 && done == WORKERS, figure)?;
    let orphans = default.orphans + asked.orphans;
    claim("X4", orphans == 0, format!("Ctrl+C left {orphans} workers behind"))
}

/// Starts this program again as a child, and presses Ctrl+C on it.
fn interrupt(what: &str, handler: &str) -> Result<Interrupted> {
    let mut victim = role::command("victim")?;
    let ended = press_ctrl_c(victim.arg(handler), WORKERS, 1)?;
    let (took, done) = (ms(ended.took), ended.count("done"));
    let by = ended.status;
    say!("{what}: {by} after {took:.1} ms, {done} of {JOBS} jobs done");
    Ok(ended)
}

/// The child: two workers, four jobs of 200 ms.
fn four_jobs(handles: bool) -> Result {
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(3))?;
    let pool = Arc::new(ProcessPool::new(WORKERS)?);
    if handles {
        cancel_at_ctrl_c(&pool)?; // The one change
    }
    let jobs = [(); JOBS].map(|()| pool.submit(work, ()));
    let cancelled = jobs.into_iter().filter_map(|job| job.result().err());
    say!("{} cancelled", cancelled.count()); // two have not begun
    pool.shutdown(Pending::Finish);
    Ok(())
}

/// The job, in a worker; `()` means that it needs no argument.
fn work((): ()) {
    let _guard = CleanUp::at_the_end();
    thread::sleep(Duration::from_millis(200)); // the job itself
    say!("done");
}

// ANCHOR: ctrl_c_pool
use std::sync::{Arc, atomic::AtomicBool};
use std::{io, thread};

use futures_pool::{Executor, Pending};
use signal_hook::{consts::SIGINT, flag, iterator::Signals};

/// From now on the first Ctrl+C closes the pool: jobs that have not begun are
/// cancelled (their handles tell `JobError::Cancelled`), those that run are
/// done. The second one ends the program at once, with status 130. For one
/// pool.
///
/// End `main` with `pool.shutdown(Pending::Finish)`, which waits for the jobs
/// that run. To drop the pool may not wait: a thread of this function may have
/// it at that moment, too.
///
/// # Errors
///
/// The system refuses the handler, or a thread.
pub fn cancel_at_ctrl_c<P>(pool: &Arc<P>) -> io::Result<()>
where
    P: Executor + Send + Sync + 'static,
{
    let mut interrupts = Signals::new([SIGINT])?;
    let told = Arc::new(AtomicBool::new(false));
    // The handlers run in this order. The first one ends the program if the
    // flag is set, and the second one sets it. In the other order the first
    // Ctrl+C would end the program at once.
    flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(&told))?;
    flag::register(SIGINT, told)?;
    let pool = Arc::downgrade(pool);
    // Not joined: it waits for signals until the program ends.
    thread::Builder::new().name("ctrl-c".into()).spawn(move || {
        interrupts.forever().next();
        if let Some(pool) = pool.upgrade() {
            pool.close(Pending::Cancel);
        }
    })?;
    Ok(())
}
// ANCHOR_END: ctrl_c_pool
