//! File descriptor passing: accept a connection here, serve it in a worker.
//!
//!     cargo run -p multiprocessing --bin pass_fd
//!
//! A Unix socket carries open files, too (SCM_RIGHTS): the receiver gets a
//! descriptor of the same connection. A process that has as many descriptors as
//! it may have receives none. For the kernel that is no error: it closes the
//! connection and sets the flag MSG_CTRUNC. A receiver that ignores the flag
//! serves nobody and does not know it. In Python: `socket.send_fds` and
//! `multiprocessing.reduction`, which says "received 0 items of ancdata" then.
//!
//! The program `hand_over` gives a listening socket to the next version.
//!
//! Change this and watch: `Some(next + 1)` in `leave_none`. The
//! worker then has one free descriptor, and the program ends with an error.
//!
//! Output (figures vary):
//!     free descriptors in the worker: some
//!       accepted in process 15499, answer "hello from process 15503"
//!       the worker reports: ""
//!     free descriptors in the worker: none
//!       accepted in process 15499, answer ""
//!       the worker reports: "a descriptor was lost (MSG_CTRUNC): none is free here"

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::{fs::File, net::Shutdown, process, time::Duration};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use shared::{Result, ensure, flags, role, say, watchdog::Watchdog};

fn main() -> Result {
    let _bound = Watchdog::guard("the connections", Duration::from_secs(5))?;
    if let Some([free]) = role::started_as("worker") {
        return work(&free);
    }
    flags([]);
    let [answer, error] = serve_in_worker("some")?;
    let served = answer.starts_with("hello") && error.is_empty();
    let [answer, error] = serve_in_worker("none")?;
    let told = answer.is_empty() && error.contains("MSG_CTRUNC");
    ensure(served && told, "a connection was lost, and nobody has told")
}

/// What the client receives, and what the worker reports.
fn serve_in_worker(free: &str) -> Result<[String; 2]> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let (mut ours, its) = UnixStream::pair()?;
    // In one expression: a `Command` that lives on keeps `its` end open.
    let mut worker =
        role::command("worker")?.arg(free).stdin(OwnedFd::from(its)).spawn()?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    send_fd(&ours, &listener.accept()?.0)?; // closed here: the worker has it
    ours.shutdown(Shutdown::Write)?; // no more connections: the worker ends
    let [mut answer, mut error] = [String::new(), String::new()];
    client.read_to_string(&mut answer)?;
    ours.read_to_string(&mut error)?;
    worker.wait()?;
    say!("free descriptors in the worker: {free}");
    say!("  accepted in process {}, answer {answer:?}", process::id());
    say!("  the worker reports: {error:?}");
    Ok([answer, error])
}

/// The child, whose stdin is a Unix socket.
fn work(free: &str) -> Result {
    let mut socket =
        UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    if free == "none" {
        leave_none()?;
    }
    loop {
        match receive_fd(&socket) {
            Ok(None) => return Ok(()),
            Ok(Some(connection)) => {
                let hello = format!("hello from process {}", process::id());
                TcpStream::from(connection).write_all(hello.as_bytes())?;
            }
            Err(error) => socket.write_all(error.to_string().as_bytes())?,
        }
    }
}

/// From now on this process can open nothing.
fn leave_none() -> Result {
    let next = File::open("/dev/null")?.as_raw_fd() as u64;
    let limit = Rlimit { current: Some(next), ..getrlimit(Resource::Nofile) };
    Ok(setrlimit(Resource::Nofile, limit)?)
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
/// This process has no free descriptor: the file is lost (MSG_CTRUNC), the next
/// one can be received. Or something else was sent than one file.
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
        let why = "a descriptor was lost (MSG_CTRUNC): none is free here";
        return Err(io::Error::other(why));
    }
    match (received.bytes, files.pop(), files.is_empty()) {
        (0, None, _) => Ok(None),
        (_, Some(file), true) => Ok(Some(file)),
        _ => Err(ErrorKind::InvalidData.into()),
    }
}
// ANCHOR_END: pass_fd
