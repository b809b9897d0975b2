//! asyncio.create_subprocess_exec, communicate: run a program, time limit.
//!
//!     cargo run -p asyncio --bin cookbook_process
//!
//! When a child of tokio is dropped, the program runs on, as in Python, unless
//! `kill_on_drop` was set. Then a time limit that drops the wait kills the
//! child.
//!
//! The chapter `subprocess` has more. The other recipes: see `cookbook`.
//!
//! Claims: A20
//! Change this and watch: leave out `kill_on_drop`. The child outlives its time
//! limit, the pipe that it holds stays open, and the watchdog ends the program.
//!
//! Output (figures vary):
//!     ended by itself: exit status: 0, "it runs\n"
//!     too late for its time limit: true, and killed: true
//!     A20 borne out: one program was run to its end, and one was killed

use std::io::{ErrorKind::TimedOut, Read, pipe};
use std::thread;

use shared::{Result, claim, flags, role, say, watchdog::Watchdog};
use tokio::task::spawn_blocking;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    if let Some([seconds]) = role::started_as("child") {
        say!("it runs");
        thread::sleep(Duration::from_secs(seconds.parse()?));
        return Ok(());
    }
    flags([]);
    let _bound = Watchdog::guard("a child", Duration::from_secs(5))?;
    let mut child = role::command("child")?;
    child.arg("0");
    let ended = run_program(child, Duration::from_secs(2)).await?;
    say!(
        "ended by itself: {}, {:?}",
        ended.status,
        String::from_utf8_lossy(&ended.stdout)
    );

    let (mut alive, end) = pipe()?;
    let mut child = role::command("child")?;
    child.arg("60").stderr(end); // the pipe closes when the child is gone
    let late = run_program(child, Duration::from_millis(50)).await;
    let late = late.is_err_and(|error| error.kind() == TimedOut);
    let gone = spawn_blocking(move || alive.read_to_end(&mut Vec::new()));
    let killed = late && gone.await?.is_ok();
    say!("too late for its time limit: {late}, and killed: {killed}");
    let works =
        ended.status.success() && ended.stdout == b"it runs\n" && killed;
    claim("A20", works, "one program was run to its end, and one was killed")
}

// ANCHOR: run_program
use std::process::{Output, Stdio};
use std::{io, time::Duration};
use tokio::{process::Command, time::timeout};

/// `asyncio.create_subprocess_exec` and `communicate()`: runs a program without
/// input, and returns its exit status and output. After `limit` it kills the
/// program, but not the programs which that one has started.
///
/// The output is kept in memory, however long it is.
pub async fn run_program(
    command: std::process::Command,
    limit: Duration,
) -> io::Result<Output> {
    let mut command = Command::from(command);
    command.stdin(Stdio::null()).kill_on_drop(true);
    timeout(limit, command.output()).await?
}
// ANCHOR_END: run_program
