//! Standard streams and exit status of one child, in std, duct, tokio and smol.
//!
//!     cargo run -p subprocess --bin stdio
//!
//! The child copies its standard input to its standard output and to its
//! standard error, and ends with exit code 3. Each library sends the same bytes
//! and gets the same bytes back: more than a pipe has room for, and bytes that
//! are no text. So all of them have to write and read at the same time: whoever
//! writes everything first, and reads then, waits for ever. In Python:
//! `subprocess.run(input=.., capture_output=True)`, or `Popen.communicate`.
//! async-std is not here. Its processes need the feature `unstable`, which would
//! be switched on for all crates of the workspace.
//!
//! Claims: S1
//! Change this and watch: `.stdin_null()` instead of `.stdin_bytes(input)`: the
//! child of duct has nothing to copy, and S1 is contradicted.
//!
//! Output (times vary, counts do not):
//!     library  output   error  status          the same bytes

use std::{env, process, time::Duration};

use shared::watchdog::Watchdog;
use shared::{Result, Table, claim, flags, role};
use smol::io::AsyncWriteExt as _;
use tokio::io::AsyncWriteExt as _;

const BYTES: usize = 1 << 20;

type Way = fn(&[u8]) -> Result<Output>;
const WAYS: [(&str, Way); 4] =
    [("std", std), ("duct", duct), ("tokio", tokio), ("smol", smol)];

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        return child();
    }
    flags([]);
    let _bound = Watchdog::guard("the children", Duration::from_secs(20))?;
    let input: Vec<u8> = (0..=u8::MAX).cycle().take(BYTES).collect();
    let columns = ["library", "output", "error", "status", "the same bytes"];
    let (mut table, mut same) = (Table::new(columns), 0);
    for (library, run) in WAYS {
        let Output { status, stdout, stderr } = run(&input)?;
        let equal = stdout == input && stderr == input;
        let [out, err] = [stdout.len(), stderr.len()];
        table.row([&library, &out, &err, &status, &equal]);
        same += usize::from(equal && status.code() == Some(3));
    }
    table.print();
    let figure = format!(
        "the same {BYTES} bytes on all three streams and the same exit code in \
         {same} of {} libraries",
        WAYS.len()
    );
    claim("S1", same == WAYS.len(), figure)
}

/// Copies its input to both outputs.
fn child() -> Result {
    let (mut stdin, mut buffer) = (io::stdin(), [0; 4_096]);
    loop {
        let count = stdin.read(&mut buffer)?;
        if count == 0 {
            process::exit(3);
        }
        io::stdout().write_all(&buffer[..count])?;
        io::stdout().flush()?;
        io::stderr().write_all(&buffer[..count])?;
    }
}

fn std(input: &[u8]) -> Result<Output> {
    Ok(output_with_input(&mut role::command("child")?, input)?)
}

fn duct(input: &[u8]) -> Result<Output> {
    let child = duct::cmd(env::current_exe()?, ["as-child"])
        .stdin_bytes(input) // duct has a thread that writes them
        .stdout_capture()
        .stderr_capture()
        .unchecked(); // code 3 is no error here
    Ok(child.run()?)
}

fn tokio(input: &[u8]) -> Result<Output> {
    let runtime = tokio::runtime::Builder::new_current_thread();
    { runtime }.enable_all().build()?.block_on(async {
        let mut child = tokio::process::Command::from(piped()?).spawn()?;
        let mut stdin = child.stdin.take().expect("it was piped");
        let write = async move { stdin.write_all(input).await }; // and close
        let (written, output) = tokio::join!(write, child.wait_with_output());
        written?;
        Ok(output?)
    })
}

fn smol(input: &[u8]) -> Result<Output> {
    smol::block_on(async {
        // Its `From` forgets streams that were set before.
        let command = role::command("child")?;
        let mut command = smol::process::Command::from(command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn()?;
        let mut stdin = child.stdin.take().expect("it was piped");
        let write = async move { stdin.write_all(input).await }; // and close
        let (written, output) = smol::future::zip(write, child.output()).await;
        written?;
        Ok(output?)
    })
}

fn piped() -> io::Result<Command> {
    let mut command = role::command("child")?;
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command)
}

// ANCHOR: stdio
use std::io::{self, ErrorKind, Read, Write};
use std::process::{Command, Output, Stdio};
use std::thread;

/// Runs a command with this input to its end, and returns its output, its
/// errors and its status. However much of each there is, nobody waits for ever:
/// a thread writes the input while this one reads both outputs.
///
/// A child that does not read all of its input is no error. Also what the child
/// has started itself is waited for, as long as it has one of the streams. There
/// is no time limit.
///
/// # Errors
///
/// The command or the thread cannot be started; or a stream fails.
pub fn output_with_input(
    command: &mut Command,
    input: &[u8],
) -> io::Result<Output> {
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut stdin = child.stdin.take().expect("it was piped");
    thread::scope(|scope| {
        // The closure owns `stdin`, so at its end the child's input ends, too.
        let write = move || stdin.write_all(input);
        let writer = match thread::Builder::new().spawn_scoped(scope, write) {
            Ok(writer) => writer,
            Err(error) => {
                child.kill()?;
                child.wait()?; // leaves no zombie
                return Err(error);
            }
        };
        let output = child.wait_with_output()?;
        match writer.join().expect("it does not panic") {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            _ => Ok(output),
        }
    })
}
// ANCHOR_END: stdio
