//! Killed peer: what a send or a receive tells when the other process dies.
//!
//!     cargo run -p multiprocessing --bin peer_dies
//!
//! This process waits in a receive, and in the send of a large value, for a
//! child that does nothing. Then the child is killed. A socket ends both: the
//! send is an error, and the receive is an error or `None`. (`ConnectionReset`
//! means that the child has not read everything.) A pipe does the same. But
//! ipc-channel waits for ever in the send, because the sender itself keeps the
//! other end open. If a child is alive but stuck, nothing tells it: use a
//! limit, as in `ask_within`. In Python: `EOFError` from `Connection.recv`,
//! `BrokenPipeError` from `send`, and `Connection.poll(timeout)`.
//!
//! The program `messages` compares what these ways cost.
//!
//! Change this and watch: set `LARGE` to 1 << 10. This value fits into the
//! buffer of the kernel, so no send waits, and no sender learns that the child
//! is dead.
//!
//! Output (figures vary):
//!     socket, stuck child: with a limit, Err(WouldBlock)
//!     socket, killed child: receive ends, send returns Err(BrokenPipe)
//!     ipc-channel, killed child: receive returns Err(Disconnected), send never

use std::os::fd::OwnedFd;
use std::process::{self, Child, Command};
use std::{fmt::Debug, sync::mpsc, thread};

use ipc_channel::ipc::{IpcOneShotServer, IpcReceiver, IpcSender, channel};
use multiprocessing::end_with_parent;
use shared::{Result, ensure, flags, role, say, watchdog::Watchdog};

const LARGE: usize = 4 << 20;

fn main() -> Result {
    let _bound = Watchdog::guard("the messages", Duration::from_secs(9))?;
    if let Some([name, parent]) = role::started_as("silent") {
        return stay_silent(name, parent.parse()?);
    }
    flags([]);
    by_socket()?;
    by_ipc_channel()
}

fn by_socket() -> Result {
    let (socket, its) = UnixStream::pair()?;
    let child = silent_command("")?.stdin(OwnedFd::from(its)).spawn()?;
    let kind = |error: io::Error| error.kind();
    let answer = ask_within(&socket, &7, Duration::from_millis(50));
    let answer: Result<u64, _> = answer.map_err(kind);
    say!("socket, stuck child: with a limit, {answer:?}");
    ensure(answer == Err(ErrorKind::WouldBlock), "the limit does not hold")?;

    socket.set_read_timeout(None)?;
    socket.set_write_timeout(None)?;
    let from = socket.try_clone()?;
    let [end, error] = killed(
        child,
        move || receive::<u64>(from, MOST).map_err(kind),
        move || send(socket, &"x".repeat(LARGE), 2 * LARGE).map_err(kind),
    )?;
    say!("socket, killed child: receive ends, send returns {error}");
    ensure(end != "never" && error != "never", "the end was not told")
}

fn by_ipc_channel() -> Result {
    let (server, name) = IpcOneShotServer::new()?;
    let child = silent_command(&name)?.spawn()?;
    let (_, ends) = server.accept()?;
    let (to, from): (IpcSender<String>, IpcReceiver<String>) = ends;
    let send = move || to.send("x".repeat(LARGE));
    let [error, hangs] = killed(child, move || from.recv(), send)?;
    say!("ipc-channel, killed child: receive returns {error}, send {hangs}");
    Ok(())
}

/// Kills the child while two threads wait for it; what they return then.
fn killed<T: Debug, U: Debug>(
    mut child: Child,
    receive: impl FnOnce() -> T + Send + 'static,
    send: impl FnOnce() -> U + Send + 'static,
) -> Result<[String; 2]> {
    let (tell, received) = mpsc::channel();
    thread::spawn(move || tell.send(format!("{:?}", receive())));
    let (tell, sent) = mpsc::channel();
    thread::spawn(move || tell.send(format!("{:?}", send()))); // may hang
    let early = sent.recv_timeout(Duration::from_millis(100)); // both wait
    child.kill()?;
    child.wait()?;
    let end = |outcome: mpsc::Receiver<String>| {
        let late = outcome.recv_timeout(Duration::from_secs(1));
        late.unwrap_or_else(|_| "never".into())
    };
    Ok([end(received), early.unwrap_or_else(|_| end(sent))])
}

fn silent_command(name: &str) -> io::Result<Command> {
    let mut command = role::command("silent")?;
    command.args([name, &process::id().to_string()]);
    Ok(command)
}

/// The child, which does nothing with its socket, or its channel.
fn stay_silent(name: String, parent: u32) -> Result {
    end_with_parent(parent)?;
    let (to, from) = (channel::<String>()?, channel::<String>()?);
    if !name.is_empty() {
        IpcSender::connect(name)?.send((to.0, from.1))?;
    }
    loop {
        thread::park();
    }
}

// ANCHOR: peer_dies
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use multiprocessing::frames::{receive, send};
use serde::{Serialize, de::DeserializeOwned};

/// The longest value that is sent or received, in encoded bytes.
const MOST: usize = 1 << 20;

/// Sends a job to the process at the other end of a socket, and receives its
/// answer. Each step waits for the other process no longer than `limit`. After
/// an error, kill that process: half a frame may be on its way.
///
/// # Errors
///
/// `WouldBlock`: the limit is over. `UnexpectedEof`, `BrokenPipe` or
/// `ConnectionReset`: the process has ended. Or what [`send`] and [`receive`]
/// refuse, and a limit of zero.
pub fn ask_within<J: Serialize, A: DeserializeOwned>(
    socket: &UnixStream,
    job: &J,
    limit: Duration,
) -> io::Result<A> {
    socket.set_write_timeout(Some(limit))?;
    socket.set_read_timeout(Some(limit))?;
    send(socket, job, MOST)?;
    receive(socket, MOST)?.ok_or(ErrorKind::UnexpectedEof.into())
}
// ANCHOR_END: peer_dies
