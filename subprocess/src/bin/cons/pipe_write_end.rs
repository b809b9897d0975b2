//! End of file in a pipe: all writers must close it, and so must the parent.
//!
//!     cargo run -p subprocess --bin pipe_write_end
//!
//! The parent makes a pipe and gives the write end to one child and the read
//! end to another. It keeps a copy of the write end. The first child ends, and
//! the second one waits for ever, because somebody, the parent, could still
//! write. Close the copy, and the reader sees the end. The trap is well hidden:
//! a `Command` that you keep has a copy of each pipe that you gave it.
//!
//! In Python: the same, `os.close(write_end)` after `Popen`.
//!
//! Claims: S4
//! Change this and watch: `drop(writer)` before the second child is started:
//! the reader does not wait but ends, and S4 is contradicted.
//!
//! Output (figures vary):
//!     the writer has ended, and the reader waits for more: true
//!     the copy of the parent is closed, and the reader ends: true
//!     Not in the article, S4: "Children can be joined to a pipeline without a shell."
//!     Our answer for Rust: holds (true)
//!     Our answer to S4 is borne out: while a copy of the write end is open, a reader waits: true; then it ends: true

use std::io::{PipeReader, pipe, stdin};
use std::{fs, thread, time::Duration};

use rustix::io::ioctl_fionread;
use shared::watchdog::Watchdog;
use shared::{Result, claim, flags, role, say};

fn main() -> Result {
    if let Some([]) = role::started_as("writer") {
        say!("one line");
        return Ok(());
    }
    if let Some([]) = role::started_as("reader") {
        stdin().lines().for_each(drop); // until the end of its input
        return Ok(());
    }
    flags([]);
    let _bound = Watchdog::guard("the children", Duration::from_secs(20))?;
    let (reader, writer) = pipe()?;
    let look = reader.try_clone()?;
    // Each command is dropped in its line, with its copies of the two ends.
    role::command("writer")?.stdout(writer.try_clone()?).status()?;
    let mut child = role::command("reader")?.stdin(reader).spawn()?;
    let waits = waits_for_more(child.id(), &look)?;
    say!("the writer has ended, and the reader waits for more: {waits}");
    drop(writer);
    let ends = child.wait()?.success();
    say!("the copy of the parent is closed, and the reader ends: {ends}");
    let figure = format!(
        "while a copy of the write end is open, a reader waits: {waits}; then \
         it ends: {ends}"
    );
    claim("S4", waits && ends, figure)
}

/// Whether the reader sleeps although it has read all that there is.
fn waits_for_more(pid: u32, pipe: &PipeReader) -> Result<bool> {
    while role::is_alive(pid) {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        if ioctl_fionread(pipe)? == 0 && stat.contains(") S ") {
            return Ok(true);
        }
        thread::yield_now();
    }
    Ok(false)
}

// ANCHOR: pipe_write_end
use std::io;
use std::process::{Child, Command};

/// Starts two children, and connects the output of the first one to the input
/// of the second one. No copy of the pipe stays here, so each sees when the
/// other one ends. Wait for both.
///
/// # Errors
///
/// One cannot be started. The first one is killed then.
pub fn connect(
    mut first: Command,
    mut second: Command,
) -> io::Result<[Child; 2]> {
    let (reader, writer) = io::pipe()?;
    let mut first_child = first.stdout(writer).spawn()?;
    drop(first); // closes its copy of the write end
    match second.stdin(reader).spawn() {
        Ok(second_child) => Ok([first_child, second_child]),
        Err(error) => {
            let _ = first_child.kill();
            let _ = first_child.wait();
            Err(error)
        }
    }
}
// ANCHOR_END: pipe_write_end
