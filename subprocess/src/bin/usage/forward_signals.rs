//! Signal forwarding: a wrapper that is told to end has to tell its child.
//!
//!     cargo run -p subprocess --bin forward_signals
//!
//! `kill PID`, `docker stop` and some supervisors send SIGTERM to one process:
//! the wrapper. Its child gets nothing, and lives on. Ctrl+C hides this
//! mistake, because the terminal sends SIGINT to the whole process group. There
//! are two cures. A wrapper that has nothing to do afterwards becomes the child
//! itself (`exec`; in Python: `os.execv`). Any other one has to pass the
//! signals on. It gives the child a group of its own (or Ctrl+C would come
//! twice: from the terminal, and from the wrapper), and ends as a shell does:
//! with code 128 + n if signal n ended the child.
//!
//! Change this and watch: delete `SIGTERM` in the line `let all = ..` of
//! `src/forward_signals.rs`. Then SIGTERM ends the wrapper of row 5, and its
//! child lives on: the program says that a signal went another way.
//!
//! Output (figures vary):
//!     wrapper     signal  child gets it  wrapper's end
//!     exec        TERM    true           signal: 15 (SIGTERM)
//!     exec        INT     true           signal: 2 (SIGINT)
//!     same group  TERM    false          signal: 15 (SIGTERM)
//!     same group  INT     false          signal: 2 (SIGINT)
//!     forwards    TERM    true           exit status: 143
//!     forwards    INT     true           exit status: 130

// The part to copy: src/forward_signals.rs

use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt; // for `exec`
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::sys::{prctl::set_child_subreaper, wait::wait};
use nix::unistd::Pid;
use shared::{Result, Table, ensure, flags, role, say};
use shared::{interrupt::hear_interrupts, watchdog::Watchdog};
use subprocess::forward_signals::{exit_code, forward_signals};

fn main() -> Result<ExitCode> {
    if let Some([way]) = role::started_as("wrapper") {
        return wrap(&way);
    }
    if role::started_as::<0>("child").is_some() {
        return child();
    }
    flags([]);
    let _bound = Watchdog::guard("the wrappers", Duration::from_secs(20))?;
    hear_interrupts()?; // a shell starts background jobs with SIGINT ignored
    set_child_subreaper(true)?; // orphans become our children
    let columns = ["wrapper", "signal", "child gets it", "wrapper's end"];
    let (mut table, mut heard) = (Table::new(columns), Vec::new());
    for way in ["exec", "same group", "forwards"] {
        for (name, signal) in
            [("TERM", Signal::SIGTERM), ("INT", Signal::SIGINT)]
        {
            let end = tell_the_wrapper(way, signal)?;
            table.row([&way, &name, &end.child_got_it, &end.status]);
            heard.push(end.child_got_it);
        }
    }
    table.print();
    let as_said = heard == [true, true, false, false, true, true];
    ensure(as_said, "a signal went another way")?;
    Ok(ExitCode::SUCCESS)
}

struct End {
    child_got_it: bool,
    status: ExitStatus,
}

/// Sends a signal to a wrapper alone, when its child is ready.
fn tell_the_wrapper(way: &str, signal: Signal) -> Result<End> {
    let mut wrapper = role::command("wrapper")?;
    wrapper.arg(way).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut wrapper = wrapper.spawn()?;
    let life = wrapper.stdin.take().expect("it was piped");
    let said = wrapper.stdout.take().expect("it was piped");
    let mut said = BufReader::new(said).lines();
    said.next().transpose()?; // the child is ready
    kill(Pid::from_raw(wrapper.id() as i32), signal)?;
    let status = wrapper.wait()?;
    drop(life); // ends a child that lives
    let child_got_it = said.next().transpose()?.is_none();
    // Reaps a child that has lost its wrapper, until there is no child.
    while wait().is_ok() {}
    Ok(End { child_got_it, status })
}

fn wrap(way: &str) -> Result<ExitCode> {
    let mut command = role::command("child")?;
    match way {
        "exec" => Err(command.exec().into()), // returns only if it fails
        "same group" => Ok(exit_code(command.status()?)),
        _ => Ok(forward_signals(&mut command)?),
    }
}

/// Has no handlers: a signal ends it.
fn child() -> Result<ExitCode> {
    say!("ready");
    io::copy(&mut io::stdin(), &mut io::sink())?;
    say!("I was not told");
    Ok(ExitCode::SUCCESS)
}
