//! posix_spawn or fork: which call of a builder makes the start of a child slow?
//!
//!     cargo run --release -p subprocess --bin child_cost_calls
//!
//! `Command` starts a child by `posix_spawn`, which does not copy the memory of
//! the parent, not even its tables. With `pre_exec`, `uid` or `gid` it has to
//! use `fork`, and that copies the page tables: the more memory the parent has,
//! the longer it takes, and all threads of the parent wait for it at their next
//! write. Measured in a parent that has touched nothing, and in a large one.
//!
//! In Python: `preexec_fn`, `user` and `umask` have the same price.
//!
//! Change this and watch: give the large parent twice the memory: only the last
//! row is twice as slow.
//!
//! Output (figures vary):

use std::process::Stdio;
use std::time::{Duration, Instant};

use shared::measure::median;
use shared::watchdog::Watchdog;
use shared::{Result, Table, ensure, flags, notice_debug_build, role, say};
use subprocess::bare::with_pre_exec;

/// Touched by the large parent.
const MIB: usize = if cfg!(debug_assertions) { 256 } else { 1024 };
const ROUNDS: usize = 15;

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        return Ok(());
    }
    if let Some([mib]) = role::started_as("parent") {
        let memory = vec![1_u8; mib.parse::<usize>()? << 20];
        for us in medians()? {
            say!("{us}");
        }
        return ensure(!memory.contains(&0), "nobody has written");
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the children", Duration::from_secs(30))?;
    let [small, large] = [in_parent_of(0)?, in_parent_of(MIB)?];
    let large_title = format!("us with {MIB} MiB");
    let mut table = Table::new(["call", "us", &large_title, "ratio"]);
    for ((name, _), (small, large)) in
        CALLS.iter().zip(small.iter().zip(&large))
    {
        table.row([name, small, large, &format_args!("{:.2}", large / small)]);
    }
    table.print();
    Ok(())
}

/// What is done to the command before it is started.
type Call = fn(&mut Command) -> &mut Command;

const CALLS: [(&str, Call); 5] = [
    ("none", |command| command),
    ("env", |command| command.env("MODE", "fast")),
    ("current_dir", |command| command.current_dir("/")),
    ("process_group", |command| command.process_group(0)),
    ("pre_exec", with_pre_exec),
];

/// Of a process that has touched so much memory: the median for each call.
fn in_parent_of(mib: usize) -> Result<Vec<f64>> {
    let mut parent = role::command("parent")?;
    let output = parent.arg(mib.to_string()).stderr(Stdio::inherit());
    let output = output.output()?;
    ensure(output.status.success(), "the parent has failed")?;
    let said = String::from_utf8(output.stdout)?;
    said.lines().map(|us| Ok(us.parse()?)).collect()
}

/// In whole microseconds, for each call. They take turns.
fn medians() -> Result<Vec<u128>> {
    let mut times = vec![Vec::new(); CALLS.len()];
    for _ in 0..ROUNDS {
        for ((_, call), times) in CALLS.iter().zip(&mut times) {
            let mut command = role::command("child")?;
            call(&mut command);
            let begun = Instant::now();
            let status = command.status()?;
            times.push(begun.elapsed());
            ensure(status.success(), "the child has failed")?;
        }
    }
    Ok(times.iter().map(|times| median(times).as_micros()).collect())
}

// ANCHOR: child_cost_calls
use std::os::unix::process::CommandExt; // for `process_group`
use std::process::Command;

/// A child in its own process group and folder, with a variable more: all by
/// calls that keep the fast way, however much memory this process has. (Slow are
/// `pre_exec`, `uid` and `gid`.)
pub fn fast_command(program: &str, folder: &str) -> Command {
    let mut command = Command::new(program);
    command.process_group(0).current_dir(folder).env("LC_ALL", "C");
    command
}
// ANCHOR_END: child_cost_calls
