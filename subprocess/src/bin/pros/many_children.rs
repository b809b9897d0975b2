//! Many children in parallel, at most a few at a time: bounded parallelism.
//!
//!     cargo run -p subprocess --bin many_children
//!
//! Children run in parallel with the parent and with each other, on all cores.
//! Each needs memory, so their number needs a bound: here at most 4 of 10 run
//! at a time. To count them, each child writes "+" when it begins and "-" when
//! it ends, and between the two it waits for a byte from the parent (a token).
//! The parent gives one only when 4 are running, so the count does not depend
//! on luck.
//!
//! In Python: a `ThreadPoolExecutor(4)` whose jobs call `subprocess.run`. The
//! part to copy does the same: 4 threads, and each runs one child after
//! another.
//!
//! Claims: S2
//! Change this and watch: set `LIMIT` to 10: ten children run at the same time.
//!
//! Output (times vary, counts do not):
//!     10 of 10 children have ended well
//!     4 of 10 ran at the same time
//!     Not in the article, S2: "Children run in parallel with the parent and each other."
//!     Our answer for Rust: holds (true)
//!     Our answer to S2 is borne out: 4 children run at the same time, as allowed

use std::io::{
    BufReader, PipeReader, PipeWriter, Read, Write, pipe, stdin, stdout,
};
use std::time::Duration;

use shared::watchdog::Watchdog;
use shared::{Result, claim, flags, role, say};

const CHILDREN: usize = 10;
const LIMIT: usize = 4;

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        return child();
    }
    flags([]);
    let _bound = Watchdog::guard("the children", Duration::from_secs(20))?;
    let (tokens, give) = pipe()?;
    let (hear, said) = pipe()?;
    let mut commands = Vec::new();
    for _ in 0..CHILDREN {
        let mut command = role::command("child")?;
        command.stdin(tokens.try_clone()?).stdout(said.try_clone()?);
        commands.push(command);
    }
    drop((tokens, said));
    let counter = thread::spawn(|| most_at_a_time(hear, give));
    let ends = run_all(commands, LIMIT);
    let most = counter.join().expect("it does not panic")?;
    let done = ends.iter().flatten().filter(|end| end.success()).count();
    say!("{done} of {CHILDREN} children have ended well");
    say!("{most} of {CHILDREN} ran at the same time");
    let figure = format!("{most} children run at the same time, as allowed");
    claim("S2", most == LIMIT && done == CHILDREN, figure)
}

fn child() -> Result {
    stdout().write_all(b"+")?;
    stdout().flush()?;
    let _token = stdin().read(&mut [0])?; // a byte, or the end of the input
    stdout().write_all(b"-")?;
    Ok(stdout().flush()?)
}

/// Gives a token when `LIMIT` children are running. When all have begun, it
/// closes the pipe: the end of the input is a token for each.
fn most_at_a_time(
    hear: PipeReader,
    give: PipeWriter,
) -> std::io::Result<usize> {
    let mut give = Some(give);
    let [mut begun, mut running, mut most] = [0; 3];
    for said in BufReader::new(hear).bytes() {
        if said? == b'-' {
            running -= 1;
            continue;
        }
        (begun, running) = (begun + 1, running + 1);
        most = most.max(running);
        if begun == CHILDREN {
            give = None;
        } else if let (LIMIT, Some(give)) = (running, &mut give) {
            give.write_all(b".")?;
        }
    }
    Ok(most)
}

// ANCHOR: many_children
use std::process::{Command, ExitStatus};
use std::sync::Mutex;
use std::{io, iter, thread};

/// Runs all these children, at most `limit` of them at a time, and returns how
/// each of them ended, in the order of the commands. One that cannot be started
/// does not keep the others from running. Let their output go to a file, or
/// nowhere: a pipe has no reader here.
///
/// # Panics
///
/// If `limit` is 0.
pub fn run_all(
    commands: Vec<Command>,
    limit: usize,
) -> Vec<io::Result<ExitStatus>> {
    assert!(limit > 0, "no child could ever run");
    let threads = limit.min(commands.len());
    let ends = commands.iter().map(|_| None).collect::<Vec<_>>();
    let ends = Mutex::new(ends);
    let left = Mutex::new(commands.into_iter().enumerate());
    let next = || left.lock().expect("nobody panics with it").next();
    let work = || {
        for (nth, mut command) in iter::from_fn(next) {
            let end = command.status();
            ends.lock().expect("as above")[nth] = Some(end);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            // An error: there is no more thread. Then fewer do the work.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work(); // this thread works, too
    });
    let ends = ends.into_inner().expect("as above");
    ends.into_iter().map(|end| end.expect("each was run")).collect()
}
// ANCHOR_END: many_children
