//! Standard streams and exit status of a child, in duct, tokio and smol.
//!
//!     cargo run -p subprocess --bin stdio_libraries
//!
//! The program `stdio` is the lesson, with std. Here each library sends the
//! same bytes to the same child, and gets the same bytes back on both streams,
//! and the same exit code. duct has a thread that writes; tokio and smol write
//! and read at the same time in one task. The processes of async-std are not
//! here: they need its feature `unstable`, which would be switched on for the
//! whole workspace.
//!
//! In Python: `asyncio.create_subprocess_exec` and `communicate`.
//!
//! Claims: S1
//! Change this and watch: `.stdin_null()` instead of `.stdin_bytes(input)`: the
//! child of duct has nothing to copy, and S1 is contradicted.
//!
//! Output (times vary, counts do not):
//!     library   output    error  status          the same bytes
//!     duct     1048576  1048576  exit status: 3  true
//!     tokio    1048576  1048576  exit status: 3  true
//!     smol     1048576  1048576  exit status: 3  true
//!     The article, S1: "It runs child processes and manages their input and output streams."
//!     Our answer for Rust: holds (true)
//!     Our answer to S1 is borne out: the same 1048576 bytes on all three streams and the same exit code in 3 of 3 libraries

use std::io::{Read, Write};
use std::{env, process, time::Duration};

use shared::watchdog::Watchdog;
use shared::{Result, Table, claim, flags, role};
use smol::io::AsyncWriteExt as _;

const BYTES: usize = 1 << 20;

type Way = fn(&[u8]) -> Result<Output>;
const WAYS: [(&str, Way); 3] =
    [("duct", duct), ("tokio", tokio), ("smol", smol)];

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
    let runtime = { runtime }.enable_all().build()?;
    let mut command = Command::from(role::command("child")?);
    Ok(runtime.block_on(output_with_input(&mut command, input))?)
}

fn smol(input: &[u8]) -> Result<Output> {
    smol::block_on(async {
        let command = role::command("child")?;
        let mut child = smol::process::Command::from(command)
            .stdin(Stdio::piped()) // here: `from` forgets what was set before
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut stdin = child.stdin.take().expect("it was piped");
        let write = async move { stdin.write_all(input).await }; // and close
        let (written, output) = smol::future::zip(write, child.output()).await;
        written?;
        Ok(output?)
    })
}

// ANCHOR: stdio_libraries
use std::io;
use std::process::{Output, Stdio};

use tokio::{io::AsyncWriteExt, process::Command};

/// Runs a command with this input to its end, and returns its output, its
/// errors and its status. It writes and reads at the same time, so nobody waits
/// for ever. A child that does not read all of its input is no error.
///
/// If the future is dropped, the child is killed. What the child has started is
/// not; see the part to copy of the program `run_child_tokio`.
///
/// # Errors
///
/// The command cannot be started, or a stream fails.
pub async fn output_with_input(
    command: &mut Command,
    input: &[u8],
) -> io::Result<Output> {
    command.stdin(Stdio::piped()).kill_on_drop(true);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut stdin = child.stdin.take().expect("it was piped");
    let write = async move { stdin.write_all(input).await }; // and close
    let (written, output) = tokio::join!(write, child.wait_with_output());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => output,
    }
}
// ANCHOR_END: stdio_libraries
