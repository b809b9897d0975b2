//! Frames on a pipe: four bytes of length, then as many bytes.

use std::{
    fs::File,
    io::{self, Read, Write},
    mem,
};

use postcard::ser_flavors::Flavor;
use serde::Serialize;

/// No frame is longer: 1 GiB.
const LONGEST: usize = 1 << 30;

/// As much room as is made before bytes have come to fill it.
const ROOM: usize = 16 << 20;

/// What may be read at once while the length is not known yet.
const SMALL: usize = 64 << 10;

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

/// Appends an encoded value.
pub(crate) fn append(
    frame: Vec<u8>,
    value: &impl Serialize,
) -> Result<Vec<u8>, String> {
    let encoded = postcard::serialize_with_flavor(value, Append(frame));
    encoded.map_err(|why| why.to_string())
}

struct Append(Vec<u8>);

impl Flavor for Append {
    type Output = Vec<u8>;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Vec<u8>> {
        Ok(self.0)
    }
}

/// Writes its length to the head of a frame.
///
/// # Errors
///
/// It is too long.
pub(crate) fn seal(mut frame: Vec<u8>) -> Result<Vec<u8>, String> {
    let length = frame.len() - HEAD.len();
    if length > LONGEST {
        return Err(format!("{length} bytes are too many for one frame"));
    }
    let head = u32::try_from(length).expect("it is not too long");
    frame[..HEAD.len()].copy_from_slice(&head.to_le_bytes());
    Ok(frame)
}

/// Writes a sealed frame.
pub(crate) fn write(mut pipe: &File, frame: &[u8]) -> io::Result<()> {
    pipe.write_all(frame)
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
