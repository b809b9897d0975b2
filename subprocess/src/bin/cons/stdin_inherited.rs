//! Standard input is inherited: a child in a loop eats the parent's own input.
//!
//!     cargo run -p subprocess --bin stdin_inherited
//!
//! A parent reads lines from standard input, and starts a child for each line.
//! A child inherits standard input, unless the parent says otherwise. So the
//! first child that reads it gets all lines that are left. Of the ways below,
//! only `output` of std and of smol do not let the child inherit it. The cure
//! is `stdin(Stdio::null())`. A short test does not find the mistake, because
//! the parent reads up to 8 KiB ahead: here 2 lines of 4 KiB. In Python:
//! `subprocess.run(.., stdin=subprocess.DEVNULL)`; in a shell: `ssh -n`.
//!
//! Claims: S1
//! Change this and watch: set `LINE` to 100. Then the parent has all lines in
//! its buffer before the first child starts, and S1 is contradicted.
//!
//! Output (times vary, counts do not):
//!     each child is run by     the parent reads
//!     status()                    2 of 10 lines
//!     spawn(), wait()             2 of 10 lines
//!     output()                   10 of 10 lines
//!     tokio: output()             2 of 10 lines
//!     smol: output()             10 of 10 lines
//!     duct: run()                 2 of 10 lines
//!     Stdio::null(), status()    10 of 10 lines
//!     The article, S1: "It runs child processes and manages their input and output streams."
//!     Our answer for Rust: holds (true)
//!     Our answer to S1 is borne out: a parent reads 2 of 10 lines if its children inherit its input, else 10 of 10

use std::{io::Write, time::Duration};

use shared::watchdog::Watchdog;
use shared::{Result, Table, claim, flags, role, say};

const LINES: usize = 10;
const LINE: usize = 4096; // ten of them fit into a pipe

type Way = fn(Command) -> Result;
const WAYS: [(&str, Way); 6] = [
    ("status()", |mut child| Ok(child.status().map(drop)?)),
    ("spawn(), wait()", |mut child| Ok(child.spawn()?.wait().map(drop)?)),
    ("output()", |mut child| Ok(child.output().map(drop)?)),
    ("tokio: output()", tokio_output),
    ("smol: output()", smol_output),
    ("duct: run()", duct_run),
];
const CURE: &str = "Stdio::null(), status()";

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        io::copy(&mut io::stdin(), &mut io::sink())?; // all there is
        return Ok(());
    }
    if let Some([way]) = role::started_as("parent") {
        return parent(&way);
    }
    flags([]);
    let _bound = Watchdog::guard("the parents", Duration::from_secs(10))?;
    let mut table = Table::new(["each child is run by", "the parent reads"]);
    let mut lines = Vec::new();
    for way in WAYS.map(|(way, _)| way).into_iter().chain([CURE]) {
        let read = lines_read(way)?;
        table.row([&way, &format_args!("{read} of {LINES} lines")]);
        lines.push(read);
    }
    table.print();
    let [inherited, null] = [lines[0], lines[WAYS.len()]];
    let figure = format!(
        "a parent reads {inherited} of {LINES} lines if its children inherit \
         its input, else {null} of {LINES}"
    );
    claim("S1", inherited < LINES && null == LINES, figure)
}

/// Starts a parent with ten lines on its standard input.
fn lines_read(way: &str) -> Result<usize> {
    let (stdin, mut lines) = io::pipe()?;
    let line = "x".repeat(LINE - 1) + "\n";
    lines.write_all(line.repeat(LINES).as_bytes())?;
    drop(lines);
    let ran = role::command("parent")?.arg(way).stdin(stdin).output()?;
    Ok(String::from_utf8(ran.stdout)?.trim().parse()?)
}

/// Runs a child for each line, and says how many lines it has read.
fn parent(way: &str) -> Result {
    let mut read = 0;
    if let Some((_, run)) = WAYS.iter().find(|(name, _)| *name == way) {
        for line in io::stdin().lines() {
            line?;
            read += 1;
            run(role::command("child")?)?; // WRONG: it reads our lines
        }
    } else {
        read = run_for_each_line(io::stdin().lock(), |_line| {
            role::command("child")
        })?;
    }
    say!("{read}");
    Ok(())
}

fn tokio_output(child: Command) -> Result {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build()?;
    let mut child = tokio::process::Command::from(child);
    Ok(runtime.block_on(async { child.output().await }).map(drop)?)
}

fn smol_output(child: Command) -> Result {
    let mut child = smol::process::Command::from(child);
    Ok(smol::block_on(child.output()).map(drop)?)
}

fn duct_run(child: Command) -> Result {
    let child = duct::cmd(child.get_program(), child.get_args());
    Ok(child.run().map(drop)?)
}

// ANCHOR: stdin_inherited
use std::io::{self, BufRead};
use std::process::{Command, Stdio};

/// Runs a command for each line of an input, one after the other, as `xargs`
/// does. Returns how many of them have succeeded. The commands cannot read the
/// input: it may well be the standard input of this process.
///
/// # Errors
///
/// The input cannot be read, or is not UTF-8; or a command cannot be started.
pub fn run_for_each_line(
    input: impl BufRead,
    mut command: impl FnMut(&str) -> io::Result<Command>,
) -> io::Result<usize> {
    let mut succeeded = 0;
    for line in input.lines() {
        let status = command(&line?)?.stdin(Stdio::null()).status()?;
        succeeded += usize::from(status.success());
    }
    Ok(succeeded)
}
// ANCHOR_END: stdin_inherited
