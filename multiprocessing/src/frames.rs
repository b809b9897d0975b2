//! Values through a pipe or a socket, as frames: each value is encoded (serde
//! and postcard), and its length is sent before it.
//!
//! This file needs serde and postcard and nothing else of the library: it can be
//! copied alone.
//!
//! ```
//! use multiprocessing::frames::{receive, send};
//!
//! # fn main() -> std::io::Result<()> {
//! let (mut from, mut to) = std::io::pipe()?;
//! send(&mut to, &("a value", 7_u32), 100)?;
//! drop(to);
//! let value: Option<(String, u32)> = receive(&mut from, 100)?;
//! assert_eq!(value, Some(("a value".into(), 7)));
//! let end: Option<(String, u32)> = receive(&mut from, 100)?;
//! assert_eq!(end, None);
//! # Ok(())
//! # }
//! ```

use std::io::{self, ErrorKind, Read, Write};

use serde::{Serialize, de::DeserializeOwned};

/// Sends a value through a pipe or a socket, as one frame. What cannot be sent
/// is refused before its first byte, so the next value can still be sent. The
/// peer must read: a full pipe blocks this process.
///
/// # Errors
///
/// `InvalidInput`: the value cannot be encoded, or has more than `most` bytes.
/// `BrokenPipe`: nobody can receive it any more; a socket can report
/// `ConnectionReset` at first. After these and any other error of `to`, such as a
/// time limit of a socket, a part may have been sent: send no more.
pub fn send<T: Serialize + ?Sized>(
    mut to: impl Write,
    value: &T,
    most: usize,
) -> io::Result<()> {
    let frame = postcard::to_extend(value, vec![0; 4]); // room for the length
    let mut frame = frame.map_err(|_| ErrorKind::InvalidInput)?;
    let length = frame.len() - 4;
    if length > most.min(u32::MAX as usize) {
        return Err(ErrorKind::InvalidInput.into());
    }
    frame[..4].copy_from_slice(&(length as u32).to_le_bytes());
    to.write_all(&frame)?; // goes on after a signal
    to.flush()
}

/// Receives a value that [`send`] has sent, and waits for it. `None`: the peer
/// has closed its end, and all values have been received.
///
/// # Errors
///
/// `UnexpectedEof`: the peer has ended inside a frame. `InvalidData`: the frame
/// has more than `most` bytes, or is no `T`. A socket can report
/// `ConnectionReset`, too. Whatever the error, also a time limit of a socket: do
/// not receive from this peer any more, because a part of a frame is lost.
///
/// `most` is a limit for bytes, not for what they become. If you do not trust the
/// peer, let `T` contain neither itself (`Box`: a deep value overflows the stack)
/// nor a list of values that may take no bytes (`Vec<()>`: its length may be any
/// number) or few (`Vec<Option<[u64; 32]>>`: some hundred times the memory).
pub fn receive<T: DeserializeOwned>(
    mut from: impl Read,
    most: usize,
) -> io::Result<Option<T>> {
    let mut length = Vec::new();
    from.by_ref().take(4).read_to_end(&mut length)?; // goes on after a signal
    if length.is_empty() {
        return Ok(None);
    }
    let length = length.try_into().map_err(|_| ErrorKind::UnexpectedEof)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > most {
        return Err(ErrorKind::InvalidData.into());
    }
    // Memory grows with what arrives, not with what was announced.
    let mut bytes = Vec::with_capacity(length.min(1 << 16));
    from.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() < length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    match postcard::take_from_bytes(&bytes) {
        Ok((value, [])) => Ok(Some(value)),
        _ => Err(ErrorKind::InvalidData.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind<T>(outcome: io::Result<T>) -> Option<ErrorKind> {
        outcome.err().map(|error| error.kind())
    }

    #[test]
    fn each_value_is_a_frame() {
        let mut bytes = Vec::new();
        send(&mut bytes, &7_u8, 1).unwrap();
        send(&mut bytes, "text", 5).unwrap();
        assert_eq!(bytes, b"\x01\0\0\0\x07\x05\0\0\0\x04text");
        let mut from = &bytes[..];
        assert_eq!(receive(&mut from, 1).unwrap(), Some(7_u8));
        let text: Option<String> = receive(&mut from, 5).unwrap();
        assert_eq!(text.as_deref(), Some("text"));
        assert_eq!(receive::<u8>(&mut from, 1).unwrap(), None);
    }

    #[test]
    fn the_limit_holds_on_both_sides() {
        let mut bytes = Vec::new();
        let refused = send(&mut bytes, "text", 4);
        assert_eq!(kind(refused), Some(ErrorKind::InvalidInput));
        assert_eq!(bytes, b"", "nothing was sent");
        send(&mut bytes, "text", 5).unwrap();
        let refused = receive::<String>(&bytes[..], 4);
        assert_eq!(kind(refused), Some(ErrorKind::InvalidData));
    }

    #[test]
    fn a_cut_is_no_end() {
        let mut bytes = Vec::new();
        send(&mut bytes, "text", 5).unwrap();
        for cut in 1..bytes.len() {
            let end = receive::<String>(&bytes[..cut], 5);
            assert_eq!(kind(end), Some(ErrorKind::UnexpectedEof), "{cut}");
        }
        assert_eq!(receive::<String>(&bytes[..0], 5).unwrap(), None);
    }
}
