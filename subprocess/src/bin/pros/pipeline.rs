//! A pipeline, `a | b | c`: children that are connected without a shell.
//!
//!     cargo run -p subprocess --bin pipeline
//!
//! The standard output of one child becomes the standard input of the next one.
//! Three children count the even numbers up to 1000. With std the parent has to
//! start them in their order and to look at each exit status; duct does the
//! same in one line. Nothing goes through the parent but the last output.
//!
//! If one of them fails, its neighbours may still end well: the status of the
//! last child does not show it. In Python: `Popen(stdin=a.stdout)`,
//! and then `a.stdout.close()` in the parent. Rust moves the pipe into the
//! `Command`; when that is dropped, the parent has no
//! copy of it. See `pipe_write_end`.
//!
//! Claims: S4
//! Change this and watch: let "even" print all numbers: both count 1000, and S4
//! is contradicted.
//!
//! Output (times vary, counts do not):
//!     std: 500 numbers, 3 of 3 ended well
//!     duct: 500 numbers
//!     Not in the article, S4: "Children can be joined to a pipeline without a shell."
//!     Our answer for Rust: holds (true)
//!     Our answer to S4 is borne out: three children without a shell count 500

use std::io::{BufRead, stdin};
use std::{env, time::Duration};

use duct::cmd;
use shared::watchdog::Watchdog;
use shared::{Result, claim, flags, role, say};

fn main() -> Result {
    if let Some([name]) = role::started_as("child") {
        return child(&name);
    }
    flags([]);
    let _bound = Watchdog::guard("the pipelines", Duration::from_secs(20))?;
    let mut commands = Vec::new();
    for name in ["numbers", "even", "count"] {
        let mut command = role::command("child")?;
        command.arg(name);
        commands.push(command);
    }
    let (output, statuses) = pipeline(commands)?;
    let by_std = String::from_utf8(output)?;
    let ends = statuses.iter().filter(|status| status.success()).count();
    say!("std: {} numbers, {ends} of 3 ended well", by_std.trim());

    let own = env::current_exe()?;
    let child = |name| cmd!(&own, "as-child", name);
    let pipeline = child("numbers").pipe(child("even")).pipe(child("count"));
    let by_duct = pipeline.read()?;
    say!("duct: {by_duct} numbers");
    let figure = format!("three children without a shell count {by_duct}");
    claim("S4", by_std.trim() == "500" && by_duct == "500" && ends == 3, figure)
}

/// What the three children do.
fn child(name: &str) -> Result {
    let lines = stdin().lock().lines().map_while(io::Result::ok);
    match name {
        "numbers" => (1..=1000).for_each(|number| say!("{number}")),
        "even" => lines
            .filter(|line| line.ends_with(['0', '2', '4', '6', '8']))
            .for_each(|line| say!("{line}")),
        _ => say!("{}", lines.count()),
    }
    Ok(())
}

// ANCHOR: pipeline
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};

/// Runs `a | b | c`: each command reads what the one before it writes. The
/// first one reads nothing. Returns what the last one wrote, and the status of
/// each.
///
/// # Errors
///
/// One cannot be started, or the output cannot be read. Then all are killed.
pub fn pipeline(
    commands: Vec<Command>,
) -> io::Result<(Vec<u8>, Vec<ExitStatus>)> {
    let mut children = Children(Vec::new());
    let mut before = None;
    for mut command in commands {
        let input = before.map_or(Stdio::null(), Stdio::from);
        let mut child = command.stdin(input).stdout(Stdio::piped()).spawn()?;
        before = child.stdout.take();
        children.0.push(child);
        // The command, dropped here, closes its copy of the pipe. With a copy
        // in this process, a child would not learn that its reader has ended.
    }
    let mut output = Vec::new();
    if let Some(mut last) = before {
        last.read_to_end(&mut output)?;
    }
    let statuses = children.0.iter_mut().map(Child::wait);
    Ok((output, statuses.collect::<io::Result<_>>()?))
}

/// No child outlives this.
struct Children(Vec<Child>);

impl Drop for Children {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill(); // no error if it was waited for
            let _ = child.wait();
        }
    }
}
// ANCHOR_END: pipeline
