//! A child with a timeout, a limit of its output, and no survivors.
//!
//!     cargo run -p subprocess --bin run_child
//!
//! `Command::output` waits until the child has ended and all processes have
//! closed its output. It has no time limit, and keeps everything that the child
//! writes. The function to copy, `run_child`, ends the child when its time is
//! up or when Ctrl+C comes, together with all processes that the child has
//! started. It reads both streams to their end and at the same time, and keeps
//! the first bytes of each, up to a limit. In Python:
//! `subprocess.run(timeout=..)`, which kills the child alone.
//!
//! Claims: S7
//! Change this and watch: `time` to 10 s, and press Ctrl+C before it is over.
//! The rows of `hangs` and `leaves` say `Stopped`, and S7 is contradicted.
//!
//! Output (figures vary):
//!     child    why     status                           kept  EOF
//!     answers  Ended   exit status: 0                 5 of 5  true
//!     fails    Ended   exit status: 3                 0 of 0  true
//!     babbles  Ended   exit status: 0        1000 of 1048576  true
//!     hangs    TimeUp  signal: 15 (SIGTERM)           1 of 1  true
//!     leaves   Ended   exit status: 0                 1 of 1  true
//!     Not in the article, S7: "A wait can have a timeout."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to S7 is borne out: of 5 children, the time limit has ended: hangs

use std::io::{self, Write};
use std::{process, time::Duration};

use shared::watchdog::Watchdog;
use shared::{Result, Table, claim, flags, role};
use subprocess::run_child::{Finished, Limits, Stop, Why, run_child};

const LIMITS: Limits = Limits {
    time: Duration::from_millis(300),
    output: 1000,
    grace: Duration::from_millis(100),
};

fn main() -> Result {
    if let Some([what]) = role::started_as("child") {
        return child(&what);
    }
    flags([]);
    let _bound = Watchdog::guard("all children", Duration::from_secs(20))?;
    let stop = Stop::listen()?; // Ctrl+C
    let mut table = Table::new(["child", "why", "status", "kept", "EOF"]);
    let mut ended = Vec::new();
    for what in ["answers", "fails", "babbles", "hangs", "leaves"] {
        let mut command = role::command("child")?;
        let ran = run_child(command.arg(what), b"seven", LIMITS, &stop)?;
        let Finished { why, status, stdout, .. } = ran;
        let kept = format!("{} of {}", stdout.bytes.len(), stdout.total);
        let cells = [format!("{why:?}"), status.to_string(), kept];
        table.row([&what, &cells[0], &cells[1], &cells[2], &stdout.complete]);
        ended.push((what, why));
    }
    table.print();
    let by_time = ended.iter().filter(|(_, why)| *why == Why::TimeUp);
    let by_time: Vec<&str> = by_time.map(|(what, _)| *what).collect();
    let [all, names] = [ended.len().to_string(), by_time.join(", ")];
    let figure =
        format!("of {all} children, the time limit has ended: {names}");
    claim("S7", by_time == ["hangs"], figure)
}

/// What the children do.
fn child(what: &str) -> Result {
    match what {
        "answers" => {
            io::copy(&mut io::stdin(), &mut io::stdout())?;
        }
        "fails" => process::exit(3),
        "babbles" => io::stdout().write_all(&[b'x'; 1 << 20])?,
        "leaves" => {
            // The grandchild has our output, and does not end.
            role::command("child")?.arg("hangs").spawn()?;
        }
        _ => role::ready_until_parent_ends()?, // it does not end before us
    }
    Ok(())
}

// The part to copy: src/run_child.rs
