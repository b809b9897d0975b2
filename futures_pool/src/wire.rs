//! Frames on a pipe: four bytes of length, then as many bytes.

use std::io::{Read, Write};
use std::{fs::File, os::fd::AsFd, time::Instant};
use std::{io, mem};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use postcard::ser_flavors::{Flavor, Size};
use serde::Serialize;

/// No frame is longer: 1 GiB.
const LONGEST: usize = 1 << 30;

/// As much room as is made before bytes have come to fill it.
const ROOM: usize = 16 << 20;

/// What may be read at once while the length is not known yet.
const SMALL: usize = 128 << 10;

/// A slice from this length on is worth a write of its own.
const SLICE: usize = 64 << 10;

/// As much as the pipes of a pool have room for, if the system allows.
pub(crate) const LARGE: usize = 1 << 20;

/// Buffers up to this length are kept for the next frame: memory that comes
/// fresh from the system costs more than copying to it.
pub(crate) const KEPT: usize = 32 << 20;

/// Room for the length.
const HEAD: [u8; 4] = [0; 4];

/// An empty frame, in a buffer that is not needed any more.
pub(crate) fn begin(mut buffer: Vec<u8>) -> Vec<u8> {
    if buffer.capacity() > KEPT {
        buffer = Vec::new();
    }
    buffer.clear();
    buffer.extend_from_slice(&HEAD);
    buffer
}

/// Why a value was not appended.
pub(crate) enum Unencoded {
    Error(String),
    /// It has a slice that is worth a way without a copy: see [`Large`].
    Large,
}

/// Appends an encoded value.
pub(crate) fn append(
    frame: Vec<u8>,
    value: &impl Serialize,
) -> Result<Vec<u8>, Unencoded> {
    let encoded = postcard::serialize_with_flavor(value, Append(frame));
    encoded.map_err(|why| match why {
        postcard::Error::SerializeBufferFull => Unencoded::Large,
        other => Unencoded::Error(other.to_string()),
    })
}

struct Append(Vec<u8>);

impl Flavor for Append {
    type Output = Vec<u8>;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        if bytes.len() >= SLICE && self.0.len() + bytes.len() > LARGE {
            return Err(postcard::Error::SerializeBufferFull);
        }
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Vec<u8>> {
        Ok(self.0)
    }
}

/// A frame that is written while its value is encoded: large slices go from
/// where they lie to the pipe.
pub(crate) struct Large<V> {
    head: Vec<u8>,
    value: V,
    length: usize,
}

impl<V: Serialize> Large<V> {
    /// `head` is what comes before the value.
    ///
    /// # Errors
    ///
    /// The value cannot be encoded, or is too long.
    pub(crate) fn new(head: Vec<u8>, value: V) -> Result<Large<V>, String> {
        let size = postcard::serialize_with_flavor(&value, Size::default());
        let size = size.map_err(|why| why.to_string())?;
        let length = head.len() + size;
        seal_as(head, length).map(|head| Large { head, value, length })
    }

    /// # Errors
    ///
    /// The other side has closed, or the value is another one now: then the
    /// frame is cut.
    pub(crate) fn write(self, pipe: &File) -> io::Result<()> {
        let stream = Stream { pipe, buffer: self.head, written: 0 };
        let written = postcard::serialize_with_flavor(&self.value, stream);
        match written.map_err(io::Error::other)? == self.length {
            true => Ok(()),
            false => Err(io::Error::other("a value changes its length")),
        }
    }
}

struct Stream<'a> {
    pipe: &'a File,
    buffer: Vec<u8>,
    written: usize,
}

impl Stream<'_> {
    fn write(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        let written = write(self.pipe, &self.buffer)
            .and_then(|()| write(self.pipe, bytes));
        self.written += self.buffer.len() + bytes.len();
        self.buffer.clear();
        written.map_err(|_| postcard::Error::SerializeBufferFull)
    }
}

impl Flavor for Stream<'_> {
    type Output = usize;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        if self.buffer.len() + bytes.len() >= SLICE {
            return self.write(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(mut self) -> postcard::Result<usize> {
        self.write(&[]).map(|()| self.written)
    }
}

/// Writes its length to the head of a frame.
///
/// # Errors
///
/// It is too long.
pub(crate) fn seal(frame: Vec<u8>) -> Result<Vec<u8>, String> {
    let length = frame.len();
    seal_as(frame, length)
}

/// The same for the beginning of a frame that will be so long.
fn seal_as(mut frame: Vec<u8>, length: usize) -> Result<Vec<u8>, String> {
    let length = length - HEAD.len();
    if length > LONGEST {
        return Err(format!("{length} bytes are too many for one frame"));
    }
    let head = u32::try_from(length).expect("it is not too long");
    frame[..HEAD.len()].copy_from_slice(&head.to_le_bytes());
    Ok(frame)
}

/// Writes all, and waits for room, even if the pipe is one that never waits.
pub(crate) fn write(mut pipe: &File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match pipe.write(bytes) {
            Ok(size) => bytes = &bytes[size..],
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) if why.kind() == io::ErrorKind::WouldBlock => {
                is_ready(pipe, PollFlags::POLLOUT, None);
            }
            Err(why) => return Err(why),
        }
    }
    Ok(())
}

/// Waits until there is something to read, or room to write; or the pipe's end.
pub(crate) fn is_ready(
    pipe: &File,
    what: PollFlags,
    deadline: Option<Instant>,
) -> bool {
    loop {
        let rest =
            deadline.map(|at| at.saturating_duration_since(Instant::now()));
        let rest =
            rest.map(|rest| rest.as_millis() + u128::from(!rest.is_zero()));
        let rest = match rest {
            None => PollTimeout::NONE,
            Some(ms) => PollTimeout::try_from(ms).unwrap_or(PollTimeout::MAX),
        };
        match poll(&mut [PollFd::new(pipe.as_fd(), what)], rest) {
            Err(Errno::EINTR) => {}
            Ok(0) if deadline.is_some_and(|at| at > Instant::now()) => {}
            ready => return ready.is_ok_and(|ready| ready > 0),
        }
    }
}

/// Reads frames, one at a time: the other side sends the next one only when it
/// has got an answer.
#[derive(Default)]
pub(crate) struct Frames {
    /// All of it may be written to; so much of it is of the present frame.
    buffer: Vec<u8>,
    filled: usize,
}

/// A frame that has come, in a buffer that may be longer.
pub(crate) struct Frame {
    buffer: Vec<u8>,
    end: usize,
}

impl Frame {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[HEAD.len()..self.end]
    }
}

impl Frames {
    /// Reads the next frame. `None`: the other side has closed, between two
    /// frames.
    ///
    /// # Errors
    ///
    /// It closed inside a frame, claims a length that no frame has, or sends
    /// more than one. Memory is used for what comes, not for what is claimed.
    pub(crate) fn next(&mut self, pipe: &File) -> io::Result<Option<Frame>> {
        loop {
            match self.read(pipe) {
                Ok(None) => {}
                Err(why)
                    if why.kind() == io::ErrorKind::UnexpectedEof
                        && self.filled == 0 =>
                {
                    return Ok(None);
                }
                result => return result,
            }
        }
    }

    /// Reads once, and returns the frame if that was the rest of it. It waits
    /// only while there is nothing to read.
    pub(crate) fn read(
        &mut self,
        mut pipe: &File,
    ) -> io::Result<Option<Frame>> {
        let end = self.end()?.unwrap_or(SMALL);
        let room = end.min(self.filled + ROOM);
        if self.buffer.len() < room {
            self.buffer.resize(room, 0);
        }
        match pipe.read(&mut self.buffer[self.filled..]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(size) => self.filled += size,
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) => return Err(why),
        }
        if self.end()? != Some(self.filled) {
            return Ok(None);
        }
        let end = mem::take(&mut self.filled);
        Ok(Some(Frame { buffer: mem::take(&mut self.buffer), end }))
    }

    /// Takes the buffer of a frame that has been read, for the next one.
    pub(crate) fn reuse(&mut self, frame: Frame) {
        if self.filled == 0 && frame.buffer.len() <= KEPT {
            self.buffer = frame.buffer;
        }
    }

    /// Where the frame will end; `None` while its length is not known.
    fn end(&self) -> io::Result<Option<usize>> {
        let filled = &self.buffer[..self.filled];
        let Some(head) = filled.first_chunk() else {
            return Ok(None);
        };
        let end = HEAD.len() + u32::from_le_bytes(*head) as usize;
        if end > HEAD.len() + LONGEST || self.filled > end {
            let message = "this is not a frame";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(Some(end))
    }
}

#[cfg(test)]
mod tests {
    use std::{io::pipe, os::fd::OwnedFd, thread};

    use super::*;

    fn read(bytes: Vec<u8>) -> io::Result<Option<Frame>> {
        let (reader, writer) = pipe().unwrap();
        thread::scope(|all| {
            all.spawn(|| write(&OwnedFd::from(writer).into(), &bytes));
            Frames::default().next(&OwnedFd::from(reader).into())
        })
    }

    fn sealed(size: usize) -> Vec<u8> {
        seal([&HEAD[..], &vec![7; size]].concat()).unwrap()
    }

    #[test]
    fn frames_come_back_whole() {
        for size in [0, 4, SMALL - 4, SMALL - 3, SMALL, 100_000, 2 * ROOM] {
            let frame = sealed(size);
            let read = read(frame.clone()).unwrap().unwrap();
            assert!(read.bytes() == &frame[HEAD.len()..], "{size}");
        }
        assert!(read(Vec::new()).unwrap().is_none());
    }

    #[test]
    fn a_cut_or_absurd_frame_is_an_error() {
        for size in 1..8 {
            let cut = sealed(4)[..size].to_vec();
            let kind = read(cut).err().unwrap().kind();
            assert_eq!(kind, io::ErrorKind::UnexpectedEof);
        }
        for absurd in [vec![0xFF; 8], [sealed(4), sealed(4)].concat()] {
            let kind = read(absurd).err().unwrap().kind();
            assert_eq!(kind, io::ErrorKind::InvalidData);
        }
    }

    #[test]
    fn too_much_is_refused_before_it_is_sent() {
        assert!(seal(vec![0; LONGEST + HEAD.len() + 1]).is_err());
    }
}
