//! The ring itself: positions, and who sleeps. It knows no time, no processes
//! and no mapping, so that `tests/loom.rs` can try every order of its steps.

use std::io::{self, ErrorKind::InvalidData, ErrorKind::InvalidInput};

#[cfg(loom)]
use loom::sync::atomic::{AtomicU32, fence};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU32, fence};
use std::sync::atomic::{Ordering, Ordering::*};

/// What stands before each message: its length. Both take a multiple of this.
pub const UNIT: u32 = 8;
/// In a position, which is a multiple of [`UNIT`], and in a status: its side
/// has closed.
pub const CLOSED: u32 = 1;
/// In a status: its side sleeps.
const ASLEEP: u32 = 2;

#[cfg(not(loom))]
crate::shared! {
    /// What one side tells the other: a cache line for what changes with each
    /// message, and one for what seldom changes, which the other side looks at
    /// with each message, and finds in its own cache. (Twice as long, because
    /// processors fetch lines in pairs.)
    pub struct Side {
        /// How many bytes this side has written or read (it wraps around), and
        /// whether it has closed. The other side sleeps on it: a futex.
        pub at: AtomicU32,
        _line: [AtomicU32; 31],
        /// The `at` of the other side that this side sleeps on and [`ASLEEP`],
        /// or [`CLOSED`], or 0.
        pub status: AtomicU32,
        /// Not 0: this side has its user.
        pub taken: AtomicU32,
        _rest: [AtomicU32; 30],
    }
}

/// As above: loom's atomics do not lie in shared memory.
#[cfg(loom)]
#[derive(Debug, Default)]
pub struct Side {
    pub at: AtomicU32,
    pub status: AtomicU32,
}

/// What the ring lies in.
pub trait Place {
    /// The producer's side, which is number 0, or the consumer's, 1.
    fn side(&self, which: usize) -> &Side;
    /// How many bytes of messages fit in: a power of two.
    fn capacity(&self) -> u32;
    /// Copies bytes in; they do not reach beyond the capacity.
    fn write(&self, at: u32, bytes: &[u8]) -> io::Result<()>;
    /// Copies bytes out; they do not reach beyond the capacity.
    fn read(&self, at: u32, bytes: &mut [u8]) -> io::Result<()>;
    /// Wakes the thread that sleeps on this futex.
    fn wake(&self, word: &AtomicU32);

    /// Copies a length in, to a multiple of [`UNIT`].
    fn write_length(&self, at: u32, length: u64) -> io::Result<()> {
        self.write(at, &length.to_ne_bytes())
    }
    /// Copies a length out.
    fn read_length(&self, at: u32) -> io::Result<u64> {
        let mut length = [0; UNIT as usize];
        self.read(at, &mut length)?;
        Ok(u64::from_ne_bytes(length))
    }

    /// What makes all that was written before visible to the other side.
    const PUBLISH: Ordering = Release;
    /// A longer message is told of in pieces of so many bytes, a multiple of
    /// [`UNIT`]: the consumer copies one out while the next is copied in.
    const PIECE: usize = 32 << 10;
    /// Between what this side tells and what it then looks at.
    fn tell_before_looking() {
        fence(SeqCst);
    }
}

/// One end of the ring: what it knows, which nobody else can change.
#[derive(Debug)]
pub struct End<P> {
    pub place: P,
    /// 0 for the producer, 1 for the consumer.
    which: usize,
    /// Its own position.
    at: u32,
    /// The other side's position when this end last looked, and [`CLOSED`].
    seen: u32,
}

/// What an attempt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    Done,
    /// Not before the other side moves on.
    Wait,
    /// The other side has closed.
    Closed,
}

impl<P: Place> End<P> {
    pub fn producer(place: P) -> End<P> {
        End { place, which: 0, at: 0, seen: 0 }
    }

    pub fn consumer(place: P) -> End<P> {
        End { place, which: 1, at: 0, seen: 0 }
    }

    fn mine(&self) -> &Side {
        self.place.side(self.which)
    }

    fn theirs(&self) -> &Side {
        self.place.side(1 - self.which)
    }

    /// Whether the other side has moved on since this end last looked.
    pub fn has_moved(&self) -> bool {
        self.theirs().at.load(Relaxed) != self.seen
    }

    /// The longest message.
    pub fn limit(&self) -> usize {
        (self.place.capacity() - UNIT) as usize
    }

    /// Puts a message in, if there is room for all of it.
    pub fn try_send(&mut self, message: &[u8]) -> io::Result<Tried> {
        if message.len() > self.limit() {
            return Err(InvalidInput.into());
        }
        if self.theirs().status.load(Relaxed) & CLOSED != 0 {
            return Ok(Tried::Closed);
        }
        let most = self.place.capacity() - frame(message.len());
        // Where it last saw the other side, there may be room enough.
        if self.between(self.seen) > most && self.look()? > most {
            let closed = self.seen & CLOSED != 0;
            return Ok(if closed { Tried::Closed } else { Tried::Wait });
        }
        let (at, length) = (self.in_ring(self.at), message.len() as u64);
        self.place.write_length(at, length)?;
        let mut at = self.at.wrapping_add(UNIT);
        for piece in message.chunks(P::PIECE) {
            self.copy_in(at, piece)?;
            at = at.wrapping_add(padded(piece.len()));
            self.publish(at);
        }
        if message.is_empty() {
            self.publish(at);
        }
        Ok(Tried::Done)
    }

    /// Takes a message out, if there is one. Of a long one it may be that only
    /// some pieces are there: they are copied, and `copied` counts the bytes.
    /// The next attempt goes on behind them, with the same `message`.
    pub fn try_receive(
        &mut self,
        message: &mut Vec<u8>,
        copied: &mut usize,
    ) -> io::Result<Tried> {
        let before = match *copied {
            0 => 0,
            bytes => UNIT + bytes as u32,
        };
        let there = match self.between(self.seen) {
            seen if seen > before => seen,
            _ => self.look()?,
        };
        if there == before {
            return match self.seen & CLOSED {
                0 => Ok(Tried::Wait),
                _ if before == 0 => Ok(Tried::Closed),
                _ => Err(InvalidData.into()), // in the middle of a message
            };
        }
        if there < before {
            return Err(InvalidData.into()); // backwards
        }
        if before == 0 {
            // Looked at once, in a copy: the other side can change what is
            // shared.
            let length = self.place.read_length(self.in_ring(self.at))?;
            if length > self.limit() as u64 {
                return Err(InvalidData.into());
            }
            message.resize(length as usize, 0);
        }
        let ready = message.len().min((there - UNIT) as usize);
        let is_whole = ready == message.len();
        let is_piece = ready > 0 && ready.is_multiple_of(P::PIECE);
        if !is_whole && !is_piece {
            return Err(InvalidData.into()); // nothing ends there
        }
        let at = self.at.wrapping_add(UNIT + *copied as u32);
        self.copy_out(at, &mut message[*copied..ready])?;
        *copied = ready;
        if !is_whole {
            return Ok(Tried::Wait);
        }
        self.publish(self.at.wrapping_add(frame(ready)));
        Ok(Tried::Done)
    }

    /// Tells the other side that nothing comes any more.
    pub fn close(&mut self) {
        self.mine().status.store(CLOSED, Relaxed);
        self.publish(self.at | CLOSED);
    }

    /// Calls `wait` (the futex, the other side's position, what it was) if that
    /// is what it was, and with the other side knowing it.
    pub fn sleep<T>(
        &self,
        wait: impl FnOnce(&AtomicU32, u32) -> T,
    ) -> Option<T> {
        let word = &self.theirs().at;
        self.mine().status.store(self.seen | ASLEEP, Relaxed);
        P::tell_before_looking();
        // Either this end sees that the other has moved on, or the other sees
        // that this end sleeps. If it moves on after this look, then the futex
        // is no longer what it was, and the wait ends at once.
        let same = word.load(Relaxed) == self.seen;
        let waited = same.then(|| wait(word, self.seen));
        self.mine().status.store(0, Relaxed);
        waited
    }

    /// Looks where the other side is, and tells how many bytes are in between.
    fn look(&mut self) -> io::Result<u32> {
        // Acquire: all that the other side did before it moved on is done.
        let seen = self.theirs().at.load(Acquire);
        let between = self.between(seen);
        let most = match self.which {
            0 => self.between(self.seen), // it does not read backwards
            _ => self.place.capacity(),
        };
        if between > most || !between.is_multiple_of(UNIT) {
            return Err(InvalidData.into()); // nobody can be there
        }
        self.seen = seen;
        Ok(between)
    }

    /// How many bytes are in the ring, by the other side's position.
    fn between(&self, theirs: u32) -> u32 {
        let theirs = theirs & !CLOSED;
        match self.which {
            0 => self.at.wrapping_sub(theirs),
            _ => theirs.wrapping_sub(self.at),
        }
    }

    fn publish(&mut self, at: u32) {
        let before = std::mem::replace(&mut self.at, at);
        self.mine().at.store(at, P::PUBLISH);
        P::tell_before_looking();
        // One that has slept since an earlier position is awake already; one
        // that sleeps since this position will be woken by the next.
        if self.theirs().status.load(Relaxed) == before | ASLEEP {
            self.place.wake(&self.mine().at);
        }
    }

    /// In two pieces where the end of the ring is in the middle of it.
    fn copy_in(&self, at: u32, bytes: &[u8]) -> io::Result<()> {
        let (at, first) = self.pieces(at, bytes.len());
        self.place.write(at, &bytes[..first])?;
        if first < bytes.len() {
            self.place.write(0, &bytes[first..])?;
        }
        Ok(())
    }

    fn copy_out(&self, at: u32, bytes: &mut [u8]) -> io::Result<()> {
        let (at, first) = self.pieces(at, bytes.len());
        self.place.read(at, &mut bytes[..first])?;
        if first < bytes.len() {
            self.place.read(0, &mut bytes[first..])?;
        }
        Ok(())
    }

    /// Where this position lies.
    fn in_ring(&self, at: u32) -> u32 {
        at % self.place.capacity()
    }

    fn pieces(&self, at: u32, bytes: usize) -> (u32, usize) {
        let at = self.in_ring(at);
        (at, bytes.min((self.place.capacity() - at) as usize))
    }
}

/// How many bytes a message takes. It is not longer than the limit.
fn frame(length: usize) -> u32 {
    UNIT + padded(length)
}

fn padded(length: usize) -> u32 {
    (length as u32).next_multiple_of(UNIT)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::SharedMemory;

    struct Small(SharedMemory);

    impl Place for &Small {
        fn side(&self, which: usize) -> &Side {
            self.0.view(256 * which).unwrap()
        }

        fn capacity(&self) -> u32 {
            64
        }

        fn write(&self, at: u32, bytes: &[u8]) -> io::Result<()> {
            self.0.write(512 + at as usize, bytes)
        }

        fn read(&self, at: u32, bytes: &mut [u8]) -> io::Result<()> {
            self.0.read(512 + at as usize, bytes)
        }

        fn wake(&self, _: &AtomicU32) {}
    }

    /// After 4 GiB.
    #[test]
    fn positions_wrap_around() {
        let small = Small(SharedMemory::new(512 + 64).unwrap());
        let (mut to, mut from) = (End::producer(&small), End::consumer(&small));
        let nearly = u32::MAX - 39;
        for end in [&mut to, &mut from] {
            (end.at, end.seen) = (nearly, nearly);
            end.mine().at.store(nearly, Relaxed);
        }
        let mut message = Vec::new();
        for number in 0..20 {
            let sent = [number; 11];
            assert_eq!(to.try_send(&sent).unwrap(), Tried::Done);
            assert_eq!(to.try_send(&sent).unwrap(), Tried::Done);
            assert_eq!(to.try_send(&sent).unwrap(), Tried::Wait);
            for _ in 0..2 {
                let received = from.try_receive(&mut message, &mut 0).unwrap();
                assert_eq!(received, Tried::Done);
                assert_eq!(message, sent);
            }
            assert_eq!(
                from.try_receive(&mut message, &mut 0).unwrap(),
                Tried::Wait
            );
        }
        assert!(to.at < nearly);
        to.close();
        assert_eq!(
            from.try_receive(&mut message, &mut 0).unwrap(),
            Tried::Closed
        );
    }
}
