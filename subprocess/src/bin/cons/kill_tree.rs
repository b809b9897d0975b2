//! Process group: `kill` ends one process, not the ones that it has started.
//!
//!     cargo run -p subprocess --bin kill_tree
//!
//! A child has started a child of its own, the grandchild. `Child::kill` ends
//! the child only; the grandchild goes on, and holds the pipes that it has from
//! the child. The cure is a process group: the child becomes the leader of a
//! new group, the grandchild is born in it, and one signal reaches the whole
//! group.
//!
//! Send the signal before you wait for the child. While nobody has waited, the
//! number of the child, and so of the group, is given to no other process. In
//! Python: `Popen(process_group=0)` and `os.killpg`.
//!
//! Claims: S8
//! Change this and watch: leave out `.process_group(0)` in `src/group.rs`.
//! Then only the child is killed, and S8 is contradicted.
//!
//! Output (figures vary):
//!     after a kill of the child, the grandchild answers: true
//!     after a kill of the group, the grandchild answers: false
//!     Not in the article, S8: "Killing a child leaves its own children alive."
//!     Our answer for Rust: holds (true)
//!     Our answer to S8 is borne out: the grandchild answers after a kill of the child: true, of the group: false

// The part to copy: src/group.rs

use std::io::{PipeReader, Read, Write, pipe, stdin, stdout};
use std::{process::Command, time::Duration};

use shared::watchdog::Watchdog;
use shared::{Result, claim, flags, role, say};
use subprocess::group::Group;

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        role::command("grandchild")?.spawn()?.wait()?;
        return Ok(());
    }
    if let Some([]) = role::started_as("grandchild") {
        return grandchild();
    }
    flags([]);
    let _bound = Watchdog::guard("the family", Duration::from_secs(10))?;
    let survives = answers_after(kill_the_child)?;
    say!("after a kill of the child, the grandchild answers: {survives}");
    let stays = answers_after(kill_the_group)?;
    say!("after a kill of the group, the grandchild answers: {stays}");
    let figure = format!(
        "the grandchild answers after a kill of the child: {survives}, of the \
         group: {stays}"
    );
    claim("S8", survives && !stays, figure)
}

/// Starts this child, waits for a byte of the grandchild, and kills.
type Way = fn(Command, &mut PipeReader) -> Result;

fn kill_the_child(mut command: Command, ready: &mut PipeReader) -> Result {
    let mut child = command.spawn()?;
    ready.read_exact(&mut [0])?;
    child.kill()?; // WRONG: one process
    child.wait()?;
    Ok(())
}

fn kill_the_group(mut command: Command, ready: &mut PipeReader) -> Result {
    let mut group = Group::spawn(&mut command)?;
    ready.read_exact(&mut [0])?;
    group.kill()?;
    Ok(())
}

/// Whether the grandchild is there after a kill of this kind.
fn answers_after(way: Way) -> Result<bool> {
    let (input, mut question) = pipe()?;
    let (mut answer, output) = pipe()?;
    let mut child = role::command("child")?;
    child.stdin(input).stdout(output); // which the grandchild inherits
    way(child, &mut answer)?;
    let _ = question.write_all(b"are you there?"); // an error if it is gone
    drop(question);
    let mut text = String::new();
    answer.read_to_string(&mut text)?; // until nobody can write any more
    Ok(!text.is_empty())
}

fn grandchild() -> Result {
    stdout().write_all(b"!")?;
    stdout().flush()?; // it is ready
    stdin().read_to_string(&mut String::new())?;
    say!("I am here");
    Ok(())
}
