//! A dropped handle of a child: does the child go on, or is it killed?
//!
//!     cargo run -p subprocess --bin drop_child
//!
//! To drop a `std::process::Child` does nothing: the child goes on, and is a
//! zombie when it has ended. The handles of tokio, smol and duct leave it
//! running, too, but wait for it later. Tokio and smol have `kill_on_drop`. The
//! part to copy is the same for std. None of these reaches what the child has
//! started; process-wrap can, because it kills a group. See `kill_tree`.
//!
//! Each child is asked after the drop. One that was killed cannot answer. In
//! Python: a dropped `Popen` warns (with `-X dev`), and the child goes on;
//! `with` waits for it.
//!
//! Claims: X1
//! Change this and watch: in `on_tokio_killed` write `kill_on_drop(false)`. The
//! child of tokio answers, and X1 is contradicted.
//!
//! Output (figures vary):
//!     handle                    after the drop
//!     std                       goes on
//!     std in KillOnDrop         is killed
//!     tokio                     goes on
//!     tokio, kill_on_drop       is killed
//!     process-wrap, KillOnDrop  is killed
//!     smol                      goes on
//!     duct                      goes on
//!     Not in the article, X1: "What dropping a handle does depends on the model."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to X1 is borne out: a child goes on when its handle is dropped: ["std", "tokio", "smol", "duct"]

use std::io::{PipeReader, PipeWriter, Read, Write, pipe, stdin};
use std::{env, process::Command, time::Duration};

use process_wrap::tokio as wrap;
use shared::watchdog::Watchdog;
use shared::{Result, Table, claim, flags, role, say};

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        stdin().lines().for_each(|_| say!("I am here"));
        return Ok(());
    }
    flags([]);
    let _bound = Watchdog::guard("the children", Duration::from_secs(20))?;
    let mut table = Table::new(["handle", "after the drop"]);
    let mut alive = Vec::new();
    for (name, way) in WAYS {
        let answers = answers_after(way)?;
        table.row([&name, &if answers { "goes on" } else { "is killed" }]);
        alive.extend(answers.then_some(name));
    }
    table.print();
    let figure =
        format!("a child goes on when its handle is dropped: {alive:?}");
    claim("X1", alive == ["std", "tokio", "smol", "duct"], figure)
}

/// Starts a child and drops its handle.
type Way = fn(Ends) -> Result;

const WAYS: [(&str, Way); 7] = [
    ("std", |ends| {
        drop(ends.command()?.spawn()?);
        Ok(())
    }),
    ("std in KillOnDrop", |ends| {
        drop(KillOnDrop(ends.command()?.spawn()?));
        Ok(())
    }),
    ("tokio", on_tokio),
    ("tokio, kill_on_drop", on_tokio_killed),
    ("process-wrap, KillOnDrop", on_process_wrap),
    ("smol", on_smol),
    ("duct", on_duct),
];

/// The child's ends of two pipes.
struct Ends(PipeReader, PipeWriter);

impl Ends {
    fn command(self) -> Result<Command> {
        let mut command = role::command("child")?;
        command.stdin(self.0).stdout(self.1);
        Ok(command)
    }
}

fn answers_after(way: Way) -> Result<bool> {
    let (child_reads, mut question) = pipe()?;
    let (mut answer, child_writes) = pipe()?;
    way(Ends(child_reads, child_writes))?;
    let _ = question.write_all(b"are you there?\n"); // an error if it is gone
    drop(question); // the end of its input: now it ends
    let mut text = String::new();
    answer.read_to_string(&mut text)?;
    Ok(!text.is_empty())
}

#[tokio::main(flavor = "current_thread")]
async fn on_tokio(ends: Ends) -> Result {
    let mut command = tokio::process::Command::from(ends.command()?);
    drop(command.spawn()?);
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn on_tokio_killed(ends: Ends) -> Result {
    let mut command = tokio::process::Command::from(ends.command()?);
    drop(command.kill_on_drop(true).spawn()?);
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn on_process_wrap(ends: Ends) -> Result {
    let command = tokio::process::Command::from(ends.command()?);
    let mut command = wrap::CommandWrap::from(command);
    command.wrap(wrap::ProcessGroup::leader()).wrap(wrap::KillOnDrop);
    drop(command.spawn()?);
    Ok(())
}

fn on_smol(Ends(input, output): Ends) -> Result {
    // `From` of smol forgets streams that were set before.
    let mut command = smol::process::Command::from(role::command("child")?);
    drop(command.stdin(input).stdout(output).spawn()?);
    Ok(())
}

fn on_duct(Ends(input, output): Ends) -> Result {
    let command = duct::cmd!(env::current_exe()?, "as-child");
    drop(command.stdin_file(input).stdout_file(output).start()?);
    Ok(())
}

// ANCHOR: drop_child
use std::process::Child;

/// A child that is killed and waited for when this is dropped: after an error
/// or a panic, too. A child that has ended keeps its status.
///
/// It does not reach processes that the child has started.
pub struct KillOnDrop(pub Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        // Another user's child (as of `sudo`) cannot be killed: it goes on.
        let runs = matches!(self.0.try_wait(), Ok(None));
        if runs && self.0.kill().is_ok() {
            let _ = self.0.wait(); // or it would stay as a zombie
        }
    }
}
// ANCHOR_END: drop_child
