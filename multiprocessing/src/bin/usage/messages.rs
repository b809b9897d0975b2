//! Inter-process communication: one message type, four ways, compared.
//!
//!     cargo run --release -p multiprocessing --bin messages
//!
//! The same values (postcard) go to another process. "trip" is a small value
//! there and back; the rates are one way, for 64 bytes and for 1 MiB. Then the
//! peer is killed while this process waits in receive, or in send. Pipes and
//! socket pairs have no name, so no stranger can connect. The crate
//! interprocess (Windows, too) needs a name: here only the own child is let in.
//! ipc-channel has a socket in a private folder until its child is there. Its
//! sender of a large value waits for ever when the receiver dies, because the
//! sender itself keeps the other end open. In Python: `Pipe`, and `Listener`
//! and `Client` of `multiprocessing.connection`.
//!
//! The program `send_values` shows frames, step by step.
//!
//! Change this and watch: `LARGE` of 1 << 10. The values fit into each buffer,
//! so no send waits, and no sender learns that its peer has died.
//!
//! Output (figures vary):
//!     way           trip us  small/ms  large MiB/s  killed: receive              send
//!     pipe                6      1087          132  failed to fill whole buffer  Broken pipe (os error 32)
//!     socket pair        10       397          569  failed to fill whole buffer  Broken pipe (os error 32)
//!     interprocess       11       352          603  failed to fill whole buffer  Broken pipe (os error 32)
//!     ipc-channel         6       491          630  Ipc Disconnected.            hangs

use std::io::{Read, Write};
use std::os::{fd::AsFd, fd::OwnedFd, unix::net::UnixStream};
use std::process::Stdio;
use std::sync::mpsc;
use std::{thread, time::Duration, time::Instant};

use interprocess::TryClone;
use ipc_channel::ipc::{IpcOneShotServer, IpcReceiver, IpcSender, channel};
use nix::sys::{prctl::set_pdeathsig, signal::Signal::SIGKILL};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use shared::measure::{ms, try_median_of};
use shared::watchdog::Watchdog;
use shared::{Result, Table, flags, notice_debug_build, role};

const LARGE: usize = 1 << 20;

#[derive(Clone, Serialize, Deserialize)]
enum Message {
    Echo(ByteBuf), // to be sent back
    Take(ByteBuf),
    Stop, // to receive anything
}

/// One end of a way.
struct Link {
    send: Box<dyn FnMut(&Message) -> Result + Send>,
    receive: Box<dyn FnMut() -> Result<Message> + Send>,
}

type Connect = fn() -> Result<(Child, Link)>;

fn main() -> Result {
    let _bound = Watchdog::guard("the messages", Duration::from_secs(20))?;
    if let Some([way, name]) = role::started_as("peer") {
        return serve(link_of_peer(&way, name)?);
    }
    flags([]);
    notice_debug_build();
    let mut table = Table::new([
        "way",
        "trip us",
        "small/ms",
        "large MiB/s",
        "killed: receive",
        "send",
    ]);
    row(&mut table, "pipe", by_pipe)?;
    row(&mut table, "socket pair", by_socket_pair)?;
    row(&mut table, "interprocess", by_local_socket)?;
    row(&mut table, "ipc-channel", by_ipc_channel)?;
    table.print();
    Ok(())
}

fn row(table: &mut Table<6>, way: &str, connect: Connect) -> Result {
    let (child, mut link) = connect()?;
    let trip = try_median_of(51, || link.time(64, 0))?.as_secs_f64() * 1e6;
    let small = 500.0 / ms(link.time(64, 500)?);
    let mib = (4 * LARGE) as f64 / f64::from(1 << 20);
    let large = mib / link.time(LARGE, 4)?.as_secs_f64();
    let receive = killed(child, move || (link.receive)().map(drop))?;
    let (child, mut link) = connect()?;
    let send = killed(child, move || {
        (link.send)(&Message::Stop)?;
        (link.send)(&Message::Take(ByteBuf::from(vec![7; 4 * LARGE])))
    })?;
    let [trip, small, large] = [trip, small, large].map(|x| format!("{x:.0}"));
    table.row([&way, &trip, &small, &large, &receive, &send]);
    Ok(())
}

/// What `wait` says whose peer is killed.
fn killed(
    mut child: Child,
    wait: impl FnOnce() -> Result + Send + 'static,
) -> Result<String> {
    let (told, outcome) = mpsc::channel();
    thread::spawn(move || told.send(wait())); // stays, if it hangs
    let early = outcome.recv_timeout(Duration::from_millis(100));
    child.kill()?;
    child.wait()?;
    let late =
        early.or_else(|_| outcome.recv_timeout(Duration::from_millis(400)));
    Ok(match late {
        Err(_) => "hangs".into(),
        Ok(outcome) => {
            outcome.err().map_or("no error".into(), |e| e.to_string())
        }
    })
}

impl Link {
    /// Sends `count` messages of `size` bytes, and one more that comes back.
    fn time(&mut self, size: usize, count: usize) -> Result<Duration> {
        let bytes = ByteBuf::from(vec![7; size]);
        let take = Message::Take(bytes);
        let begun = Instant::now();
        for _ in 0..count {
            (self.send)(&take)?;
        }
        (self.send)(&Message::Echo(ByteBuf::from(vec![7; 64])))?;
        (self.receive)()?;
        Ok(begun.elapsed())
    }
}

/// The child.
fn serve(mut link: Link) -> Result {
    set_pdeathsig(SIGKILL)?; // ends with its parent
    while let Ok(message) = (link.receive)() {
        match message {
            Message::Echo(_) => (link.send)(&message)?,
            Message::Take(_) => {}
            Message::Stop => thread::park(),
        }
    }
    Ok(())
}

fn peer(way: &str, name: &str) -> Result<Command> {
    let mut command = role::command("peer")?;
    command.args([way, name]);
    Ok(command)
}

fn by_pipe() -> Result<(Child, Link)> {
    let mut command = peer("pipe", "")?;
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let to = child.stdin.take().expect("it was piped");
    let from = child.stdout.take().expect("this, too");
    Ok((child, frames(from, to)))
}

fn by_socket_pair() -> Result<(Child, Link)> {
    let (ours, its) = UnixStream::pair()?;
    let child = peer("pair", "")?.stdin(OwnedFd::from(its)).spawn()?;
    Ok((child, frames(ours.try_clone()?, ours)))
}

fn by_local_socket() -> Result<(Child, Link)> {
    let mut command = role::command("peer")?;
    let (child, stream) = start_connected(command.arg("local"))?;
    Ok((child, frames(stream.try_clone()?, stream)))
}

fn by_ipc_channel() -> Result<(Child, Link)> {
    // A socket in a new folder of mode 0700, which `accept` removes.
    let (server, name) =
        IpcOneShotServer::<(IpcSender<Message>, IpcReceiver<Message>)>::new()?;
    let child = peer("channel", &name)?.spawn()?;
    let (_, (to, from)) = server.accept()?;
    Ok((child, channels(to, from)))
}

/// The child's end.
fn link_of_peer(way: &str, name: String) -> Result<Link> {
    let stdin = || io::stdin().as_fd().try_clone_to_owned();
    Ok(match way {
        "pipe" => frames(io::stdin(), io::stdout()),
        "pair" => {
            let socket = UnixStream::from(stdin()?);
            frames(socket.try_clone()?, socket)
        }
        "local" => {
            let stream = connect_to_parent(&name)?;
            frames(stream.try_clone()?, stream)
        }
        _ => {
            let (to_parent, parents) = channel()?;
            let (parent_to, from_parent) = channel()?;
            IpcSender::connect(name)?.send((parent_to, parents))?;
            channels(to_parent, from_parent)
        }
    })
}

/// Messages as frames, through what carries bytes.
fn frames(
    mut from: impl Read + Send + 'static,
    mut to: impl Write + Send + 'static,
) -> Link {
    let send = move |message: &Message| {
        let mut frame = postcard::to_extend(message, vec![0; 4])?;
        let length = frame.len() as u32 - 4;
        frame[..4].copy_from_slice(&length.to_le_bytes());
        to.write_all(&frame)?;
        Ok(to.flush()?)
    };
    let receive = move || {
        let mut length = [0; 4];
        from.read_exact(&mut length)?;
        let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
        from.read_exact(&mut bytes)?;
        Ok(postcard::from_bytes(&bytes)?)
    };
    Link { send: Box::new(send), receive: Box::new(receive) }
}

fn channels(to: IpcSender<Message>, from: IpcReceiver<Message>) -> Link {
    let send = move |message: &Message| Ok(to.send(message.clone())?);
    let receive = move || Ok(from.recv()?);
    Link { send: Box::new(send), receive: Box::new(receive) }
}

// ANCHOR: messages
use std::io::{self, ErrorKind};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use interprocess::local_socket::{
    GenericNamespaced, ListenerNonblockingMode, ListenerOptions, Stream,
    prelude::*,
};

/// Starts a child that connects to this process by [`connect_to_parent`]: the
/// name is its last argument. Every process can see the name, but only the
/// child is let in. On Linux and Windows no file is made.
///
/// # Errors
///
/// The child cannot be started, or it has ended and has not connected.
pub fn start_connected(command: &mut Command) -> io::Result<(Child, Stream)> {
    static STARTED: AtomicU32 = AtomicU32::new(0);
    let count = STARTED.fetch_add(1, Relaxed);
    let text = format!("worker-{}-{count}.sock", std::process::id());
    let listener = ListenerOptions::new()
        .name(text.as_str().to_ns_name::<GenericNamespaced>()?)
        .nonblocking(ListenerNonblockingMode::Accept)
        .create_sync()?;
    let mut child = command.arg(&text).spawn()?;
    loop {
        match listener.accept() {
            Ok(peer) if is_child(&peer, &child) => return Ok((child, peer)),
            Ok(_stranger) => {} // closed at once
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if child.try_wait()?.is_some() {
                    return Err(ErrorKind::ConnectionAborted.into());
                }
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            Err(error) => {
                child.kill()?;
                child.wait()?;
                return Err(error);
            }
        }
    }
}

fn is_child(peer: &Stream, child: &Child) -> bool {
    let pid = peer.peer_creds().ok().and_then(|creds| creds.pid());
    pid.is_some_and(|pid| pid as u32 == child.id())
}

/// In the child: the connection to the process that has started it.
///
/// # Errors
///
/// That process has ended.
pub fn connect_to_parent(name: &str) -> io::Result<Stream> {
    Stream::connect(name.to_ns_name::<GenericNamespaced>()?)
}
// ANCHOR_END: messages
