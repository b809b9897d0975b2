//! Messages between a pool and a worker: four bytes of length, then as many
//! bytes. All of it goes through a pipe, in one piece, if it fits; otherwise
//! only the length does, and the bytes are in memory that both share.
//!
//! The two sides take turns, so there is one message on its way at most, and
//! always room for it: nobody waits to write.

use std::io::{Read, Write};
use std::{fs::File, io, mem, os::fd::AsFd, thread, time::Instant};

use nix::poll::{PollFd, PollFlags, ppoll};
use nix::{errno::Errno, sys::time::TimeSpec};
use postcard::ser_flavors::Flavor;
use serde::{Serialize, de::DeserializeOwned};

use crate::{error::JobError, error::run, look::Look, segment::Segment};

/// So many bytes go through a pipe in one piece, or not at all (`pipe(7)`).
const PIPE_BUF: usize = 4096;

/// Room for the length.
const HEAD: [u8; 4] = [0; 4];

/// The longest message that goes through the pipe as a whole.
const SHORT: usize = PIPE_BUF - HEAD.len();

/// No message is longer: 1 GiB.
const LONGEST: usize = 1 << 30;

/// Where a message is written.
pub(crate) struct Outbox {
    /// What goes through the pipe.
    piped: Vec<u8>,
    length: usize,
    pub(crate) segment: Segment,
}

impl Outbox {
    pub(crate) fn new(segment: Segment) -> Outbox {
        Outbox { piped: Vec::new(), length: 0, segment }
    }

    /// Writes a message, encoded, in the place of the one before. (A tuple is its
    /// parts in a row.)
    ///
    /// # Errors
    ///
    /// It cannot be encoded, or there is no room for it.
    pub(crate) fn write(
        &mut self,
        message: &impl Serialize,
    ) -> Result<(), JobError> {
        self.piped.clear();
        self.piped.extend_from_slice(&HEAD);
        self.length = 0;
        let written = postcard::serialize_with_flavor(message, self);
        written.map_err(|why| match why {
            postcard::Error::SerializeBufferFull => JobError::Encode(format!(
                "no room for so many bytes ({LONGEST} at most)"
            )),
            other => JobError::Encode(other.to_string()),
        })
    }

    fn extend(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.length + bytes.len();
        if end <= SHORT {
            self.piped.extend_from_slice(bytes);
        } else if end <= LONGEST {
            if self.length <= SHORT {
                self.segment.write(0, &self.piped[HEAD.len()..]).ok()?;
                self.piped.truncate(HEAD.len());
            }
            self.segment.write(self.length, bytes).ok()?;
        } else {
            return None;
        }
        self.length = end;
        Some(())
    }

    /// Sends the message to the other side, which is waiting for it.
    ///
    /// # Errors
    ///
    /// The other side has closed, or does not read.
    pub(crate) fn send(&mut self, mut pipe: &File) -> io::Result<()> {
        let length = u32::try_from(self.length).expect("it is not too long");
        self.piped[..HEAD.len()].copy_from_slice(&length.to_le_bytes());
        pipe.write_all(&self.piped) // all at once: see PIPE_BUF
    }
}

impl Flavor for &mut Outbox {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.extend(bytes).ok_or(postcard::Error::SerializeBufferFull)
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// What [`Outbox::write`] has encoded.
///
/// # Errors
///
/// It is no such value. To decode is code of a user, and may panic.
pub(crate) fn decode<V: DeserializeOwned>(bytes: &[u8]) -> Result<V, JobError> {
    let decoded = run(|| postcard::from_bytes(bytes))?;
    decoded.map_err(|why| JobError::Decode(why.to_string()))
}

/// Reads messages from a pipe that never waits.
#[derive(Default)]
pub(crate) struct Inbox {
    piped: Vec<u8>,
    look: Look,
}

impl Inbox {
    /// Waits for a message, and returns its length. `None`: it has not come by
    /// the deadline.
    ///
    /// # Errors
    ///
    /// As with [`Inbox::take`].
    pub(crate) fn wait(
        &mut self,
        pipe: &File,
        deadline: Option<Instant>,
    ) -> io::Result<Option<usize>> {
        let mut look = mem::take(&mut self.look);
        thread::yield_now(); // on one core the answer comes now, or not so soon
        let found = look.out_for(deadline, || self.take(pipe).transpose());
        self.look = look;
        if let Some(found) = found {
            return found.map(Some);
        }
        while is_readable(pipe, deadline) {
            if let Some(length) = self.take(pipe)? {
                return Ok(Some(length));
            }
        }
        Ok(None)
    }

    /// Takes the message that has come, if one has, and returns its length.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof`: the other side has closed. `InvalidData`: this is not
    /// one message.
    pub(crate) fn take(
        &mut self,
        mut pipe: &File,
    ) -> io::Result<Option<usize>> {
        self.piped.resize(PIPE_BUF, 0);
        let came = match pipe.read(&mut self.piped) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(came) => came,
            Err(why) => {
                use io::ErrorKind::{Interrupted, WouldBlock};
                let soon = matches!(why.kind(), WouldBlock | Interrupted);
                return if soon { Ok(None) } else { Err(why) };
            }
        };
        let head = *self.piped.first_chunk().expect("there is room for it");
        let length = u32::from_le_bytes(head) as usize;
        let piped = if length <= SHORT { length } else { 0 };
        if came != HEAD.len() + piped {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(Some(length))
    }

    /// The bytes of the message that has come.
    ///
    /// # Errors
    ///
    /// It claims a length that it does not have. Nothing is allocated for it.
    pub(crate) fn bytes<'a>(
        &'a self,
        length: usize,
        segment: &'a mut Segment,
    ) -> io::Result<&'a [u8]> {
        match self.piped.get(HEAD.len()..HEAD.len() + length) {
            Some(bytes) => Ok(bytes),
            None => segment.read(length),
        }
    }
}

/// Waits for something to read, or for the pipe's end.
pub(crate) fn is_readable(pipe: &File, deadline: Option<Instant>) -> bool {
    let rest = |at: Instant| at.saturating_duration_since(Instant::now());
    loop {
        let rest = deadline.map(|at| TimeSpec::from_duration(rest(at)));
        let pipe = PollFd::new(pipe.as_fd(), PollFlags::POLLIN);
        match ppoll(&mut [pipe], rest, None) {
            Err(Errno::EINTR) => {}
            ready => return ready.is_ok_and(|ready| ready > 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io::pipe, os::fd::OwnedFd};

    use nix::fcntl::{FcntlArg, OFlag, fcntl};

    use super::*;

    fn a_pipe() -> (File, File) {
        let (reader, writer) = pipe().unwrap();
        fcntl(&reader, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
        (OwnedFd::from(reader).into(), OwnedFd::from(writer).into())
    }

    #[test]
    fn messages_come_back_whole() {
        let (reader, writer) = a_pipe();
        let mut outbox = Outbox::new(Segment::create().unwrap());
        let mut inbox = Inbox::default();
        // A byte goes before as many sevens.
        for sevens in [0, 1, SHORT - 4, SHORT - 3, SHORT - 2, SHORT, 3 << 20] {
            let value = (1_u8, vec![7_u8; sevens]);
            outbox.write(&value).unwrap();
            outbox.send(&writer).unwrap();
            let length = inbox.wait(&reader, None).unwrap().unwrap();
            let bytes = inbox.bytes(length, &mut outbox.segment).unwrap();
            assert!(postcard::from_bytes(bytes) == Ok(value), "{sevens}");
        }
        let now = Some(Instant::now());
        assert_eq!(inbox.wait(&reader, now).unwrap(), None);
        drop(writer);
        let end = inbox.wait(&reader, None).unwrap_err().kind();
        assert_eq!(end, io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn what_is_not_a_message_is_an_error() {
        let mut segment = Segment::create().unwrap();
        let mut inbox = Inbox::default();
        let one = [1, 0, 0, 0, 9];
        for wrong in [&one[..1], &one[..4], &one.repeat(2), &[9; 7]] {
            let (reader, mut writer) = a_pipe();
            writer.write_all(wrong).unwrap();
            let kind = inbox.take(&reader).unwrap_err().kind();
            assert_eq!(kind, io::ErrorKind::InvalidData, "{wrong:?}");
        }
        // A message that is said to be in the memory, and is not.
        let (reader, mut writer) = a_pipe();
        writer.write_all(&u32::MAX.to_le_bytes()).unwrap();
        let length = inbox.take(&reader).unwrap().unwrap();
        assert!(inbox.bytes(length, &mut segment).is_err());
    }

    #[test]
    fn too_much_is_refused_before_it_is_sent() {
        let mut outbox = Outbox::new(Segment::create().unwrap());
        outbox.length = LONGEST;
        assert!(outbox.extend(&[7]).is_none());
    }
}
