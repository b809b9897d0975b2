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
//! Change this and watch: leave out `kill_on_drop`. The child goes on after its
//! time limit, its connection stays open, and the watchdog ends the program.
//!
//! Output (figures vary):
//!     ended by itself: exit status: 0, "it runs\n"
//!     too late for its time limit: true, and killed: true
//!     The article, A20: "It offers many functions for concurrency."
//!     Our answer for Rust: holds (true)
//!     Our answer to A20 is borne out: one program ended: true, one killed: true

use std::io::{ErrorKind::TimedOut, Read};
use std::net::{TcpListener, TcpStream};

use shared::{Result, claim, flags, role, say, watchdog::Watchdog};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    if let Some([]) = role::started_as("quick") {
        say!("it runs"); // as a child: this program again
        return Ok(());
    }
    if let Some([parent]) = role::started_as("stuck") {
        return be_stuck(&parent); // as a child: this program again
    }
    flags([]);
    let _bound = Watchdog::guard("a child", Duration::from_secs(5))?;
    let limit = Duration::from_millis(500);
    let ended = run_program(role::command("quick")?, limit).await?;
    let text = String::from_utf8_lossy(&ended.stdout);
    say!("ended by itself: {}, {text:?}", ended.status);

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut stuck = role::command("stuck")?;
    stuck.arg(listener.local_addr()?.to_string());
    let late = run_program(stuck, limit).await;
    let late = late.is_err_and(|error| error.kind() == TimedOut);
    let (mut alive, _) = listener.accept()?;
    let killed = alive.read(&mut [0])? == 0; // closed: it is gone
    say!("too late for its time limit: {late}, and killed: {killed}");
    let works = ended.status.success() && text == "it runs\n";
    let figure = format!("one program ended: {works}, one killed: {killed}");
    claim("A20", works && late && killed, figure)
}

/// The child that is killed. Its connection is open until it is gone.
fn be_stuck(parent: &str) -> Result {
    let mut alive = TcpStream::connect(parent)?;
    // It hangs: nobody writes. (It still ends with its parent.)
    let _ = alive.read(&mut [0]);
    Ok(())
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
