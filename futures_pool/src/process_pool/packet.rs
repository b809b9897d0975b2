//! Messages between a pool and a worker. A message goes through a socket that
//! keeps packets apart: all of it if it is short; otherwise only its length,
//! and the bytes are in memory that both share.
//!
//! The two sides take turns, so there is one message on its way at most, and
//! always room for it: nobody waits to send.

use std::{io, mem, os::fd::OwnedFd, time::Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use serde::Serialize;

use super::encoding::{self, Full, Sink};
use super::segment::{LARGE, Segment};
use crate::error::JobError;

/// The longest message that goes through the socket as a whole.
const SHORT: usize = 8 << 10;

/// The first byte of a packet tells whether the rest is the message, or only
/// its length; and whether its sender has given memory back.
const IN_SEGMENT: u8 = 1;
const RELEASED: u8 = 2;

/// No message is longer: 1 GiB.
const LONGEST: usize = 1 << 30;

/// Where a message is written: in a packet if it is short, else in the segment.
pub(crate) struct Outbox {
    /// A byte for [`IN_SEGMENT`] and [`RELEASED`], and the short message.
    packet: Vec<u8>,
    length: usize,
    pub(crate) segment: Segment,
    /// Why there is no room for more, if the system says so.
    full: Option<io::Error>,
}

impl Outbox {
    pub(crate) fn new(segment: Segment) -> Outbox {
        Outbox { packet: Vec::new(), length: 0, segment, full: None }
    }

    /// Writes a message, encoded, in the place of the one before: its head, and
    /// then its body.
    ///
    /// # Errors
    ///
    /// It cannot be encoded, or there is no room for it. To encode is code of a
    /// user, and may panic.
    pub(crate) fn write(
        &mut self,
        head: &impl Serialize,
        body: &impl Serialize,
    ) -> Result<(), JobError> {
        self.packet.clear();
        self.packet.push(0);
        self.length = 0;
        let written = encoding::encode(head, self)
            .and_then(|()| encoding::encode(body, self));
        written.map_err(|why| {
            JobError::Encode(match self.full.take() {
                Some(full) => format!("{why}: {full}"),
                None if self.length == LONGEST => {
                    format!("it has more than {LONGEST} bytes")
                }
                None => why,
            })
        })
    }

    /// Sends the message to the other side, which is waiting for it.
    ///
    /// # Errors
    ///
    /// The other side has closed.
    pub(crate) fn send(&mut self, socket: &OwnedFd) -> io::Result<()> {
        let released = match mem::take(&mut self.segment.released) {
            true => RELEASED,
            false => 0,
        };
        if self.length <= SHORT {
            self.packet[0] = released;
            return send_packet(socket, &self.packet);
        }
        let mut packet = [released | IN_SEGMENT; 9];
        packet[1..].copy_from_slice(&self.length.to_le_bytes());
        send_packet(socket, &packet)
    }
}

impl Sink for Outbox {
    #[inline]
    fn push(&mut self, byte: u8) -> Result<(), Full> {
        if self.length < SHORT {
            self.packet.push(byte);
            self.length += 1;
            return Ok(());
        }
        self.extend(&[byte])
    }

    fn extend(&mut self, bytes: &[u8]) -> Result<(), Full> {
        let end = self.length + bytes.len();
        if end <= SHORT {
            self.packet.extend_from_slice(bytes);
        } else if end <= LONGEST {
            let short = &self.packet[1..];
            let moved = match self.length <= SHORT {
                true => self.segment.write(0, short),
                false => Ok(()),
            };
            let written =
                moved.and_then(|()| self.segment.write(self.length, bytes));
            written.map_err(|why| {
                self.full = Some(why);
                Full
            })?;
        } else {
            self.length = LONGEST;
            return Err(Full);
        }
        self.length = end;
        Ok(())
    }
}

/// Without a signal, if the other side has closed, and without waiting.
fn send_packet(socket: &OwnedFd, packet: &[u8]) -> io::Result<()> {
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    send(socket, packet, flags)?;
    Ok(())
}

/// Receives packets.
pub(crate) struct Inbox {
    packet: Vec<u8>,
}

/// A message that has come: so long, and here or in the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    length: usize,
    in_segment: bool,
    released: bool,
}

impl Inbox {
    pub(crate) fn new() -> Inbox {
        Inbox { packet: vec![0; 1 + SHORT] }
    }

    /// Takes the message that has come, if one has.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof`: the other side has closed. `ConnectionReset`: it has
    /// closed, and did not read what was sent to it. `InvalidData`: this is not
    /// a message.
    pub(crate) fn receive(
        &mut self,
        socket: &OwnedFd,
    ) -> io::Result<Option<Received>> {
        self.receive_with(socket, RecvFlags::DONTWAIT)
    }

    /// Waits for a message, unless a signal comes.
    ///
    /// # Errors
    ///
    /// As with [`Inbox::receive`].
    pub(crate) fn wait(
        &mut self,
        socket: &OwnedFd,
    ) -> io::Result<Option<Received>> {
        self.receive_with(socket, RecvFlags::empty())
    }

    fn receive_with(
        &mut self,
        socket: &OwnedFd,
        flags: RecvFlags,
    ) -> io::Result<Option<Received>> {
        let flags = flags | RecvFlags::TRUNC;
        let came = match recv(socket, &mut self.packet[..], flags) {
            Ok((_, 0)) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok((_, came)) => came,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(None),
            Err(why) => return Err(why.into()),
        };
        let kind = self.packet[0];
        let in_segment = kind & IN_SEGMENT != 0;
        let length = match in_segment {
            true => self.packet[1..9].try_into().map(usize::from_le_bytes),
            false => Ok(came - 1),
        };
        let sound = kind <= (IN_SEGMENT | RELEASED)
            && came <= self.packet.len()
            && (!in_segment || came == 9);
        match length {
            Ok(length) if sound => {
                let released = kind & RELEASED != 0;
                Ok(Some(Received { length, in_segment, released }))
            }
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// The bytes of the message that has come.
    ///
    /// # Errors
    ///
    /// It claims a length that it does not have.
    pub(crate) fn bytes<'a>(
        &'a self,
        received: Received,
        segment: &'a mut Segment,
    ) -> io::Result<&'a [u8]> {
        if received.released {
            segment.forget();
        }
        match received.in_segment {
            true => segment.read(received.length),
            false => Ok(&self.packet[1..][..received.length]),
        }
    }
}

/// The message has been decoded: if it is large, its memory is given back.
pub(crate) fn is_decoded(received: Received, segment: &mut Segment) {
    if received.in_segment && received.length > LARGE {
        segment.release();
    }
}

/// Waits until one of the two is readable, or has ended. False: not before the
/// deadline.
pub(crate) fn is_ready(
    one: &OwnedFd,
    other: Option<&OwnedFd>,
    deadline: Option<Instant>,
) -> bool {
    let wanted = |fd| PollFd::new(fd, PollFlags::IN);
    let mut fds = [wanted(one), wanted(other.unwrap_or(one))];
    let count = if other.is_some() { 2 } else { 1 };
    loop {
        let rest = deadline.map(|at| {
            let rest = at.saturating_duration_since(Instant::now());
            Timespec::try_from(rest).expect("it is not so far away")
        });
        match poll(&mut fds[..count], rest.as_ref()) {
            Err(Errno::INTR) => {}
            ready => return ready != Ok(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::net::{
        AddressFamily, Shutdown, SocketFlags, SocketType, shutdown, socketpair,
    };
    use serde_bytes::Bytes;

    use super::*;

    /// One end of a channel.
    struct Side {
        socket: OwnedFd,
        outbox: Outbox,
        inbox: Inbox,
    }

    impl Side {
        fn pair() -> [Side; 2] {
            let kind = (SocketType::SEQPACKET, SocketFlags::CLOEXEC);
            let (one, other) =
                socketpair(AddressFamily::UNIX, kind.0, kind.1, None).unwrap();
            let segment = Segment::create().unwrap();
            let same = Segment::of(segment.inherited().unwrap()).unwrap();
            [(one, segment), (other, same)].map(|(socket, segment)| Side {
                socket,
                outbox: Outbox::new(segment),
                inbox: Inbox::new(),
            })
        }

        /// Sends these bytes, written in pieces of this size.
        fn say(&mut self, bytes: &[u8], piece: usize) -> io::Result<()> {
            self.outbox.write(&(), &()).unwrap();
            for piece in bytes.chunks(piece) {
                match *piece {
                    [byte] => self.outbox.push(byte).unwrap(),
                    _ => self.outbox.extend(piece).unwrap(),
                }
            }
            self.outbox.send(&self.socket)
        }

        /// Sends a packet as it is.
        fn send(&self, packet: &[u8]) {
            send_packet(&self.socket, packet).unwrap();
        }

        fn receive(&mut self) -> io::Result<Option<Received>> {
            self.inbox.receive(&self.socket)
        }

        /// What the other side has said, and whether that was too long for a
        /// packet.
        fn hear(&mut self) -> io::Result<(Vec<u8>, bool)> {
            let received = self.receive()?.expect("it was sent before");
            let segment = &mut self.outbox.segment;
            let bytes = self.inbox.bytes(received, segment)?.to_vec();
            is_decoded(received, segment);
            Ok((bytes, received.in_segment))
        }

        #[track_caller]
        fn refuses(&mut self, kind: io::ErrorKind) {
            assert_eq!(self.hear().unwrap_err().kind(), kind);
        }
    }

    fn bytes(first: u8, length: usize) -> Vec<u8> {
        let some: Vec<u8> = (0..=250).map(|n: u8| n ^ first).collect();
        let mut bytes = some.repeat(length / some.len() + 1);
        bytes.truncate(length);
        bytes
    }

    #[test]
    fn what_arrives_is_what_was_sent() {
        let [mut here, mut there] = Side::pair();
        let around = |size| size - 1..=size + 1;
        let sizes = (0..3).chain(around(SHORT)).chain(around(2 * SHORT));
        let large = around(LARGE).chain(around(SHORT)); // and short again
        for size in sizes.chain(large) {
            let (there_bytes, back) = (bytes(1, size), bytes(2, size));
            here.say(&there_bytes, LONGEST).unwrap();
            assert!(there.hear().unwrap() == (there_bytes, size > SHORT));
            there.say(&back, LONGEST).unwrap();
            assert!(here.hear().unwrap() == (back, size > SHORT), "{size}");
        }
    }

    #[test]
    fn a_message_may_be_written_in_pieces() {
        let [mut here, mut there] = Side::pair();
        for piece in [1, 7, SHORT - 1, SHORT, SHORT + 1] {
            for size in [SHORT - 1, SHORT, SHORT + 1, 3 * SHORT] {
                let sent = bytes(piece as u8, size);
                here.say(&sent, piece).unwrap();
                assert!(there.hear().unwrap().0 == sent, "{piece} {size}");
            }
        }
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let [here, mut there] = Side::pair();
        let kinds = [[4; 1], [0x80; 1], [0xFF; 1]];
        let kinds = kinds.iter().map(|kind| kind.to_vec());
        let lengths = [1, 2, 8, 10, SHORT];
        let lengths = lengths.map(|length| vec![IN_SEGMENT; length]);
        let too_long = [SHORT + 2, 2 * SHORT].map(|length| vec![0; length]);
        for packet in kinds.chain(lengths).chain(too_long) {
            here.send(&packet);
            there.refuses(io::ErrorKind::InvalidData);
        }
        // A length that the segment does not have.
        let mut packet = [IN_SEGMENT; 9];
        for length in [1, LONGEST, usize::MAX] {
            packet[1..].copy_from_slice(&length.to_le_bytes());
            here.send(&packet);
            there.refuses(io::ErrorKind::InvalidData);
        }
        here.send(&[]);
        there.refuses(io::ErrorKind::UnexpectedEof);
        // Each took its place, and the next one is read.
        here.send(&[0, 7]);
        assert_eq!(there.hear().unwrap(), (vec![7], false));
        assert_eq!(there.receive().unwrap(), None);
    }

    #[test]
    fn what_is_too_long_cannot_be_encoded() {
        let [mut here, mut there] = Side::pair();
        let zeros = vec![0; LONGEST]; // nobody touches them
        let refused = here.outbox.write(&(), &Bytes::new(&zeros));
        let why = format!("it has more than {LONGEST} bytes");
        assert_eq!(refused, Err(JobError::Encode(why)));
        here.say(b"short", 1).unwrap();
        assert_eq!(there.hear().unwrap(), (b"short".to_vec(), false));
    }

    #[test]
    fn an_end_and_a_reset_are_told_apart() {
        use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
        // It has read everything; what it has said before is still there.
        let [mut here, mut there] = Side::pair();
        here.say(b"order", 5).unwrap();
        there.hear().unwrap();
        there.say(b"reply", 5).unwrap();
        drop(there);
        assert_eq!(here.hear().unwrap().0, b"reply");
        here.refuses(UnexpectedEof);
        let unheard = here.say(b"order", 5).unwrap_err();
        assert_eq!(unheard.kind(), BrokenPipe);
        // It has not read the order.
        let [mut here, there] = Side::pair();
        here.say(b"order", 5).unwrap();
        drop(there);
        here.refuses(ConnectionReset);
        // The socket is shut down, by this side.
        let [mut here, mut there] = Side::pair();
        shutdown(&here.socket, Shutdown::Both).unwrap();
        here.refuses(UnexpectedEof);
        there.refuses(UnexpectedEof);
    }
}
