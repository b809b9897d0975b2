//! A secret in the arguments (argv): every user can read it in `/proc`.
//!
//!     cargo run -p subprocess --bin secret
//!
//! `/proc/PID/cmdline` has the arguments of a process, and every user may read
//! this file: `ps` shows it. `/proc/PID/environ` has the environment, for the
//! same user and root only, but a child inherits it and passes it on. Standard
//! input is seen by nobody else, and nothing keeps it: this is the way to copy.
//!
//! In Python: the same, `subprocess.run(.., input=secret)` is the safe way.
//!
//! Change this and watch: in the row of the argument, pass it by `arg0` of
//! `CommandExt` instead of `arg`. It is as visible.
//!
//! Output (figures vary):
//!     passed by    cmdline    environ
//!     argument     everybody  -
//!     environment  -          same user
//!     input        -          -

use std::os::unix::fs::PermissionsExt; // for `mode`
use std::{env, fs, io::Read, time::Duration};

use shared::watchdog::Watchdog;
use shared::{Result, Table, ensure, flags, role};

const SECRET: &str = "correct-horse-battery";

fn main() -> Result {
    if env::args_os().nth(1).is_some_and(|role| role == "as-child") {
        return Ok(role::ready_until_parent_ends()?);
    }
    flags([]);
    let _bound = Watchdog::guard("the children", Duration::from_secs(10))?;
    let mut table = Table::new(["passed by", "cmdline", "environ"]);
    let mut argument = role::command("child")?;
    argument.arg(SECRET);
    let mut variable = role::command("child")?;
    variable.env("PASSWORD", SECRET);
    let input = role::command("child")?;
    let mut seen = Vec::new();
    for (way, command) in
        [("argument", argument), ("environment", variable), ("input", input)]
    {
        let places = who_can_read(command)?;
        table.row([&way, &places[0], &places[1]]);
        seen.push(places);
    }
    table.print();
    let right = [["everybody", "-"], ["-", "same user"], ["-", "-"]];
    ensure(seen == right, "this system hides or shows other files")
}

/// Who can read the secret of this child in the two files of `/proc`: by their
/// permissions, if the secret stands there.
fn who_can_read(mut command: Command) -> Result<[&'static str; 2]> {
    let mut child = start_with_secret(command.stdout(Stdio::piped()), SECRET)?;
    // It says that it runs: before that, the system does not list it all.
    child.stdout.as_mut().expect("it is a pipe").read_exact(&mut [0])?;
    let mut who = ["-"; 2];
    for (who, file) in who.iter_mut().zip(["cmdline", "environ"]) {
        let path = format!("/proc/{}/{file}", child.id());
        let text = fs::read(&path)?;
        if text.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()) {
            let for_all =
                fs::metadata(&path)?.permissions().mode() & 0o004 != 0;
            *who = if for_all { "everybody" } else { "same user" };
        }
    }
    child.kill()?;
    child.wait()?;
    Ok(who)
}

// ANCHOR: secret
use std::io::{self, Write};
use std::process::{Child, Command, Stdio};

/// Starts a child and writes a secret to its standard input, which is closed
/// then. The secret stands in no list of processes and in no environment.
///
/// It should be short: the child may read it late, and a pipe has room for 64
/// KiB only.
///
/// # Errors
///
/// The child cannot be started; or it has ended before the secret was written:
/// it has been waited for then. One that ends a moment later
/// without reading is no error here: look at its status.
pub fn start_with_secret(
    command: &mut Command,
    secret: &str,
) -> io::Result<Child> {
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    let mut input = child.stdin.take().expect("it is a pipe");
    match input.write_all(secret.as_bytes()) {
        Ok(()) => Ok(child),
        Err(error) => {
            if child.kill().is_ok() {
                let _ = child.wait();
            }
            Err(error)
        }
    }
}
// ANCHOR_END: secret
