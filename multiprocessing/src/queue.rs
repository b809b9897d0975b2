//! A bounded queue for messages between processes: several producers, one
//! consumer.
//!
//! It is a pair of sockets of the kind SEQPACKET. The kernel keeps each message
//! whole, and the messages of one producer in order. A process that is killed
//! leaves a whole message or none, and no lock that others wait for.
//!
//! ```
//! use std::time::Duration;
//! use multiprocessing::queue::queue;
//!
//! # fn main() -> std::io::Result<()> {
//! let (sender, mut receiver) = queue(100_000)?;
//! sender.send(b"a message", None)?;
//! drop(sender); // children would inherit it before
//! let limit = Some(Duration::from_secs(1));
//! assert_eq!(receiver.receive(limit)?.as_deref(), Some(&b"a message"[..]));
//! assert_eq!(receiver.receive(limit)?, None); // all producers have ended
//! # Ok(())
//! # }
//! ```

use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionread, retry_on_intr};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags};
use rustix::net::{SocketType, recv, send, socketpair, sockopt};

/// The end of the producers: children inherit it, for example as their stdout.
#[derive(Debug)]
pub struct Sender(pub OwnedFd);

/// The end of the consumer.
#[derive(Debug)]
pub struct Receiver(pub OwnedFd);

/// A queue for messages between processes, with room for about `bytes` bytes:
/// up to twice as many fit, because the kernel doubles the number for what it
/// needs itself. (It may be less: /proc/sys/net/core/wmem_max.) Drop the
/// [`Sender`] here when the producers have been started, or the queue never
/// ends.
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
        let once = || match send(&self.0, &packet, flags) {
            // It has ended, and has not received all that was sent.
            Err(Errno::CONNRESET) => Err(Errno::PIPE),
            sent => sent.map(drop),
        };
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
        let once = || match recv(&self.0, &mut [0], look)?.1 {
            0 if !self.has_ended()? => {
                // An empty packet, of somebody who does not use `Sender`.
                recv(&self.0, &mut [0], RecvFlags::DONTWAIT)?;
                Err(Errno::AGAIN)
            }
            length => Ok(length),
        };
        let mut packet = vec![0; wait(&self.0, PollFlags::IN, limit, once)?];
        if packet.is_empty() {
            return Ok(None);
        }
        let take = || recv(&self.0, &mut packet, RecvFlags::DONTWAIT);
        retry_on_intr(take)?;
        packet.remove(0);
        Ok(Some(packet))
    }

    /// Whether all producers have ended, and no byte is left.
    fn has_ended(&self) -> Result<bool, Errno> {
        let mut hung_up = [PollFd::new(&self.0, PollFlags::RDHUP)];
        Ok(poll(&mut hung_up, Some(&Timespec::default()))? > 0
            && ioctl_fionread(&self.0)? == 0)
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

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: Option<Duration> = Some(Duration::ZERO);

    fn kind<T>(outcome: io::Result<T>) -> ErrorKind {
        outcome.err().expect("it is refused").kind()
    }

    /// Boundaries are kept, those of an empty message, too.
    #[test]
    fn messages_stay_whole_and_in_order() {
        let (sender, mut receiver) = queue(400_000).unwrap();
        for size in [0, 0, 1, 4_095, 4_096, 65_536, 0, 100_000] {
            sender.send(&vec![5; size], AT_ONCE).unwrap();
            let message = receiver.receive(AT_ONCE).unwrap().unwrap();
            assert_eq!(message, vec![5; size]);
        }
        (0..9).for_each(|n| sender.send(&[n], AT_ONCE).unwrap());
        for n in 0..9 {
            assert_eq!(receiver.receive(AT_ONCE).unwrap().unwrap(), [n]);
        }
    }

    #[test]
    fn the_end_is_not_emptiness() {
        let (sender, mut receiver) = queue(10_000).unwrap();
        assert_eq!(kind(receiver.receive(AT_ONCE)), ErrorKind::WouldBlock);
        sender.send(b"", AT_ONCE).unwrap();
        drop(sender);
        assert_eq!(receiver.receive(AT_ONCE).unwrap().unwrap(), b"");
        assert_eq!(receiver.receive(AT_ONCE).unwrap(), None);
        assert_eq!(receiver.receive(None).unwrap(), None);
    }

    #[test]
    fn nobody_receives() {
        let (sender, receiver) = queue(10_000).unwrap();
        drop(receiver);
        assert_eq!(kind(sender.send(b"x", None)), ErrorKind::BrokenPipe);
    }

    #[test]
    fn what_is_too_long_takes_no_room() {
        let (sender, mut receiver) = queue(3_000).unwrap();
        for n in 0..100 {
            assert!(sender.send(&[0; 1 << 20], AT_ONCE).is_err());
            sender.send(&[n], AT_ONCE).unwrap();
            assert_eq!(receiver.receive(AT_ONCE).unwrap().unwrap(), [n]);
        }
    }

    /// Also if it has left messages behind: the first error is another one then.
    #[test]
    fn nobody_receives_what_was_sent() {
        let (sender, receiver) = queue(10_000).unwrap();
        sender.send(b"x", None).unwrap();
        drop(receiver);
        for _ in 0..2 {
            assert_eq!(kind(sender.send(b"x", None)), ErrorKind::BrokenPipe);
        }
    }

    /// A producer that does not use [`Sender`], such as a `write` of no bytes.
    #[test]
    fn an_empty_packet_is_not_the_end() {
        for ends in [false, true] {
            let (sender, mut receiver) = queue(10_000).unwrap();
            let empty = || {
                let sent = send(&sender.0, b"", SendFlags::empty());
                assert_eq!(sent, Ok(0));
            };
            empty();
            sender.send(b"after", AT_ONCE).unwrap();
            empty();
            empty();
            let _alive = (!ends).then_some(sender);
            let limit = Some(Duration::from_millis(100));
            let message = receiver.receive(limit).unwrap();
            assert_eq!(message.as_deref(), Some(&b"after"[..]));
            let end = receiver.receive(limit);
            match ends {
                true => assert_eq!(end.unwrap(), None),
                false => assert_eq!(kind(end), ErrorKind::WouldBlock),
            }
        }
    }
}
