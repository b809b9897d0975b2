//! Ctrl+C (SIGINT): it ends a program at once, or asks for a graceful shutdown.
//!
//!     cargo run -p futures_pool --bin ctrl_c
//!
//! Python raises KeyboardInterrupt in the main thread, and then waits for the
//! other threads. In Rust nothing is raised: without a handler the system ends
//! the process, and no destructor (`Drop`) runs. A handler that sets a flag
//! lets all threads end by themselves; the second Ctrl+C ends the program at
//! once, in case one of them never looks.
//!
//! The program `ctrl_c_ways` asks by a channel, rayon and tokio; `ctrl_c_pool`
//! shows a pool of processes; `ctrl_c_twice` a job that is stuck.
//!
//! Claims: F12, X4
//! Change this and watch: take the `return` out of `job`. The jobs are done
//! before the program ends, and F12 is contradicted.
//!
//! Output (times vary, counts do not):
//!     without a handler: signal: 2 (SIGINT) after 1.1 ms, 0 of 2 jobs cleaned up
//!     a handler sets a flag: exit status: 0 after 2.2 ms, 2 of 2 jobs cleaned up
//!     The article, F12: "Graceful shutdown needs careful design: one Ctrl+C does not end it."
//!     Our answer for Rust: inverted (the opposite problem)
//!     Our answer to F12 is borne out: after one Ctrl+C 0 of 2 jobs cleaned up without a handler, 2 with one
//!     Not in the article, X4: "What Ctrl+C does, model by model."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to X4 is borne out: Ctrl+C left 0 processes behind

use std::os::unix::process::ExitStatusExt;
use std::{sync::atomic::Ordering::Relaxed, thread, time::Duration};

use shared::interrupt::{CleanUp, Interrupted, press_ctrl_c};
use shared::watchdog::Watchdog;
use shared::{Result, claim, flags, measure::ms, role, say};

const JOBS: usize = 2;

fn main() -> Result {
    if let Some([flag]) = role::started_as("victim") {
        return two_jobs(flag == "flag"); // as a child: this program again
    }
    flags([]);
    let default = interrupt("without a handler", "none")?;
    let asked = interrupt("a handler sets a flag", "flag")?;

    let lost =
        default.status.signal() == Some(SIGINT) && default.said.is_empty();
    let (none, cleaned) = (default.cleaned_up(), asked.cleaned_up());
    let figure = format!(
        "after one Ctrl+C {none} of {JOBS} jobs cleaned up without a handler, \
         {cleaned} with one"
    );
    let gently = asked.status.success() && asked.count("done") == 0;
    claim("F12", lost && gently && cleaned == JOBS, figure)?;
    let orphans = default.orphans + asked.orphans;
    claim("X4", orphans == 0, format!("Ctrl+C left {orphans} processes behind"))
}

/// Starts this program again as a child, and presses Ctrl+C on it.
fn interrupt(what: &str, handler: &str) -> Result<Interrupted> {
    let ended = press_ctrl_c(role::command("victim")?.arg(handler), JOBS, 1)?;
    let (took, cleaned) = (ms(ended.took), ended.cleaned_up());
    let by = ended.status;
    say!(
        "{what}: {by} after {took:.1} ms, {cleaned} of {JOBS} jobs cleaned up"
    );
    Ok(ended)
}

/// The child: two jobs of 200 ms.
fn two_jobs(handles: bool) -> Result {
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(3))?;
    let told = if handles { told_to_stop()? } else { Default::default() };
    thread::scope(|scope| {
        scope.spawn(|| job(&told));
        scope.spawn(|| job(&told));
    });
    Ok(())
}

fn job(told: &AtomicBool) {
    let _guard = CleanUp::at_the_end();
    for _ in 0..200 {
        // A job that never looks at the flag delays the end.
        if told.load(Relaxed) {
            return;
        }
        thread::sleep(Duration::from_millis(1)); // a step of the job
    }
    say!("done");
}

// ANCHOR: ctrl_c
use std::{io, sync::Arc, sync::atomic::AtomicBool};

use signal_hook::{consts::SIGINT, flag};

/// A flag that the first Ctrl+C sets. The second one ends the program at once,
/// with status 130. To be called once, early in `main`.
///
/// # Errors
///
/// The system refuses the handler.
pub fn told_to_stop() -> io::Result<Arc<AtomicBool>> {
    let told = Arc::new(AtomicBool::new(false));
    // The handlers run in this order. The first one ends the program if the
    // flag is set, and the second one sets it. In the other order the first
    // Ctrl+C would end the program at once.
    flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(&told))?;
    flag::register(SIGINT, Arc::clone(&told))?;
    Ok(told)
}
// ANCHOR_END: ctrl_c
