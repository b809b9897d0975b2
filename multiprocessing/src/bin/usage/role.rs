//! Spawn: a worker process is this same program, started again in a role.
//!
//!     cargo run -p multiprocessing --bin role
//!
//! Rust has no `multiprocessing.Process`. A program starts its own file again,
//! and an argument tells the child its role. The child begins at the top of
//! `main`, so each child also runs every line before `main` looks at the role.
//! If such a line starts a worker, each worker starts the next one, without
//! end. A count in the environment is a guard against this recursion, because
//! every child inherits the environment. In Python: the start method `spawn`,
//! and `if __name__ == "__main__":`.
//!
//! Change this and watch: set `DEEPEST` to 5. Then 5 processes start one
//! another, before the guard refuses.
//!
//! Output (figures vary):
//!     process 12493, child of 12410: main begins
//!     process 12497, child of 12493: main begins
//!     process 12497: I am the worker, 6 times 7 is 42
//!     process 12493: the worker has ended with exit status: 0
//!     process 12498, child of 12493: main begins
//!     process 12499, child of 12498: main begins
//!     process 12500, child of 12499: main begins
//!     process 12500: refused, a worker on level 3 may start no other
//!     3 careless processes, then the guard refused 1 more

use std::os::unix::process::parent_id;
use std::{process::id, time::Duration};

use shared::watchdog::Watchdog;
use shared::{Result, ensure, flags, say};

fn main() -> Result {
    say!("process {}, child of {}: main begins", id(), parent_id());
    match my_role().as_deref() {
        Some("worker") => return work(),
        Some("careless") => return start_another(),
        _ => flags([]), // the first process; `flags` refuses wrong arguments
    };
    let _bound = Watchdog::guard("the workers", Duration::from_secs(10))?;
    let worker = worker_command("worker")?.status()?;
    say!("process {}: the worker has ended with {worker}", id());

    let careless = worker_command("careless")?.output()?;
    let told = String::from_utf8_lossy(&careless.stdout);
    say!("{}", told.trim_end());
    let begun = told.matches("main begins").count();
    let stopped = told.matches("refused").count();
    say!("{begun} careless processes, then the guard refused {stopped} more");
    let guarded = worker.success() && (begun, stopped) == (DEEPEST as usize, 1);
    ensure(guarded, "the guard has not worked")
}

/// In the child. It has the same standard output as its parent.
fn work() -> Result {
    say!("process {}: I am the worker, 6 times 7 is {}", id(), 6 * 7);
    Ok(())
}

/// In the child: what a worker does if the program does not look at the role
/// before it starts workers.
fn start_another() -> Result {
    match worker_command("careless") {
        // WRONG: a worker that behaves like the first process.
        Ok(mut another) => ensure(another.status()?.success(), "it failed")?,
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
