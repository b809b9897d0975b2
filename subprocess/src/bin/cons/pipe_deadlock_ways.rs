//! Deadlock-free ways to read both output streams of a child (communicate).
//!
//!     cargo run -p subprocess --bin pipe_deadlock_ways
//!
//! A child writes 4 MiB to standard error and then 4 MiB to standard output,
//! far more than a pipe has room for. Each of six ways reads both streams at
//! the same time: with a second thread, with `poll`, or as two tasks. So none
//! deadlocks. `Command::output` is the shortest; `run_child` has limits for the
//! time and for the memory. In Python: `Popen.communicate`.
//!
//! Open the program `pipe_deadlock` first: it shows the deadlock.
//!
//! Claims: S1
//! Change this and watch: in `by_poll` write `output: 1000` instead of
//! `output: MANY`. Then it keeps 1000 bytes of each, and S1 is contradicted.
//!
//! Output (times vary, counts do not):
//!     way                                  stdout              stderr
//!     Command::output          4194304 of 4194304  4194304 of 4194304
//!     spawn, wait_with_output  4194304 of 4194304  4194304 of 4194304
//!     poll (run_child)         4194304 of 4194304  4194304 of 4194304
//!     duct                     4194304 of 4194304  4194304 of 4194304
//!     tokio                    4194304 of 4194304  4194304 of 4194304
//!     smol                     4194304 of 4194304  4194304 of 4194304
//!     The article, S1: "It runs child processes and manages their input and output streams."
//!     Our answer for Rust: holds (true)
//!     Our answer to S1 is borne out: 6 of 6 ways read all that a child writes to both streams

use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use shared::{Result, Table, claim, flags, role, watchdog::Watchdog};
use subprocess::run_child::{Limits, Stop, run_child};

const MANY: usize = 4 << 20; // 4 MiB

type Way = fn(Command) -> Result<[Vec<u8>; 2]>;
const WAYS: [(&str, Way); 6] = [
    ("Command::output", by_output),
    ("spawn, wait_with_output", by_wait_with_output),
    ("poll (run_child)", by_poll),
    ("duct", by_duct),
    ("tokio", by_tokio),
    ("smol", by_smol),
];

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        io::stderr().write_all(&vec![b'e'; MANY])?;
        io::stdout().write_all(&vec![b'o'; MANY])?;
        return Ok(io::stdout().flush()?);
    }
    flags([]);
    let _bound = Watchdog::guard("the children", Duration::from_secs(20))?;
    let mut table = Table::new(["way", "stdout", "stderr"]);
    let mut complete = 0;
    let of = |bytes: &[u8]| format!("{} of {MANY}", bytes.len());
    for (name, way) in WAYS {
        let [stdout, stderr] = way(role::command("child")?)?;
        table.row([&name, &of(&stdout), &of(&stderr)]);
        let all = [b'o', b'e'].map(|byte| vec![byte; MANY]);
        complete += usize::from([stdout, stderr] == all);
    }
    table.print();
    let ways = WAYS.len();
    let figure = format!(
        "{complete} of {ways} ways read all that a child writes to both streams"
    );
    claim("S1", complete == ways, figure)
}

fn by_output(mut child: Command) -> Result<[Vec<u8>; 2]> {
    let output = child.output()?;
    Ok([output.stdout, output.stderr])
}

fn by_wait_with_output(mut child: Command) -> Result<[Vec<u8>; 2]> {
    child.stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = child.spawn()?.wait_with_output()?;
    Ok([output.stdout, output.stderr])
}

fn by_poll(mut child: Command) -> Result<[Vec<u8>; 2]> {
    let [time, grace] = [Duration::from_secs(10); 2];
    let limits = Limits { time, output: MANY, grace };
    let ran = run_child(&mut child, b"", limits, &Stop::never())?;
    Ok([ran.stdout.bytes, ran.stderr.bytes])
}

fn by_duct(child: Command) -> Result<[Vec<u8>; 2]> {
    let output = duct::cmd(child.get_program(), child.get_args())
        .stdout_capture()
        .stderr_capture()
        .run()?;
    Ok([output.stdout, output.stderr])
}

fn by_tokio(child: Command) -> Result<[Vec<u8>; 2]> {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build()?;
    Ok(runtime.block_on(both_outputs(child.into()))?)
}

fn by_smol(child: Command) -> Result<[Vec<u8>; 2]> {
    let output = smol::process::Command::from(child).output();
    let output = smol::block_on(output)?;
    Ok([output.stdout, output.stderr])
}

// ANCHOR: pipe_deadlock_ways
/// Runs a command in a task, and returns all that it has written to its
/// standard output and to its standard error. It is killed if this future is
/// dropped. Its standard input is empty.
///
/// # Errors
///
/// The command cannot be started, its output cannot be read, or it has failed.
pub async fn both_outputs(
    mut command: tokio::process::Command,
) -> std::io::Result<[Vec<u8>; 2]> {
    command.stdin(std::process::Stdio::null()).kill_on_drop(true);
    let output = command.output().await?; // reads both at the same time
    match output.status.success() {
        true => Ok([output.stdout, output.stderr]),
        false => Err(std::io::Error::other(output.status.to_string())),
    }
}
// ANCHOR_END: pipe_deadlock_ways
