//! Polling (try_wait): work on while a child runs, and look if it has ended.
//!
//!     cargo run -p subprocess --bin poll_child
//!
//! `Child::wait` blocks the thread until the child has ended. `try_wait` only
//! looks: it returns `None` at once while the child runs. So one thread does
//! its work in pieces and looks after each of them. Here the child runs until
//! its input ends, which happens after five pieces.
//!
//! In Python: `Popen.poll()`. If there is nothing to do meanwhile, do not poll
//! in a loop: `wait` uses no CPU.
//!
//! Claims: S3
//! Change this and watch: leave out `drop(input.take())`. The child never ends:
//! after its five pieces `work_while` waits, and the watchdog ends this
//! program.
//!
//! Output (times vary, counts do not):
//!     5 of 5 pieces were done before the child ended
//!     then the child ended: exit status: 0
//!     Not in the article, S3: "A child can be polled while one works."
//!     Our answer for Rust: holds (true)
//!     Our answer to S3 is borne out: 5 pieces of work are done while a child runs

use std::{process::Stdio, time::Duration};

use shared::watchdog::Watchdog;
use shared::{Result, chop, claim, flags, role, say};

const PIECES: usize = 5;

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        io::copy(&mut io::stdin(), &mut io::sink())?; // until its input ends
        return Ok(());
    }
    flags([]);
    let _bound = Watchdog::guard("the child", Duration::from_secs(20))?;
    let mut child = role::command("child")?.stdin(Stdio::piped()).spawn()?;
    let mut input = child.stdin.take();
    let mut pieces = 0;
    let status = work_while(&mut child, || {
        chop(7, 10_000);
        pieces += 1;
        if pieces == PIECES {
            drop(input.take()); // now the child may end
        }
        pieces < PIECES
    })?;
    say!("{pieces} of {PIECES} pieces were done before the child ended");
    say!("then the child ended: {status}");
    let figure = format!("{pieces} pieces of work are done while a child runs");
    claim("S3", pieces == PIECES && status.success(), figure)
}

// ANCHOR: poll_child
use std::io;
use std::process::{Child, ExitStatus};

/// Does pieces of work until the child has ended or `piece` returns false
/// (there is nothing more to do), and then waits for the child.
///
/// # Errors
///
/// The system cannot wait for the child.
pub fn work_while(
    child: &mut Child,
    mut piece: impl FnMut() -> bool,
) -> io::Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if !piece() {
            return child.wait();
        }
    }
}
// ANCHOR_END: poll_child
