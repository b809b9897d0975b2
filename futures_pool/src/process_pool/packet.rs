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
