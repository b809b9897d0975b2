//! File descriptor passing: accept a connection here, serve it in a worker.
//!
//!     cargo run -p multiprocessing --bin pass_fd
//!
//! A Unix socket carries open files, too (SCM_RIGHTS): the receiver gets a
//! descriptor of the same connection. In Python: `socket.send_fds`, and
//! `multiprocessing.reduction`. But there is a danger. A process has a limit of
//! descriptors, and when none is free, it cannot receive one. The kernel does
//! not call this an error: it closes the connection and sets the flag
//! MSG_CTRUNC. A receiver that ignores the flag loses the connection and does
//! not know it. (Python reports "received 0 items of ancdata".)
//!
//! The program `hand_over` gives a listening socket to the next version.
//!
//! Change this and watch: in `setrlimit`, write `free + 1` twice. Then one
//! descriptor is free in the worker, and it receives (and closes) the second
//! connection. It reports nothing, and the program ends with an error.
//!
//! Output (figures vary):
//!     first: accepted in process 8698, answer "hello from process 8702"
//!     second: accepted in process 8698, answer ""
//!     the worker reports: "a descriptor was lost (MSG_CTRUNC)"

use std::io::{Write, read_to_string};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::{fs::File, os::fd::AsRawFd, process, time::Duration};

use nix::sys::resource::{Resource::RLIMIT_NOFILE, setrlimit};
use shared::{Result, ensure, flags, role, say, watchdog::Watchdog};

fn main() -> Result {
    let _bound = Watchdog::guard("the connections", Duration::from_secs(5))?;
    if let Some([]) = role::started_as("worker") {
        return work();
    }
    flags([]);
    let (ours, theirs) = UnixStream::pair()?;
    // In one expression, so that the `Command` is dropped here: as long as it
    // lives, this process has the end of the worker open, too.
    let mut worker =
        role::command("worker")?.stdin(OwnedFd::from(theirs)).spawn()?;
    let served = serve(&ours, "first")?;
    let lost = serve(&ours, "second")?;
    ours.shutdown(Shutdown::Write)?; // no more connections
    let error = read_to_string(&ours)?;
    worker.wait()?;
    say!("the worker reports: {error:?}");
    let told = lost.is_empty() && error.contains("MSG_CTRUNC");
    ensure(
        served.starts_with("hello") && told,
        "the worker did not report the loss",
    )
}

/// Accepts a connection for the worker; returns what the client receives.
fn serve(worker: &UnixStream, name: &str) -> Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    send_fd(worker, &listener.accept()?.0)?; // the worker has its own now
    let answer = read_to_string(client)?;
    say!("{name}: accepted in process {}, answer {answer:?}", process::id());
    Ok(answer)
}

/// The child, whose stdin is a Unix socket.
fn work() -> Result {
    let mut socket =
        UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let Some(first) = receive_fd(&socket)? else { return Ok(()) };
    write!(TcpStream::from(first), "hello from process {}", process::id())?;
    // The lowest number that is free: this file is closed again at once. With
    // this number as the limit no descriptor is free in this process.
    let free = File::open("/dev/null")?.as_raw_fd() as u64;
    setrlimit(RLIMIT_NOFILE, free, free)?;
    if let Err(error) = receive_fd(&socket) {
        socket.write_all(error.to_string().as_bytes())?;
    }
    Ok(())
}

// ANCHOR: pass_fd
use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::io::retry_on_intr;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// Sends an open file (a socket, a pipe, ...) to the process at the other end.
/// The receiver gets its own descriptor, so this one may be closed at once.
///
/// # Errors
///
/// `BrokenPipe`: the other end is closed. (Never a SIGPIPE.)
pub fn send_fd(socket: &UnixStream, file: &impl AsFd) -> io::Result<()> {
    let files = [file.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&files));
    // A descriptor travels with at least one byte.
    let byte = [IoSlice::new(b"f")];
    let flags = SendFlags::NOSIGNAL;
    retry_on_intr(|| sendmsg(socket, &byte, &mut control, flags))?;
    Ok(())
}

/// Receives an open file that [`send_fd`] has sent. Programs that this process
/// starts do not inherit it. `None`: the other end is closed.
///
/// # Errors
///
/// This process has no free descriptor, so the file is lost (MSG_CTRUNC). The
/// next one can be received. Or the peer has sent something else than one file.
pub fn receive_fd(socket: &UnixStream) -> io::Result<Option<OwnedFd>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0]; // one: a second byte belongs to the next file
    let received = retry_on_intr(|| {
        let bytes = &mut [IoSliceMut::new(&mut byte)];
        recvmsg(socket, bytes, &mut control, RecvFlags::CMSG_CLOEXEC)
    })?;
    let mut files: Vec<OwnedFd> = Vec::new(); // each is closed when dropped
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(some) = message {
            files.extend(some);
        }
    }
    if received.flags.contains(ReturnFlags::CTRUNC) {
        return Err(io::Error::other("a descriptor was lost (MSG_CTRUNC)"));
    }
    match (received.bytes, files.pop(), files.is_empty()) {
        (0, None, _) => Ok(None),
        (_, Some(file), true) => Ok(Some(file)),
        _ => Err(ErrorKind::InvalidData.into()),
    }
}
// ANCHOR_END: pass_fd
