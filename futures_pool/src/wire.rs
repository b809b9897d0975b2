//! Frames on a pipe: four bytes of length, then the bytes.

use std::io::{self, Read, Write};

/// No frame is longer: 1 GiB.
const LONGEST: u32 = 1 << 30;

/// Writes one frame.
pub(crate) fn write_frame(
    mut pipe: impl Write,
    bytes: &[u8],
) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).ok().filter(|&n| n <= LONGEST);
    // Nothing has been written yet: the pipe is as good as before.
    let too_long = io::ErrorKind::InvalidInput;
    let length = length.ok_or(io::Error::new(too_long, "frame is too long"))?;
    pipe.write_all(&length.to_le_bytes())?;
    pipe.write_all(bytes)?;
    pipe.flush()
}

/// Reads one frame. `None`: the other side has closed, between two frames.
///
/// # Errors
///
/// It closed inside a frame, or claims a length that no frame has. Memory is
/// used for what arrives, not for what is claimed.
pub(crate) fn read_frame(mut pipe: impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::new();
    pipe.by_ref().take(4).read_to_end(&mut head)?;
    if head.is_empty() {
        return Ok(None);
    }
    let head: [u8; 4] = head.try_into().map_err(|_| cut())?;
    let length = u32::from_le_bytes(head);
    if length > LONGEST {
        let absurd = io::ErrorKind::InvalidData;
        return Err(io::Error::new(absurd, "frame is too long"));
    }
    let mut bytes = Vec::new();
    pipe.take(u64::from(length)).read_to_end(&mut bytes)?;
    if bytes.len() < length as usize {
        return Err(cut());
    }
    Ok(Some(bytes))
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "closed inside a frame")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_whole() {
        let mut pipe = Vec::new();
        for frame in [&b""[..], b"dish", &[7; 100_000]] {
            write_frame(&mut pipe, frame).unwrap();
        }
        let mut pipe = pipe.as_slice();
        for size in [0, 4, 100_000] {
            assert_eq!(read_frame(&mut pipe).unwrap().unwrap().len(), size);
        }
        assert_eq!(read_frame(&mut pipe).unwrap(), None);
    }

    #[test]
    fn a_cut_or_absurd_frame_is_an_error() {
        let mut whole = Vec::new();
        write_frame(&mut whole, b"dish").unwrap();
        for size in 1..whole.len() {
            let error = read_frame(&whole[..size]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        }
        let error = read_frame(&[0xFF; 8][..]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
