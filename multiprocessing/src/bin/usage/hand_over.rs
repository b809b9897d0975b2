//! Zero-downtime restart: hand the listening socket to the next version.
//!
//!     cargo run -p multiprocessing --bin hand_over
//!
//! The old version of a server starts the new one, which inherits the listening
//! socket as its stdin. The old version closes its own descriptor when the new
//! one has said that it is ready. So the socket is open all the time. Clients
//! that connect while nobody accepts wait in the queue of the kernel (the
//! backlog), and no client is refused. If the old version closes the socket and
//! the new one binds the address again, clients in between are refused. In
//! Python: `socket.fromfd`, `pass_fds` of `subprocess.Popen`.
//!
//! The program `pass_fd` sends a socket to a process that runs already.
//!
//! Change this and watch: leave out `say_ready()?`. `hand_over` waits until the
//! limit and returns an error: a server would go on; this program reports it.
//!
//! Output (times vary, counts do not):
//!     handed over: 100 of 100 clients are served
//!     closed, and bound again: a client is refused in between: true

use std::net::TcpStream;

use nix::sys::{prctl::set_pdeathsig, signal::Signal::SIGKILL};
use shared::{Result, ensure, flags, role, say, watchdog::Watchdog};

/// How many clients connect while the versions change.
const CLIENTS: usize = 100;
const LIMIT: Duration = Duration::from_secs(3);

fn main() -> Result {
    let _bound = Watchdog::guard("the connections", Duration::from_secs(8))?;
    if let Some([]) = role::started_as("next") {
        return next_version();
    }
    flags([]);
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    // The old version accepts nobody any more, and the new one not yet.
    let clients = (0..CLIENTS).map(|_| TcpStream::connect(address));
    let clients = clients.collect::<io::Result<Vec<_>>>()?;
    let mut next = hand_over(&listener, role::command("next")?, LIMIT)?;
    drop(listener); // not before this: the next version has it now
    let answers = clients.into_iter().map(io::read_to_string);
    let served = answers.filter(|a| matches!(a.as_deref(), Ok("new"))).count();
    next.kill()?;
    next.wait()?;
    say!("handed over: {served} of {CLIENTS} clients are served");
    ensure(served == CLIENTS, "a client was lost")?;
    bind_again()
}

fn bind_again() -> Result {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    drop(listener); // WRONG: from here on there is no backlog
    let refused = TcpStream::connect(address).is_err();
    TcpListener::bind(address)?;
    say!("closed, and bound again: a client is refused in between: {refused}");
    ensure(refused, "somebody else has the address")
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
