//! Inter-process communication: latency of pipe, socket pair and ipc-channel.
//!
//!     cargo run --release -p multiprocessing --bin messages
//!
//! The same text goes to another process, which answers with the length of the
//! text. The times are medians in microseconds, until the answer is here: for a
//! small text (64 bytes) and for a large one (1 MiB). All three ways encode by
//! postcard. A pipe and a socket pair have no name, so no stranger can connect:
//! the child inherits its end. ipc-channel has an interface like `mpsc`. Until
//! its child has connected, it has a socket in a private folder. In Python:
//! `multiprocessing.Pipe`.
//!
//! The program `send_values` explains the frames that go through a pipe. The
//! program `peer_dies` shows what each way tells about a process that is
//! killed. The program `local_socket` connects by a name, on Windows, too.
//!
//! Change this and watch: set `LARGE` to 1 << 14. The text then fits into the
//! buffer of the kernel, and all three ways need nearly the same time.
//!
//! Output (figures vary):
//!     way          small us  large us
//!     pipe               15      1488
//!     socket pair        12      1105
//!     ipc-channel        20      2199

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
    let mut table = Table::new(["way", "small us", "large us"]);
    row(&mut table, "pipe", pipe()?)?;
    row(&mut table, "socket pair", socket_pair()?)?;
    row(&mut table, "ipc-channel", ipc_channel()?)?;
    table.print();
    Ok(())
}

fn row(table: &mut Table<3>, way: &str, ends: (Child, Ask)) -> Result {
    let (mut child, mut ask) = ends;
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
    let (to, from) = (child.stdin.take(), child.stdout.take());
    let ask = frames(to.expect("it was piped"), from.expect("this, too"));
    Ok((child, ask))
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
