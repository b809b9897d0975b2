//! A bounded queue between processes: several producers, one consumer.
//!
//!     cargo run -p multiprocessing --bin queue
//!
//! Two processes may write into one pipe, but only writes of up to 4096 bytes
//! (PIPE_BUF) are atomic: the bytes of longer messages are interleaved. A
//! socket of the kind SEQPACKET keeps each message whole, and the messages of
//! each producer in order. Its room is bounded (in bytes), so producers that
//! are too fast have to wait: back-pressure. A producer that is killed leaves a
//! whole message or none. When all have ended, the queue ends. In Python:
//! `multiprocessing.Queue(maxsize)`, whose lock a killed process can keep.
//!
//! Claims: M6
//! Change this and watch: `SIZE` of 4_096. The pipe then keeps its messages
//! whole, too, and M6 is contradicted.
//!
//! Output (figures vary):
//!     pipe: 136 of 300 messages are interleaved
//!     queue: 0 of 300 messages are interleaved
//!     The article, M6: "With more processes and sockets it is harder still to understand."
//!     Our answer for Rust: holds (true)
//!     Our answer to M6 is borne out: 136 of 300 long messages are interleaved in a pipe, 0 in the queue

use std::{io::Read, io::Write, os::fd::AsFd};

use shared::{Result, claim, ensure, flags, role, say, watchdog::Watchdog};

const PRODUCERS: usize = 3;
const EACH: usize = 100;
/// The bytes of a message: more than PIPE_BUF.
const SIZE: usize = 20_000;

fn main() -> Result {
    let _bound = Watchdog::guard("the messages", Duration::from_secs(8))?;
    if let Some([way, name]) = role::started_as("producer") {
        return produce(&way, name.parse()?);
    }
    flags([]);
    let (mut from, to) = io::pipe()?;
    let in_pipe = interleaved("pipe", to.into(), |size| {
        let mut message = vec![0; size];
        Ok(from.read_exact(&mut message).is_ok().then_some(message))
    })?;
    let (sender, mut receiver) = queue(4 * SIZE)?;
    let next = |_| receiver.receive(None);
    let in_queue = interleaved("queue", sender.0, next)?;
    let figure = format!(
        "{in_pipe} of 300 long messages are interleaved in a pipe, \
         {in_queue} in the queue"
    );
    claim("M6", in_pipe > 0 && in_queue == 0, figure)
}

/// How many messages are not of one producer alone.
fn interleaved(
    way: &str,
    end: OwnedFd,
    mut next: impl FnMut(usize) -> io::Result<Option<Vec<u8>>>,
) -> Result<usize> {
    let (closed, gate) = io::pipe()?;
    let start = |name: usize| {
        let mut command = role::command("producer")?;
        command.args([way, &name.to_string()]);
        command.stdin(closed.try_clone()?).stdout(end.try_clone()?).spawn()
    };
    let producers: Vec<_> =
        (0..PRODUCERS).map(start).collect::<Result<_, _>>()?;
    drop(end); // or we would wait for ourselves at the end
    for _ in 0..PRODUCERS {
        next(1)?; // each is there
    }
    drop(gate); // all begin now
    let messages = std::iter::from_fn(|| next(SIZE).transpose());
    let messages = messages.collect::<io::Result<Vec<_>>>()?;
    for mut producer in producers {
        ensure(producer.wait()?.success(), "a producer has failed")?;
    }
    let count = messages.len();
    ensure(count == PRODUCERS * EACH, "messages are lost")?;
    let is_mixed = |m: &&Vec<u8>| m.iter().any(|byte| *byte != m[0]);
    let mixed = messages.iter().filter(is_mixed).count();
    say!("{way}: {mixed} of {count} messages are interleaved");
    Ok(mixed)
}

/// The child: its messages are its name, again and again.
fn produce(way: &str, name: u8) -> Result {
    let mut stdout = io::stdout();
    let queue = Sender(stdout.as_fd().try_clone_to_owned()?);
    let mut send = |message: &[u8]| match way {
        "pipe" => stdout.write_all(message).and_then(|()| stdout.flush()),
        _ => queue.send(message, None),
    };
    send(&[name])?;
    io::stdin().read_to_end(&mut Vec::new())?; // until the gate is dropped
    Ok((0..EACH).try_for_each(|_| send(&[name; SIZE]))?)
}

// ANCHOR: queue
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags};
use rustix::net::{SocketType, recv, send, socketpair, sockopt};

/// The end of the producers: children inherit it, for example as their stdout.
#[derive(Debug)]
pub struct Sender(pub OwnedFd);

/// The end of the consumer.
#[derive(Debug)]
pub struct Receiver(pub OwnedFd);

/// A queue for messages between processes, with room for about `bytes` bytes.
/// (It may be less: /proc/sys/net/core/wmem_max.) Drop the [`Sender`] here when
/// the producers have been started, or the queue never ends.
///
/// # Errors
///
/// No descriptor is free.
pub fn queue(bytes: usize) -> io::Result<(Sender, Receiver)> {
    let flags = SocketFlags::CLOEXEC;
    let (sender, receiver) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
    sockopt::set_socket_send_buffer_size(&sender, bytes)?;
    Ok((Sender(sender), Receiver(receiver)))
}

impl Sender {
    /// Puts a message into the queue. While the queue is full it waits: no
    /// longer than `limit`, if there is one.
    ///
    /// # Errors
    ///
    /// `WouldBlock`: the queue is full. `BrokenPipe`: the consumer has ended.
    /// EMSGSIZE: there is never so much room; the next message can be sent.
    pub fn send(
        &self,
        message: &[u8],
        limit: Option<Duration>,
    ) -> io::Result<()> {
        // With one byte more, because an empty packet would look like the end.
        let packet = [b"m", message].concat();
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        let once = || send(&self.0, &packet, flags).map(drop);
        wait(&self.0, PollFlags::OUT, limit, once)
    }
}

impl Receiver {
    /// Takes the oldest message. While the queue is empty it waits: no longer
    /// than `limit`, if there is one. `None`: all producers have ended.
    ///
    /// # Errors
    ///
    /// `WouldBlock`: the queue is empty.
    pub fn receive(
        &mut self,
        limit: Option<Duration>,
    ) -> io::Result<Option<Vec<u8>>> {
        let look = RecvFlags::DONTWAIT | RecvFlags::PEEK | RecvFlags::TRUNC;
        let once = || Ok(recv(&self.0, &mut [0], look)?.1);
        let mut packet = vec![0; wait(&self.0, PollFlags::IN, limit, once)?];
        if packet.is_empty() {
            return Ok(None);
        }
        let take = || recv(&self.0, &mut packet, RecvFlags::DONTWAIT);
        retry_on_intr(take)?;
        packet.remove(0);
        Ok(Some(packet))
    }
}

/// Tries again whenever the socket is ready, until the limit is over.
fn wait<T>(
    socket: &OwnedFd,
    ready: PollFlags,
    limit: Option<Duration>,
    mut once: impl FnMut() -> Result<T, Errno>,
) -> io::Result<T> {
    let end = limit.and_then(|limit| Instant::now().checked_add(limit));
    loop {
        match retry_on_intr(&mut once) {
            Err(Errno::AGAIN) => {}
            outcome => return Ok(outcome?),
        }
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            return Err(ErrorKind::WouldBlock.into());
        }
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut [PollFd::new(socket, ready)], left.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
// ANCHOR_END: queue
