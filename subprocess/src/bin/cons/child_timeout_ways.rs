//! Timeout in duct and tokio: the wait ends, and who is alive after it?
//!
//!     cargo run -p subprocess --bin child_timeout_ways
//!
//! A child that hangs has started a process that hangs, too (a grandchild). The
//! limits of duct and tokio end the wait, and leave processes behind. duct's
//! `wait_timeout` kills nothing. tokio's `timeout` drops the future and the
//! `Child` in it; this kills the child only if `kill_on_drop` is set. None of
//! them kills the grandchild. In Python: `asyncio.wait_for` around
//! `communicate` kills nothing either.
//!
//! The cure for the grandchild is in the programs `child_timeout` and
//! `run_child`.
//!
//! Claims: S7
//! Change this and watch: delete `.kill_on_drop(true)`. Then the child lives on
//! after 3 of 3, and S7 is contradicted.
//!
//! Output (times vary, counts do not):
//!     after the limit               child      grandchild
//!     duct: wait_timeout            lives      lives
//!     tokio: timeout                lives      lives
//!     tokio: timeout, kill_on_drop  has ended  lives
//!     Not in the article, S7: "A wait can have a timeout."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to S7 is borne out: after the limit 2 of 3 children live on, and 3 of 3 grandchildren

use std::io::{BufRead, BufReader, PipeReader, PipeWriter};
use std::{env, process::id, thread};

use nix::sys::prctl::set_child_subreaper;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, WaitId, WaitIdOptions};
use rustix::process::{pidfd_open, waitid};
use shared::{Result, Table, claim, flags, role, watchdog::Watchdog};
use tokio::runtime::Builder;

const LIMIT: Duration = Duration::from_millis(500);
/// Who is killed has ended by then.
const MOMENT: Timespec = Timespec { tv_sec: 0, tv_nsec: 300_000_000 };

/// Starts a child with this stdin and stderr, and waits no longer than LIMIT.
type Way = fn(PipeReader, PipeWriter) -> Result;
const WAYS: [(&str, Way); 3] = [
    ("duct: wait_timeout", with_duct),
    ("tokio: timeout", |input, log| with_tokio(input, log, false)),
    ("tokio: timeout, kill_on_drop", |input, log| with_tokio(input, log, true)),
];

fn main() -> Result {
    if let Some([who]) = role::started_as("family") {
        return member(&who);
    }
    flags([]);
    let _bound = Watchdog::guard("the families", Duration::from_secs(20))?;
    set_child_subreaper(true)?; // then we can wait for grandchildren
    let looks = WAYS.map(|(_, way)| thread::spawn(move || who_lives(way)));
    let mut table = Table::new(["after the limit", "child", "grandchild"]);
    let mut all = Vec::new();
    for ((name, _), look) in WAYS.iter().zip(looks) {
        let alive = look.join().expect("no panic")?;
        let word = alive.map(|alive| if alive { "lives" } else { "has ended" });
        table.row([name, &word[0], &word[1]]);
        all.push(alive);
    }
    table.print();
    let [child, grandchild] =
        [0, 1].map(|who| all.iter().filter(|alive| alive[who]).count());
    let figure = format!(
        "after the limit {child} of 3 children live on, and {grandchild} of 3 \
         grandchildren"
    );
    claim("S7", all == [[true; 2], [true; 2], [false, true]], figure)
}

/// Both wait until nobody can write to their standard input any more.
fn member(who: &str) -> Result {
    eprintln!("{}", id());
    if who == "child" {
        role::command("family")?.arg("grandchild").spawn()?;
    }
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

/// Whether the child and the grandchild are alive after a limit.
fn who_lives(way: Way) -> Result<[bool; 2]> {
    let ((stdin, leash), (told, stderr)) = (io::pipe()?, io::pipe()?);
    way(stdin, stderr)?;
    let mut lines = BufReader::new(told).lines();
    let mut next = || Pid::from_raw(lines.next()?.ok()?.parse().ok()?);
    let pids = [next(), next()].map(|pid| pid.expect("both have begun"));
    let alive = pids.map(is_alive);
    drop(leash); // ends both
    for pid in pids {
        // An error if duct or tokio has waited for it already.
        let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED);
    }
    Ok(alive)
}

fn is_alive(pid: Pid) -> bool {
    let Ok(end) = pidfd_open(pid, PidfdFlags::empty()) else { return false };
    poll(&mut [PollFd::new(&end, PollFlags::IN)], Some(&MOMENT)) == Ok(0)
}

fn with_duct(stdin: PipeReader, stderr: PipeWriter) -> Result {
    let child = duct::cmd!(env::current_exe()?, "as-family", "child")
        .stdin_file(stdin)
        .stderr_file(stderr)
        .stdout_capture()
        .start()?;
    child.wait_timeout(LIMIT)?; // kills nothing
    Ok(())
}

fn with_tokio(stdin: PipeReader, stderr: PipeWriter, kill: bool) -> Result {
    let mut child = Command::from(role::command("family")?);
    child.arg("child").stdin(stdin).stderr(stderr).stdout(Stdio::piped());
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        if kill {
            return output_within(&mut child, LIMIT).await;
        }
        // WRONG: after the limit nobody knows of this child any more.
        let output = child.spawn()?.wait_with_output();
        timeout(LIMIT, output).await.ok().transpose()
    })?; // `None`: it was too late
    Ok(())
}

// ANCHOR: child_timeout_ways
use std::process::{Output, Stdio};
use std::{io, time::Duration};

use tokio::process::Command;
use tokio::time::timeout;

/// Runs a command and returns its output, or `None` if that takes longer than
/// `limit`. Then the child is killed, and so it is if this future is dropped
/// before it is done. What the child itself has started is not killed.
///
/// # Errors
///
/// The command cannot be started, or its output cannot be read.
pub async fn output_within(
    command: &mut Command,
    limit: Duration,
) -> io::Result<Option<Output>> {
    command.stdout(Stdio::piped()).kill_on_drop(true);
    let output = command.spawn()?.wait_with_output(); // owns the child
    timeout(limit, output).await.ok().transpose()
}
// ANCHOR_END: child_timeout_ways
