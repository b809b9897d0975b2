//! Exit status: a child that fails, by code or by signal, is not an `Err`.
//!
//!     cargo run -p subprocess --bin code_or_signal
//!
//! `Command::output` is `Ok` for each child that has ended, whatever its status
//! is. So `?` does not notice that the child has failed, and the program
//! goes on with output that is empty or cut. A child that a signal has ended
//! has no code. A shell shows 128 + the number of the signal then.
//!
//! In Python: `subprocess.run(.., check=True)` raises `CalledProcessError`, and
//! the `returncode` -9 means signal 9. The part to copy does the same as
//! `check=True`, and names the program and its last complaint.
//!
//! Claims: S10
//! Change this and watch: in `main`, `command.output()` instead of
//! `output_checked(&mut command)`: no failure is told, and S10 is contradicted.
//!
//! Output (times vary, counts do not):
//!     child    code  signal  in a shell
//!     exit 0      0       -           0
//!     exit 3      3       -           3
//!     abort       -       6         134
//!     SIGKILL     -       9         137
//!     code_or_signal: exit status: 3: the file is empty
//!     code_or_signal: signal: 6 (SIGABRT): the file is empty
//!     code_or_signal: signal: 9 (SIGKILL): the file is empty
//!     Not in the article, S10: "A child ends with a code or by a signal; nobody is told unasked."
//!     Our answer for Rust: holds (true)
//!     Our answer to S10 is borne out: `output` tells of 0 of 3 failures, `output_checked` of 3 of 3

use std::process::{abort, exit, id};

use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use shared::{Result, Table, claim, flags, role, say};

fn main() -> Result {
    if let Some([way]) = role::started_as("child") {
        return end_by(&way);
    }
    flags([]);
    let mut table = Table::new(["child", "code", "signal", "in a shell"]);
    let (mut errors, mut failed, mut told) = (Vec::new(), 0, 0);
    for way in ["exit 0", "exit 3", "abort", "SIGKILL"] {
        let mut command = role::command("child")?;
        let output = command.arg(way).output();
        told += usize::from(output.is_err()); // `?` would see no error
        let status = output?.status;
        let [code, signal] = [status.code(), status.signal()]
            .map(|number| number.map_or("-".into(), |n: i32| n.to_string()));
        table.row([&way, &code, &signal, &shell_code(status)]);
        failed += usize::from(!status.success());
        errors.extend(output_checked(&mut command).err());
    }
    table.print();
    errors.iter().for_each(tell);
    let all = errors.len();
    let figure = format!(
        "`output` tells of {told} of {failed} failures, `output_checked` of \
         {all} of {failed}"
    );
    claim("S10", told == 0 && all == failed && failed == 3, figure)
}

/// Without the folder of this program.
fn tell(error: &io::Error) {
    let error = error.to_string();
    say!("{}", error.rsplit_once('/').map_or(&*error, |(_, rest)| rest));
}

fn end_by(way: &str) -> Result {
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?; // no file of its memory
    eprintln!("the file is empty");
    match way {
        "exit 0" => Ok(()),
        "abort" => abort(),
        "SIGKILL" => {
            kill(Pid::from_raw(id() as i32), Signal::SIGKILL)?;
            Ok(())
        }
        _ => exit(3),
    }
}

// ANCHOR: code_or_signal
use std::io;
use std::os::unix::process::ExitStatusExt; // for `signal`
use std::process::{Command, ExitStatus, Output};

/// Runs a child to its end, as `output` does, and calls a failure an error. (In
/// Python: `subprocess.run(.., check=True, capture_output=True)`.)
///
/// # Errors
///
/// The child cannot be started, or its status is no success: the error has the
/// name of the program, the status, and the last line of standard error.
pub fn output_checked(command: &mut Command) -> io::Result<Output> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(output);
    }
    let complaints = String::from_utf8_lossy(&output.stderr);
    let last = complaints.lines().rfind(|line| !line.trim().is_empty());
    let last: String =
        last.unwrap_or("no complaint").chars().take(200).collect();
    let program = command.get_program().display();
    let status = output.status;
    Err(io::Error::other(format!("{program}: {status}: {last}")))
}

/// The status as a shell shows it: the code, or 128 and the number of the
/// signal.
pub fn shell_code(status: ExitStatus) -> i32 {
    let signal = || 128 + status.signal().unwrap_or(0);
    status.code().unwrap_or_else(signal)
}
// ANCHOR_END: code_or_signal
