//! Arguments (argv): a child gets them byte for byte, and no shell reads them.
//!
//!     cargo run -p subprocess --bin child_args
//!
//! `Command::arg` passes one argument as it is: with spaces, quotes, `;` and
//! bytes that are no text. A program that builds one line of text instead, and
//! lets a shell split it, runs what a stranger has put into a name: the name
//! "a; reboot" becomes two commands. In Python: `shell=True` does that, and a
//! list of arguments does not.
//!
//! One danger is left without a shell: a name that begins with `-` is taken as
//! an option. The part to copy puts `--` before the names.
//!
//! Claims: S11
//! Change this and watch: let the first of `NASTY` begin with `\0`: no child is
//! started, because an argument ends at its first zero byte. The error is "nul
//! byte found in provided data".
//!
//! Output (times vary, counts do not):
//!     as arguments: 8 of 8 arrive byte for byte
//!     as a line for a shell, "list a; reboot" is 2 commands
//!     with_names: "--\n-rf"
//!     Not in the article, S11: "Arguments, environment and folder are passed without a shell."
//!     Our answer for Rust: holds (true)
//!     Our answer to S11 is borne out: 8 of 8 arguments arrive byte for byte

use std::{env, io::Write, os::unix::ffi::OsStrExt};

use shared::{Result, claim, flags, role, say};

const NASTY: [&[u8]; 8] = [
    b"two words",
    b"'single' \"double\"",
    b"$(reboot)",
    b"a; reboot",
    b"*",
    b"new\nline",
    b"\xff is no UTF-8",
    b"",
];

fn main() -> Result {
    if env::args_os().nth(1).is_some_and(|role| role == "as-child") {
        return tell_arguments();
    }
    flags([]);
    let mut whole = 0;
    for argument in NASTY {
        let mut command = role::command("child")?;
        let told = command.arg(OsStr::from_bytes(argument)).output()?.stdout;
        whole += usize::from(told == [argument, b"\n"].concat());
    }
    let total = NASTY.len();
    say!("as arguments: {whole} of {total} arrive byte for byte");

    let line = "list a; reboot"; // as a shell gets it
    let commands: Vec<&str> = line.split(';').map(str::trim).collect();
    say!("as a line for a shell, {line:?} is {} commands", commands.len());

    let program = env::current_exe()?;
    let mut command = with_names(program, ["as-child"], ["-rf"]);
    let told = command.output()?.stdout;
    say!("with_names: {:?}", String::from_utf8_lossy(&told).trim_end());
    let figure = format!("{whole} of {total} arguments arrive byte for byte");
    claim("S11", whole == total && told == b"--\n-rf\n", figure)
}

/// In the child: a line for each argument after the role.
fn tell_arguments() -> Result {
    let mut told = Vec::new();
    for argument in env::args_os().skip(2) {
        told.extend(argument.as_bytes());
        told.push(b'\n');
    }
    Ok(std::io::stdout().write_all(&told)?)
}

// ANCHOR: child_args
use std::{ffi::OsStr, process::Command};

/// A command with options of yours, and then names that may come from a
/// stranger.
///
/// No shell reads them. After `--` most programs take no word as an option, so
/// a file named `-rf` is a file. (A program that does not know `--`: give it
/// names that begin with `./` or `/`.)
pub fn with_names<O: AsRef<OsStr>, N: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    options: impl IntoIterator<Item = O>,
    names: impl IntoIterator<Item = N>,
) -> Command {
    let mut command = Command::new(program);
    command.args(options).arg("--").args(names);
    command
}
// ANCHOR_END: child_args
