//! File descriptor leak: a child inherits a pipe, so the reader gets no EOF.
//!
//!     cargo run -p subprocess --bin leaked_pipe
//!
//! A reader sees the end of a pipe (EOF) when no process can write to it any
//! more. A descriptor without the flag CLOEXEC (close on exec) is inherited by
//! every child, also by one that has nothing to do with the pipe. Then the end
//! does not come as long as this child lives. Rust sets the flag on all that it
//! opens, and so does Python (since 3.4). A C library may not. The cures: set
//! the flag, or close the descriptor in the child. To find the culprit, the
//! function to copy names the processes that can still write to a pipe.
//!
//! Change this and watch: write `FdFlags::CLOEXEC` instead of
//! `FdFlags::empty()`. Nothing leaks, so the reader gets EOF, and the second
//! child has nothing to close (`EBADF`).
//!
//! Output (figures vary):
//!     no CLOEXEC: the reader gets no EOF
//!       process 5762 (leaked_pipe) can write: our child 5762
//!     closed in the child: the reader gets EOF
//!     CLOEXEC: the reader gets EOF

use std::{io::PipeReader, io::Read, process::Stdio, time::Duration};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{FdFlags, fcntl_setfd};
use shared::{Result, ensure, flags, role, say, watchdog::Watchdog};

fn main() -> Result {
    if let Some([number]) = role::started_as("child") {
        if let Ok(number) = number.parse::<i32>() {
            nix::unistd::close(number)?; // the cure in the child
        }
        return Ok(role::ready_until_parent_ends()?);
    }
    flags([]);
    let _bound = Watchdog::guard("the children", Duration::from_secs(10))?;
    let leaked = reader_gets_eof("no CLOEXEC", false, false)?;
    let closed = reader_gets_eof("closed in the child", false, true)?;
    let flagged = reader_gets_eof("CLOEXEC", true, false)?;
    let all = [leaked, closed, flagged];
    ensure(all == [false, true, true], "the pipes end in another way")
}

/// We close our writer, while a child runs that has nothing to do with it.
fn reader_gets_eof(
    way: &str,
    cloexec: bool,
    close_in_child: bool,
) -> Result<bool> {
    let (reader, writer) = io::pipe()?; // sets CLOEXEC
    if !cloexec {
        fcntl_setfd(&writer, FdFlags::empty())?; // WRONG: clears it
    }
    let mut number = "-".to_string();
    if close_in_child {
        number = writer.as_raw_fd().to_string();
    }
    let mut child = role::command("child")?
        .arg(number)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut child_stdout = child.stdout.take().expect("it was piped");
    child_stdout.read_exact(&mut [0])?; // it is ready
    drop(writer);
    let eof = is_at_end(&reader)?;
    say!("{way}: the reader gets {}", if eof { "EOF" } else { "no EOF" });
    for Holder { pid, name } in writers_of(&reader)? {
        say!("  process {pid} ({name}) can write: our child {}", child.id());
    }
    drop(child_stdout); // ends the child
    child.wait()?;
    ensure(is_at_end(&reader)?, "now nobody can write, but there is no EOF")?;
    Ok(eof)
}

/// A pipe without a writer hangs up, so a read would return at once.
fn is_at_end(reader: &PipeReader) -> io::Result<bool> {
    let mut polled = [PollFd::new(reader, PollFlags::IN)];
    poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
    Ok(polled[0].revents().contains(PollFlags::HUP))
}

// ANCHOR: leaked_pipe
use std::os::fd::{AsFd, AsRawFd};
use std::{fs, fs::DirEntry, io};

/// A process that has a pipe open.
#[derive(Debug)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// Its name, as `ps` shows it; the kernel keeps 15 bytes of it.
    pub name: String,
}

/// Which processes can write to this pipe (or file): as long as there is one,
/// its reader gets no EOF. This process is one of them if it can write to it.
/// An ordinary user sees only the user's own processes.
///
/// Linux only: it reads `/proc`.
///
/// # Errors
///
/// There is no `/proc`.
pub fn writers_of(pipe: impl AsFd) -> io::Result<Vec<Holder>> {
    let number = pipe.as_fd().as_raw_fd();
    // Such as `pipe:[4711]`, the same for both ends and in all processes.
    let wanted = fs::read_link(format!("/proc/self/fd/{number}"))?;
    let can_write = |fd: DirEntry| {
        fs::read_link(fd.path()).is_ok_and(|file| file == wanted)
            && is_writer(&fd).unwrap_or(false)
    };
    let mut holders = Vec::new();
    for process in fs::read_dir("/proc")?.flatten() {
        let pid = process.file_name().to_str().and_then(|n| n.parse().ok());
        // What is no process, ends meanwhile, or is not ours to see, is left
        // out.
        let fds = fs::read_dir(process.path().join("fd"));
        let (Some(pid), Ok(fds)) = (pid, fds) else { continue };
        if fds.flatten().any(can_write) {
            let name = fs::read_to_string(process.path().join("comm"));
            let name = name.unwrap_or_default().trim_end().to_string();
            holders.push(Holder { pid, name });
        }
    }
    Ok(holders)
}

/// Looks into `/proc/PID/fdinfo/FD`, for the mode in which it was opened.
fn is_writer(fd: &DirEntry) -> Option<bool> {
    let path = fd.path();
    let info = path.parent()?.with_file_name("fdinfo").join(fd.file_name());
    let info = fs::read_to_string(info).ok()?;
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
    let flags = u32::from_str_radix(flags.trim(), 8).ok()?;
    Some(flags & 3 != 0) // 0 is read only, 1 is write only, 2 is both
}
// ANCHOR_END: leaked_pipe
