//! Stack overflow: how deep a thread can call before the process is aborted.
//!
//!     cargo run -p threading --bin stack_depth
//!
//! Python counts the calls and raises RecursionError. In Rust a stack overflow
//! is no panic: nobody can catch it, and the process dies by SIGABRT. So each
//! recursion runs in a child process, which writes a byte for every call. Deep
//! recursion needs a thread with a larger stack.
//!
//! The program `stack_memory` shows that a larger stack costs next to nothing.
//!
//! Claims: T10
//! Change this and watch: run it with RUST_MIN_STACK=8388608 in front: what
//! died at the default does not, and T10 is contradicted.
//!
//! Output (figures vary):
//!       stack  calls deep  ended by signal
//!      64 KiB          14                6
//!     default         502                6
//!       8 MiB        2015                6
//!     The article, T10: "Each thread needs about 8 MB more memory."
//!     Our answer for Rust: false (not true)
//!     Our answer to T10 is borne out: a thread overflows its default stack of 2.0 MiB after 502 calls of 4 KiB

use std::hint::black_box;
use std::io::{Write, stdout};
use std::os::unix::process::ExitStatusExt;

use shared::{Failure, Result, Table, claim, flags, role};

fn main() -> Result {
    if let Some([kib]) = role::started_as("victim") {
        let _ = match kib.parse::<usize>() {
            Ok(kib) => with_stack(kib << 10, call)?,
            Err(_) => std::thread::spawn(call).join(), // the default
        };
        return Err(Failure::new("the recursion has an end"));
    }
    flags([]);
    let mut table = Table::new(["stack", "calls deep", "ended by signal"]);
    let small = recurse(&mut table, "64 KiB", "64")?;
    let default = recurse(&mut table, "default", "default")?;
    let large = recurse(&mut table, "8 MiB", "8192")?;
    table.print();
    let kib = 8192.0 / large as f64; // for each call
    let mib = kib * default as f64 / 1024.0;
    let figure = format!(
        "a thread overflows its default stack of {mib:.1} MiB after {default} \
         calls of {kib:.0} KiB"
    );
    let borne_out = (1.5..2.5).contains(&mib) && default > 10 * small;
    claim("T10", borne_out, figure)
}

/// Counts the calls of a child until it is dead.
fn recurse(table: &mut Table<3>, stack: &str, kib: &str) -> Result<usize> {
    let child = role::command("victim")?.arg(kib).output()?;
    let signal = child.status.signal();
    let signal = signal.ok_or_else(|| Failure::new("it was not aborted"))?;
    let calls = child.stdout.len();
    table.row([&stack, &calls, &signal]);
    Ok(calls)
}

/// Each call keeps 1 KiB or more (4 in a debug build), says so, and calls
/// again.
fn call() {
    let kept = black_box([0_u8; 1 << 10]);
    let told = stdout().write_all(b".").and_then(|()| stdout().flush());
    if told.is_ok() {
        call(); // WRONG: there is no end, but the stack has one
    }
    black_box(kept);
}

// ANCHOR: stack_depth
/// Runs `job`, for example a deep recursion, on a thread with a stack of so
/// many bytes, and waits for it. The inner error is its panic. The memory is
/// used only as far as the job really calls.
///
/// # Errors
///
/// The system refuses the thread, or so large a stack.
pub fn with_stack<T: Send>(
    bytes: usize,
    job: impl FnOnce() -> T + Send,
) -> std::io::Result<std::thread::Result<T>> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(bytes);
        Ok(thread.spawn_scoped(scope, job)?.join())
    })
}
// ANCHOR_END: stack_depth
