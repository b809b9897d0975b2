//! Zombies by library: who waits for a child whose handle was dropped?
//!
//!     cargo run -p subprocess --bin zombies_libraries
//!
//! The program `zombies` is the lesson: a dropped `std::process::Child` stays
//! as a zombie. Tokio waits for such a child as long as its runtime runs. Smol
//! has a thread that waits. Duct looks at its dropped children when it starts
//! the next one. A child that cannot be started leaves no zombie in any of
//! them.
//!
//! Claims: S9
//! Change this and watch: leave out `child().run()?` in `on_duct`: nobody waits
//! for its children, and S9 is contradicted after five seconds.
//!
//! Output (times vary, counts do not):
//!     handles dropped  who waits         left
//!     tokio            the runtime       none
//!     smol             a thread of smol  none
//!     duct             the next start    none
//!     Not in the article, S9: "A child that nobody waits for stays as a zombie."
//!     Our answer for Rust: holds (true)
//!     Our answer to S9 is borne out: 3 of 3 libraries wait for what was dropped

use std::process::Command;
use std::{env, thread, time::Duration, time::Instant};

use shared::watchdog::Watchdog;
use shared::{Result, Table, claim, ensure, flags, role};

const CHILDREN: usize = 10;
/// How long somebody may take to wait for them.
const PATIENCE: Duration = Duration::from_secs(5);

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        return Ok(()); // it ends at once
    }
    flags([]);
    let _bound = Watchdog::guard("the children", Duration::from_secs(30))?;
    let mut table = Table::new(["handles dropped", "who waits", "left"]);
    let mut none_left = 0;
    let ways: [(&str, &str, Way); 3] = [
        ("tokio", "the runtime", on_tokio),
        ("smol", "a thread of smol", on_smol),
        ("duct", "the next start", on_duct),
    ];
    for (library, who, way) in ways {
        let is_none_left = way()?;
        let left = if is_none_left { "none" } else { "zombies" };
        table.row([&library, &who, &left]);
        none_left += usize::from(is_none_left);
    }
    table.print();
    failed_starts()?;
    let figure =
        format!("{none_left} of 3 libraries wait for what was dropped");
    claim("S9", none_left == 3, figure)
}

/// Starts children, drops their handles, and says whether all are gone then.
type Way = fn() -> Result<bool>;

#[tokio::main(flavor = "current_thread")]
async fn on_tokio() -> Result<bool> {
    for _ in 0..CHILDREN {
        tokio::process::Command::from(role::command("child")?).spawn()?;
    }
    let begun = Instant::now();
    while has_children()? && begun.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(1)).await; // it may wait now
    }
    Ok(!has_children()?)
}

fn on_smol() -> Result<bool> {
    for _ in 0..CHILDREN {
        smol::process::Command::from(role::command("child")?).spawn()?;
    }
    let begun = Instant::now();
    while has_children()? && begun.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(1));
    }
    Ok(!has_children()?)
}

fn on_duct() -> Result<bool> {
    let own = env::current_exe()?;
    let child = || duct::cmd!(&own, "as-child");
    for _ in 0..CHILDREN {
        child().start()?;
    }
    let begun = Instant::now();
    while has_children()? && begun.elapsed() < PATIENCE {
        child().run()?; // waits for those that have ended
    }
    Ok(!has_children()?)
}

/// A child that cannot be started is none.
fn failed_starts() -> Result {
    let missing = "/no/such/program";
    let std = Command::new(missing).spawn().is_err();
    let smol = smol::process::Command::new(missing).spawn().is_err();
    let duct = duct::cmd!(missing).start().is_err();
    ensure(std && smol && duct, "a missing program was started")?;
    ensure(!has_children()?, "a failed start has left a child")
}

// ANCHOR: zombies_libraries
use rustix::io::{Errno, Result as OsResult};
use rustix::process::{WaitId, WaitIdOptions, waitid};

/// Whether this process has a child: one that runs, or a zombie. For the end of
/// a test, to see that nothing was left. No child is waited for.
///
/// # Errors
///
/// The system refuses to tell.
pub fn has_children() -> OsResult<bool> {
    let look = WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match waitid(WaitId::All, WaitIdOptions::EXITED | look) {
        Ok(_) => Ok(true),
        Err(Errno::CHILD) => Ok(false),
        Err(error) => Err(error),
    }
}
// ANCHOR_END: zombies_libraries
