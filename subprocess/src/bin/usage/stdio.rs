//! Standard input, output, error and the exit status of a child, all four.
//!
//!     cargo run -p subprocess --bin stdio
//!
//! The child copies its standard input to its standard output and to its
//! standard error, and ends with exit code 3. The bytes are more than a pipe
//! has room for. So the parent has to write and to read at the same time: if it
//! writes everything first, and reads then, both wait for ever. Bytes need not
//! be text.
//!
//! In Python: `subprocess.run(input=.., capture_output=True)`, or
//! `Popen.communicate`. The program `stdio_libraries` does the same with duct,
//! tokio and smol.
//!
//! Claims: S1
//! Change this and watch: let the child end with code 0: S1 is contradicted.
//!
//! Output (times vary, counts do not):
//!     output: 1048576 of 1048576 bytes, as sent: true
//!     error: 1048576 of 1048576 bytes, as sent: true
//!     exit status: 3
//!     The article, S1: "It runs child processes and manages their input and output streams."
//!     Our answer for Rust: holds (true)
//!     Our answer to S1 is borne out: of 1048576 bytes, 1048576 come back by output and 1048576 by error; exit status: 3

use std::{io::Read, process, time::Duration};

use shared::watchdog::Watchdog;
use shared::{Result, claim, flags, role, say};

const BYTES: usize = 1 << 20;

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        return child();
    }
    flags([]);
    let _bound = Watchdog::guard("the child", Duration::from_secs(20))?;
    let input: Vec<u8> = (0..=u8::MAX).cycle().take(BYTES).collect();
    let mut command = role::command("child")?;
    let Output { status, stdout, stderr } =
        output_with_input(&mut command, &input)?;
    for (name, bytes) in [("output", &stdout), ("error", &stderr)] {
        let (count, same) = (bytes.len(), *bytes == input);
        say!("{name}: {count} of {BYTES} bytes, as sent: {same}");
    }
    say!("{status}");
    let right = stdout == input && stderr == input && status.code() == Some(3);
    let figure = format!(
        "of {BYTES} bytes, {} come back by output and {} by error; {status}",
        stdout.len(),
        stderr.len()
    );
    claim("S1", right, figure)
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

// ANCHOR: stdio
use std::io::{self, ErrorKind, Write};
use std::process::{Command, Output, Stdio};
use std::thread;

/// Runs a command with this input to its end, and returns its output, its
/// errors and its status. However much of each there is, nobody waits for ever:
/// a thread writes the input while this one reads both outputs.
///
/// A child that does not read all of its input is no error. Processes that the
/// child has started are waited for, too, as long as they hold one of the
/// streams. There is no time limit.
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
        // `BrokenPipe`: the child did not read all of it.
        match writer.join().expect("it does not panic") {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            _ => Ok(output),
        }
    })
}
// ANCHOR_END: stdio
