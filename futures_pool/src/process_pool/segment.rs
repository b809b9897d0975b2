//! Memory that a pool and one of its workers share, for messages that are too
//! large for one packet. The two take turns: one side writes, then tells the
//! other by a packet, and does not touch the memory until the answer is there.

use std::{io, os::fd::OwnedFd};

use memmap2::MmapMut;
use rustix::fs::{
    FallocateFlags, MemfdFlags, SealFlags, fallocate, fcntl_add_seals, fstat,
    memfd_create,
};
use rustix::process::{Resource, getrlimit};

/// More than that is not asked for before it is needed, and a message that is
/// larger gives its memory back when it is read: as long as it is on its way, it
/// is there twice, and not three times.
pub(crate) const LARGE: usize = 32 << 20;

/// One side's view of the memory.
pub(crate) struct Segment {
    file: OwnedFd,
    /// Which file that is: a job may close all descriptors and open its own.
    inode: u64,
    /// The whole of the file, as far as it was needed until now.
    map: Option<MmapMut>,
    /// The number of bytes that have their pages already.
    reserved: usize,
    /// Whether pages were given back since the other side was last told.
    pub(crate) released: bool,
}

impl Segment {
    /// An empty one. It has no name, and nobody can make it shorter again: what
    /// is mapped stays there.
    pub(crate) fn create() -> io::Result<Segment> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        // A kernel may insist that it is never executed; an old one does not
        // know that flag.
        let file =
            memfd_create("futures_pool", flags | MemfdFlags::NOEXEC_SEAL)
                .or_else(|_| memfd_create("futures_pool", flags))?;
        fcntl_add_seals(&file, SealFlags::SHRINK)?;
        Segment::of(file)
    }

    /// The same one, in a worker that has inherited it.
    pub(crate) fn of(file: OwnedFd) -> io::Result<Segment> {
        let inode = fstat(&file)?.st_ino;
        Ok(Segment { file, inode, map: None, reserved: 0, released: false })
    }

    /// The file, for a child to inherit.
    pub(crate) fn inherited(&self) -> io::Result<OwnedFd> {
        self.file.try_clone()
    }

    /// Puts `bytes` to their place.
    ///
    /// # Errors
    ///
    /// The system has no room for these bytes.
    #[inline]
    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) -> io::Result<()> {
        let end = at + bytes.len();
        if end > self.reserved {
            self.reserve(end)?;
        }
        self.slice(end)?[at..].copy_from_slice(bytes);
        Ok(())
    }

    /// Asks the system for pages, for at least `bytes` bytes, and twice as many
    /// as before. (Without asking first, a full system would be seen as SIGBUS,
    /// in the middle of copying.)
    #[cold]
    fn reserve(&mut self, bytes: usize) -> io::Result<()> {
        let length = bytes.max(2 * self.reserved.min(LARGE)) as u64;
        // A limit on files is one on this, too, and passing it is deadly.
        let limit = getrlimit(Resource::Fsize).current;
        if limit.is_some_and(|limit| limit < length) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.file_length()?;
        fallocate(&self.file, FallocateFlags::empty(), 0, length)?;
        self.reserved = length as usize;
        Ok(())
    }

    /// The message, which has `length` bytes.
    ///
    /// # Errors
    ///
    /// There cannot be one, for the memory is shorter.
    pub(crate) fn read(&mut self, length: usize) -> io::Result<&[u8]> {
        self.slice(length)?;
        self.reserved = self.reserved.max(length);
        Ok(self.slice(length)?)
    }

    /// Whether it holds no memory.
    pub(crate) fn is_empty(&self) -> bool {
        self.reserved == 0
    }

    /// Gives the memory back to the system.
    pub(crate) fn release(&mut self) {
        let holes = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        let length = self.map.take().map_or(0, |map| map.len() as u64);
        // An error: then the next large message finds the pages there.
        let _ = fallocate(&self.file, holes, 0, length.max(1));
        self.forget();
        self.released = true;
    }

    /// The other side has given the memory back.
    pub(crate) fn forget(&mut self) {
        self.reserved = 0;
    }

    /// # Errors
    ///
    /// The descriptor stands for another file by now.
    fn file_length(&self) -> io::Result<u64> {
        let file = fstat(&self.file)?;
        match file.st_ino == self.inode {
            true => Ok(file.st_size as u64),
            false => Err(io::Error::other("the shared memory was closed")),
        }
    }

    /// The first `length` bytes, mapped.
    fn slice(&mut self, length: usize) -> io::Result<&mut [u8]> {
        if self.map.as_ref().is_none_or(|map| map.len() < length) {
            if self.file_length()? < length as u64 {
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.map = None;
            #[expect(unsafe_code, reason = "another process writes there, too")]
            // SAFETY: the memory cannot be made shorter, and the two sides take
            // turns: nobody else writes while a slice of it is in use here.
            let map = unsafe { MmapMut::map_mut(&self.file)? };
            self.map = Some(map);
        }
        Ok(&mut self.map.as_deref_mut().expect("it was just mapped")[..length])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_see_the_same_and_only_what_is_there() {
        let mut here = Segment::create().unwrap();
        let mut there = Segment::of(here.file.try_clone().unwrap()).unwrap();
        assert!(there.read(1).is_err());
        for length in [1, 1 << 20, (1 << 20) + 1, 3 << 20] {
            here.write(0, &vec![length as u8; length]).unwrap();
            assert!(
                there.read(length).unwrap().iter().all(|b| *b == length as u8)
            );
            there.write(0, b"back").unwrap();
            assert_eq!(here.read(4).unwrap(), b"back");
        }
        assert!(there.read(1 << 40).is_err());
        let kib = |file: &OwnedFd| fstat(file).unwrap().st_blocks / 2;
        assert!(kib(&here.file) >= 3 << 10);
        here.release();
        assert_eq!(kib(&here.file), 0, "it is given back");
        assert!(here.released && here.is_empty());
        there.forget();
        there.write(0, b"again").unwrap();
        assert_eq!(here.read(5).unwrap(), b"again");
        let shorter = rustix::fs::ftruncate(&here.file, 1);
        assert!(shorter.is_err(), "it cannot become shorter");
    }
}
