//! Zero-downtime restart: hand the listening socket to the next version.
//!
//!     cargo run -p multiprocessing --bin hand_over
//!
//! The old version starts the new one, which inherits the listening socket (as
//! its stdin), and gives up its own only when the new version has said that it
//! is ready. The socket is open all the time, so the kernel queues what arrives
//! meanwhile (the backlog): no client is refused. If the old version closes the
//! socket and the new one binds the address again, clients in between are
//! refused. In Python: `socket.fromfd`, `pass_fds` of `subprocess.Popen`.
//!
//! The program `pass_fd` sends a socket to a process that runs already.
//!
//! Change this and watch: leave out `say_ready()?`. The old version waits until
//! the limit, does not stop, and the program ends with an error.
//!
//! Output (times vary, counts do not):
//!     handed over: 100 served by the old version, 100 by the new one
//!     handed over: 0 of 200 refused
//!     closed, and bound again: 1 of 1 refused in between

use std::net::{SocketAddr, TcpStream};
use std::thread;

use nix::sys::{prctl::set_pdeathsig, signal::Signal::SIGKILL};
use shared::{Result, ensure, flags, role, say, watchdog::Watchdog};

/// How many connections each version serves.
const EACH: usize = 100;

fn main() -> Result {
    let _bound = Watchdog::guard("the connections", Duration::from_secs(8))?;
    if let Some([]) = role::started_as("next") {
        return next_version();
    }
    flags([]);
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    let client = thread::spawn(move || connect_until_new(address));
    for _ in 0..EACH {
        listener.accept()?.0.write_all(b"old")?;
    }
    let limit = Duration::from_secs(3);
    let mut next = hand_over(&listener, role::command("next")?, limit)?;
    drop(listener); // not before this: the next version has it now
    let seen = client.join().expect("it does not panic");
    next.kill()?;
    next.wait()?;
    let count = |what| seen.iter().filter(|answer| *answer == what).count();
    let [old, new, refused] = ["old", "new", "refused"].map(count);
    say!("handed over: {old} served by the old version, {new} by the new one");
    say!("handed over: {refused} of {} refused", seen.len());
    ensure([old, new, refused] == [EACH, EACH, 0], "a client was refused")?;
    bind_again()
}

/// A client that connects all the time: its answers.
fn connect_until_new(address: SocketAddr) -> Vec<String> {
    let mut answers = Vec::new();
    while answers.iter().filter(|answer| *answer == "new").count() < EACH {
        answers.push(connect(address));
    }
    answers
}

fn connect(address: SocketAddr) -> String {
    let answer = TcpStream::connect(address).and_then(io::read_to_string);
    answer.unwrap_or_else(|_| "refused".into())
}

fn bind_again() -> Result {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    drop(listener); // WRONG: from here on there is no backlog
    let answer = connect(address);
    TcpListener::bind(address)?;
    let refused = usize::from(answer == "refused");
    say!("closed, and bound again: {refused} of 1 refused in between");
    ensure(refused == 1, "somebody else has the address")
}

/// The child. (A real one goes on when its parent ends; this one does not.)
fn next_version() -> Result {
    set_pdeathsig(SIGKILL)?;
    let listener = inherited()?;
    say_ready()?;
    loop {
        listener.accept()?.0.write_all(b"new")?;
    }
}

// ANCHOR: hand_over
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;

/// Starts the next version of a server, which inherits the listening socket as
/// its stdin, and waits until it is ready. Then stop accepting, answer what was
/// accepted, and end. After an error go on as before.
///
/// # Errors
///
/// The next version cannot be started, has ended, or is not ready within
/// `limit`; it has been killed then.
pub fn hand_over(
    listener: &TcpListener,
    mut next: Command,
    limit: Duration,
) -> io::Result<Child> {
    let (mut ready, its) = io::pipe()?;
    let socket = OwnedFd::from(listener.try_clone()?);
    let mut child = next.stdin(socket).stdout(its).spawn()?;
    drop(next); // it keeps `its` end open, and we would not see an early end
    let limit = Timespec::try_from(limit).map_err(io::Error::other)?;
    let polled = &mut [PollFd::new(&ready, PollFlags::IN)];
    let told = retry_on_intr(|| poll(polled, Some(&limit)))? == 1;
    if told && ready.read(&mut [0])? == 1 {
        return Ok(child);
    }
    child.kill()?;
    child.wait()?;
    Err(io::Error::other("the next version is not ready"))
}

/// In the next version: the listening socket.
///
/// # Errors
///
/// Its stdin is no socket that listens.
pub fn inherited() -> io::Result<TcpListener> {
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    if rustix::net::sockopt::socket_acceptconn(&socket)? {
        return Ok(TcpListener::from(socket));
    }
    Err(io::ErrorKind::InvalidInput.into())
}

/// In the next version, when everything else is prepared: the old version stops
/// from now on. Stdout is the pipe to it: write to stderr or to a log instead.
///
/// # Errors
///
/// The old version has ended, or waits no longer.
pub fn say_ready() -> io::Result<()> {
    io::stdout().write_all(b"r")?;
    io::stdout().flush()
}
// ANCHOR_END: hand_over
