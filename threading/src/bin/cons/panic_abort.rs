//! Abort: three failures in a thread that no `join` and no `catch_unwind` sees.
//!
//!     cargo run -p threading --bin panic_abort
//!
//! They do not unwind to the thread that waits: the process ends by SIGABRT,
//! and all its threads with it. What is left is the report on standard error.
//! So this program runs each of them in a child process and reads the report.
//! (rayon's threads have no name, so its report names none.) "That" in T7 means
//! that a failure in a thread does not reach the thread that waits for it.
//!
//! Claims: T7
//! Change this and watch: `pool.join(parse, || ())` instead of
//! `pool.spawn(parse)`. The panic goes on in the thread that waits, the exit
//! status is 101, and T7 is contradicted.
//!
//! Output (times vary, counts do not):
//!     rayon spawn: aborted, the report names the location
//!     stack overflow: aborted, the report names the thread
//!     panic = abort: aborted, the report names the thread and the location
//!     The article, T7: "That makes threads hard to debug."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to T7 is borne out: 3 of 3 failures ended the whole process, with a report on standard error

use std::os::unix::process::ExitStatusExt;
use std::process::Output;
use std::{hint::black_box, thread::Builder, time::Duration};

use rayon::ThreadPoolBuilder;
use shared::{Failure, Result, claim, flags, role, say, watchdog::Watchdog};

fn main() -> Result {
    if let Some([way]) = role::started_as("victim") {
        return victim(&way); // as a child: this program again
    }
    flags([]);
    let ways = ["rayon spawn", "stack overflow", "panic = abort"];
    let mut reported = 0;
    for way in ways {
        let child = role::command("victim")?.arg(way).output()?;
        let aborted = child.status.signal() == Some(libc::SIGABRT);
        let fate = if aborted { "aborted" } else { "not aborted" };
        say!("{way}: {fate}, {}", report(&child));
        reported += usize::from(aborted && report(&child) != "no report");
    }
    let all = ways.len();
    let figure = format!(
        "{reported} of {all} failures ended the whole process, with a report \
         on standard error"
    );
    claim("T7", reported == all, figure)
}

/// What standard error says of it.
fn report(child: &Output) -> &'static str {
    let report = String::from_utf8_lossy(&child.stderr);
    let location = report.contains("panic_abort.rs:");
    match (report.contains("thread 'parser'"), location) {
        (true, true) => "the report names the thread and the location",
        (true, false) => "the report names the thread",
        (false, true) => "the report names the location",
        (false, false) => "no report",
    }
}

fn victim(way: &str) -> Result {
    let _bound = Watchdog::guard("the victim", Duration::from_secs(2))?;
    match way {
        "rayon spawn" => {
            let pool = ThreadPoolBuilder::new().num_threads(1).build()?;
            pool.spawn(parse); // WRONG: without a panic handler, rayon aborts
            pool.install(|| ()); // waits until its one thread is free again
        }
        "stack overflow" => join(|| _ = recurse(0))?,
        "panic = abort" => {
            abort_on_panic();
            join(parse)?;
        }
        _ => return Err(Failure::new("no such way")),
    }
    Ok(())
}

fn join(job: fn()) -> Result {
    let thread = Builder::new().name("parser".into()).spawn(job)?;
    let _ = thread.join(); // whatever it returns: the process is still there
    Ok(())
}

fn parse() {
    panic!("no number");
}

fn recurse(depth: u64) -> u64 {
    if depth == u64::MAX { 0 } else { 1 + black_box(recurse(depth + 1)) }
}

// ANCHOR: panic_abort
use std::panic::{set_hook, take_hook};
use std::process::abort;

/// From now on a panic in any thread ends the whole process, after its report
/// is printed: `panic = "abort"` of Cargo.toml, chosen at run time. No
/// destructor runs. To be called once, first in `main`.
pub fn abort_on_panic() {
    let print = take_hook();
    set_hook(Box::new(move |panic| {
        print(panic);
        abort();
    }));
}
// ANCHOR_END: panic_abort
