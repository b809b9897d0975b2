//! Spawn: a worker process is this same program, started again in a role.
//!
//!     cargo run -p multiprocessing --bin role
//!
//! Rust has no `multiprocessing.Process`. A program starts its own file again,
//! and an argument tells the child its role. The child begins at the top of
//! `main`, so every line before the check of the role runs in each child, too.
//! If such a line starts a worker, each worker starts the next one, without
//! end. A count in the environment is a guard against this recursion, because
//! every child inherits the environment. In Python: the start method `spawn`,
//! and `if __name__ == "__main__":`.
//!
//! Change this and watch: `DEEPEST` of 5. Without the check of the role, 5
//! processes start one another until the guard refuses.
//!
//! Output (times vary, counts do not):
//!     process 8576, child of 8508: main begins
//!     process 8580, child of 8576: main begins
//!     process 8580: I am the worker, 6 times 7 is 42
//!     process 8576: the worker has ended with exit status: 0
//!     process 8581, child of 8576: main begins
//!     process 8582, child of 8581: main begins
//!     process 8583, child of 8582: main begins
//!     process 8583: refused, a worker on level 3 may start no other
//!     the guard has stopped 1 of 3 careless processes

use std::os::unix::process::parent_id;
use std::{process::id, time::Duration};

use shared::watchdog::Watchdog;
use shared::{Result, ensure, flags, say};

fn main() -> Result {
    say!("process {}, child of {}: main begins", id(), parent_id());
    match my_role().as_deref() {
        Some("worker") => return work(),
        Some("careless") => return start_before_the_check(),
        _ => flags([]), // the first process, or a wrong argument
    };
    let _bound = Watchdog::guard("the workers", Duration::from_secs(10))?;
    let worker = worker_command("worker")?.status()?;
    say!("process {}: the worker has ended with {worker}", id());

    let careless = worker_command("careless")?.output()?;
    let told = String::from_utf8_lossy(&careless.stdout);
    say!("{}", told.trim_end());
    let begun = told.matches("main begins").count();
    let stopped = told.matches("refused").count();
    say!("the guard has stopped {stopped} of {begun} careless processes");
    let guarded = worker.success() && (begun, stopped) == (DEEPEST as usize, 1);
    ensure(guarded, "the guard has not worked")
}

/// In the child. It has the same standard output as its parent.
fn work() -> Result {
    say!("process {}: I am the worker, 6 times 7 is {}", id(), 6 * 7);
    Ok(())
}

/// What a program does that forgets the check: each worker starts another one.
fn start_before_the_check() -> Result {
    match worker_command("careless") {
        // WRONG: a worker that behaves like the first process.
        Ok(mut another) => another.status().map(drop)?,
        Err(error) => say!("process {}: refused, {error}", id()),
    }
    Ok(())
}

// ANCHOR: role
use std::process::Command;
use std::{env, io};

/// How many levels of workers may be below the first process.
const DEEPEST: u32 = 3;
/// The variable that counts the levels. Every child inherits it.
const DEPTH: &str = "WORKER_DEPTH";

/// The command that starts this program again, as a worker process in `role`.
/// Add pipes and arguments, then `spawn`, and `wait` for the child.
///
/// # Errors
///
/// The path of this program is not known; or this process is a worker on the
/// deepest level, which may not start another one: the guard against workers
/// that start workers without end.
pub fn worker_command(role: &str) -> io::Result<Command> {
    let depth = env::var(DEPTH).ok().and_then(|depth| depth.parse().ok());
    let depth: u32 = depth.unwrap_or(0);
    if depth >= DEEPEST {
        let why = format!("a worker on level {depth} may start no other");
        return Err(io::Error::other(why));
    }
    let mut command = Command::new(env::current_exe()?);
    command.arg(format!("--role={role}")).env(DEPTH, (depth + 1).to_string());
    Ok(command)
}

/// The role of this process; `None` in the first one. Check it at the top of
/// `main`: what stands before the check runs in every worker, too.
pub fn my_role() -> Option<String> {
    let first = env::args_os().nth(1)?.into_string().ok()?;
    first.strip_prefix("--role=").map(str::to_string)
}
// ANCHOR_END: role
