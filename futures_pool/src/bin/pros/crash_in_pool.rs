//! A crash (abort, SIGSEGV) ends the program; in a worker process, only a job.
//!
//!     cargo run -p futures_pool --bin crash_in_pool
//!
//! A panic can be caught, a crash cannot: the system ends the whole process. A
//! thread has no process of its own, so the program ends with it. (Here that
//! program is a child process, so its parent can tell how it ended.) A worker
//! process dies alone, and the handle reports how. But one dead worker breaks a
//! pool by default, as in Python: `broken_pool`. The article's F6 is about
//! exceptions, which `result()` raises again. A crash is no exception, so
//! `result()` can report it only from another process.
//!
//! Claims: F6
//! Change this and watch: `panic!("crash")` instead of `abort()`. Then both
//! handles report a panic, the child ends with status 0, and F6 is
//! contradicted.
//!
//! Output (figures vary):
//!     on a thread: the program ends with signal: 6 (SIGABRT)
//!     in a process: worker 4269 died, and the job with it: signal: 6 (SIGABRT)
//!     The article, F6: "Exceptions are easy to debug: result() raises what the worker raised."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to F6 is borne out: a crash on a thread ended the program; in a process the handle reported SIGABRT

use std::os::unix::process::ExitStatusExt;
use std::{process::abort, time::Duration};

use futures_pool::{ThreadPool, init, job};
use nix::sys::prctl::set_dumpable;
use shared::watchdog::Watchdog;
use shared::{Result, claim, flags, role, say};

fn main() -> Result {
    init([job(crash)]);
    if let Some([]) = role::started_as("victim") {
        return crash_on_a_thread(); // as a child: this program again
    }
    flags([]);
    let _bound = Watchdog::guard("the crashes", Duration::from_secs(5))?;
    let child = role::command("victim")?.output()?;
    let (signal, silent) = (child.status.signal(), child.stdout.is_empty());
    let end = child.status.to_string().replace(" (core dumped)", "");
    say!("on a thread: the program ends with {end}");
    let error = run_isolated(crash, ()).err().map(|error| error.to_string());
    let error = error.unwrap_or("no error".into());
    say!("in a process: {error}");

    let died = error.contains("died") && error.contains("SIGABRT");
    let crashed = signal == Some(6) && silent;
    let ended = if crashed { "ended" } else { "did not end" };
    let told = if died { "reported SIGABRT" } else { "did not report SIGABRT" };
    let figure = format!(
        "a crash on a thread {ended} the program; in a process the handle \
         {told}"
    );
    claim("F6", crashed && died, figure)
}

fn crash_on_a_thread() -> Result {
    let error = ThreadPool::new(1)?.submit(crash, ()).result();
    say!("the handle tells: {error:?}"); // a crash never comes here
    Ok(())
}

/// `()` means that the job needs no argument.
fn crash((): ()) {
    set_dumpable(false).expect("always allowed"); // leaves no core file
    abort(); // WRONG on a thread: nothing can catch it
}

// ANCHOR: crash_in_pool
use futures_pool::{Executor, Function, ProcessPool, Value};

/// Runs a job that may crash, in a process of its own, and waits until it has
/// ended. Begin `main` with `futures_pool::init([job(work)])`.
///
/// # Errors
///
/// The process could not be started, or it has died: the error tells how.
pub fn run_isolated<A: Value, T: Value>(
    work: impl Function<A, T>,
    argument: A,
) -> Result<T, Box<dyn std::error::Error>> {
    let pool = ProcessPool::new(1)?;
    Ok(pool.submit(work, argument).result()?)
}
// ANCHOR_END: crash_in_pool
