//! Inter-process communication: a pipe, a socket pair and ipc-channel, compared.
//!
//!     cargo run --release -p multiprocessing --bin messages
//!
//! The same text goes to another process, which answers with its length. The
//! times are medians in microseconds, until the answer is here. The values are
//! encoded by postcard in all three ways. A pipe and a socket pair have no name,
//! so no stranger can connect: the child inherits its end. ipc-channel has an
//! interface like `mpsc`; until its child has connected, it has a socket in a
//! private folder. In Python: `multiprocessing.Pipe`.
//!
//! The program `send_values` explains the frames that go through a pipe. The
//! program `peer_dies` shows what each way tells about a process that is killed.
//! The program `local_socket` connects by a name, on Windows, too.
//!
//! Change this and watch: `LARGE` of 1 << 16. The ways are then nearly as fast
//! as each other.
//!
//! Output (figures vary):
//!     way          64 bytes us  1 MiB us
//!     pipe                   6      3470
//!     socket pair            9       911
//!     ipc-channel            9      1713

use std::io::{Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use ipc_channel::ipc::{IpcOneShotServer, IpcReceiver, IpcSender, channel};
use multiprocessing::frames::{receive, send};
use shared::{Failure, Result, Table, ensure, flags, notice_debug_build, role};
use shared::{measure::try_median_of, watchdog::Watchdog};

const SMALL: usize = 64;
const LARGE: usize = 1 << 20;
const MOST: usize = 2 * LARGE;

/// Sends a text, and returns the answer; `None` is the end.
type Ask = Box<dyn FnMut(String) -> Result<Option<usize>>>;

fn main() -> Result {
    let _bound = Watchdog::guard("the messages", Duration::from_secs(20))?;
    if let Some([]) = role::started_as("frames") {
        return answer_frames();
    }
    if let Some([name]) = role::started_as("channel") {
        return answer_channel(name);
    }
    flags([]);
    notice_debug_build();
    let mut table = Table::new(["way", "64 bytes us", "1 MiB us"]);
    row(&mut table, "pipe", pipe()?)?;
    row(&mut table, "socket pair", socket_pair()?)?;
    row(&mut table, "ipc-channel", ipc_channel()?)?;
    table.print();
    Ok(())
}

fn row(
    table: &mut Table<3>,
    way: &str,
    (mut child, mut ask): (Child, Ask),
) -> Result {
    let mut time = |size| {
        try_median_of(51, || {
            let (text, begun) = ("x".repeat(size), Instant::now());
            ensure(ask(text)? == Some(size), "another text has arrived")?;
            Ok::<_, Failure>(begun.elapsed())
        })
    };
    let [small, large] = [time(SMALL)?, time(LARGE)?]
        .map(|time| format!("{:.0}", time.as_secs_f64() * 1e6));
    table.row([&way, &small, &large]);
    drop(ask); // closes this end, so the child ends
    Ok(child.wait().map(drop)?)
}

fn pipe() -> Result<(Child, Ask)> {
    let mut command = role::command("frames")?;
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let to = child.stdin.take().expect("it was piped");
    let from = child.stdout.take().expect("this, too");
    Ok((child, frames(to, from)))
}

fn socket_pair() -> Result<(Child, Ask)> {
    let (child, socket) = start_with_socket(role::command("frames")?)?;
    Ok((child, frames(socket.try_clone()?, socket)))
}

fn frames(mut to: impl Write + 'static, mut from: impl Read + 'static) -> Ask {
    Box::new(move |text| {
        send(&mut to, &text, MOST)?;
        Ok(receive(&mut from, MOST)?)
    })
}

fn ipc_channel() -> Result<(Child, Ask)> {
    let (server, name) = IpcOneShotServer::new()?;
    let child = role::command("channel")?.arg(name).spawn()?;
    let (_, ends) = server.accept()?;
    let (to, from): (IpcSender<String>, IpcReceiver<usize>) = ends;
    let ask = move |text| to.send(text).map(|()| from.recv());
    Ok((child, Box::new(move |text| Ok(Some(ask(text)??)))))
}

/// The child, whose stdin and stdout are pipes or a socket.
fn answer_frames() -> Result {
    while let Some(text) = receive::<String>(io::stdin().lock(), MOST)? {
        send(io::stdout(), &text.len(), MOST)?;
    }
    Ok(())
}

/// The child, which connects by the name of a channel.
fn answer_channel(name: String) -> Result {
    let (parents_to, from) = channel::<String>()?;
    let (to, parents_from) = channel()?;
    IpcSender::connect(name)?.send((parents_to, parents_from))?;
    while let Ok(text) = from.recv() {
        to.send(text.len())?;
    }
    Ok(())
}

// ANCHOR: messages
use std::io;
use std::os::{fd::OwnedFd, unix::net::UnixStream};
use std::process::{Child, Command};

/// Starts a process that is connected with this one by a socket, in both
/// directions: the socket is its stdin and its stdout. When one of the two
/// processes ends, the other one receives the end.
///
/// # Errors
///
/// The process cannot be started.
pub fn start_with_socket(
    mut command: Command,
) -> io::Result<(Child, UnixStream)> {
    let (ours, its) = UnixStream::pair()?;
    command.stdin(OwnedFd::from(its.try_clone()?)).stdout(OwnedFd::from(its));
    Ok((command.spawn()?, ours)) // closes the copies of `its` in this process
}
// ANCHOR_END: messages
