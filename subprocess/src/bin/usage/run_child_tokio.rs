//! A child with a timeout in tokio: cancellation kills it and all its children.
//!
//!     cargo run -p subprocess --bin run_child_tokio
//!
//! A future can be dropped at any `await`: by `timeout`, by a `select!` with
//! `ctrl_c()`, by `abort`. tokio's `kill_on_drop` then kills the child alone,
//! and not what the child has started. The future to copy kills the whole
//! process group when it is dropped. While it is dropped, it also waits for the
//! end of the child: tokio itself reaps a dropped child only while a runtime
//! goes on, so a zombie could stay. All the rest is as in the program
//! `run_child`. In Python: `asyncio.create_subprocess_exec`, where a cancelled
//! task leaves the child.
//!
//! Claims: S7
//! Change this and watch: delete the line `let _ = self.signal(Signal::KILL);`.
//! Then a cancelled future leaves 2 of 2 processes, and S7 is contradicted.
//!
//! Output (figures vary):
//!     child    why     status                           kept  EOF
//!     answers  Ended   exit status: 0                 5 of 5  true
//!     fails    Ended   exit status: 3                 0 of 0  true
//!     babbles  Ended   exit status: 0        1000 of 1048576  true
//!     hangs    TimeUp  signal: 15 (SIGTERM)           0 of 0  true
//!     leaves   Ended   exit status: 0                 0 of 0  true
//!     cancelled: the parent has no child or zombie
//!     Not in the article, S7: "A wait can have a timeout."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to S7 is borne out: the time limit has ended: hangs; a cancelled future leaves 0 of 2 processes

use std::{io, net, process, time::Duration};

use rustix::process::{WaitId, WaitIdOptions, waitid};
use shared::watchdog::Watchdog;
use shared::{Failure, Result, Table, claim, flags, role, say};
use subprocess::run_child_tokio::{Finished, Limits, Why, run_child_tokio};
use tokio::io::AsyncReadExt;
use tokio::{net::TcpListener, process::Command, select, time::timeout};

const LIMITS: Limits = Limits {
    time: Duration::from_millis(300),
    output: 1000,
    grace: Duration::from_millis(100),
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    if let Some([what, address]) = role::started_as("child") {
        return child(&what, &address);
    }
    flags([]);
    let _bound = Watchdog::guard("all children", Duration::from_secs(20))?;
    let parent = TcpListener::bind("127.0.0.1:0").await?;
    let mut table = Table::new(["child", "why", "status", "kept", "EOF"]);
    let mut by_time = Vec::new();
    for what in ["answers", "fails", "babbles", "hangs", "leaves"] {
        let mut command = command(what, &parent)?;
        let ran = run_child_tokio(&mut command, b"seven", LIMITS).await?;
        let Finished { why, status, stdout, .. } = ran;
        let kept = format!("{} of {}", stdout.bytes.len(), stdout.total);
        let cells = [format!("{why:?}"), status.to_string(), kept];
        table.row([&what, &cells[0], &cells[1], &cells[2], &stdout.complete]);
        by_time.extend((why == Why::TimeUp).then_some(what));
    }
    table.print();
    let left = cancelled().await?;
    let figure = format!(
        "the time limit has ended: {}; a cancelled future leaves {left} of 2 \
         processes",
        by_time.join(", ")
    );
    claim("S7", by_time == ["hangs"] && left == 0, figure)
}

fn command(what: &str, parent: &TcpListener) -> Result<Command> {
    let mut command = role::command("child")?;
    command.args([what, &parent.local_addr()?.to_string()]);
    Ok(Command::from(command))
}

/// Drops the future when a child and a grandchild run. How many of them go on?
async fn cancelled() -> Result<usize> {
    let parent = TcpListener::bind("127.0.0.1:0").await?;
    let limits = Limits { time: Duration::from_secs(60), ..LIMITS };
    let mut command = command("stays", &parent)?;
    let both = async { (parent.accept().await, parent.accept().await) };
    let (one, two) = select! {
        ran = run_child_tokio(&mut command, b"", limits) => {
            return Err(Failure::new(format!("it has ended: {ran:?}")));
        }
        both = both => both,
    }; // here the future is dropped
    let any = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    let no_child = waitid(WaitId::All, any | WaitIdOptions::NOWAIT);
    let word = if no_child.is_err() { "no" } else { "a" };
    say!("cancelled: the parent has {word} child or zombie");
    let mut left = 0;
    for (mut process, _) in [one?, two?] {
        // The end of a process is the end of its connection.
        let end = timeout(Duration::from_secs(1), process.read(&mut [0])).await;
        left += usize::from(end.is_err());
    }
    Ok(left.max(usize::from(no_child.is_ok()))) // a zombie counts, too
}

/// What the children do.
fn child(what: &str, parent: &str) -> Result {
    let grandchild =
        |what| role::command("child")?.args([what, parent]).spawn();
    match what {
        "answers" => io::copy(&mut io::stdin(), &mut io::stdout()).map(drop)?,
        "fails" => process::exit(3),
        "babbles" => print!("{}", "x".repeat(1 << 20)),
        // The grandchild has our output, and does not end.
        "leaves" => drop(grandchild("hangs")?),
        _ => {
            if what == "stays" {
                grandchild("hangs")?;
            }
            let mut parent = net::TcpStream::connect(parent)?;
            let _ = io::copy(&mut parent, &mut io::sink()); // until it ends
        }
    }
    Ok(())
}

// The part to copy: src/run_child_tokio.rs
