//! Memory that a pool and one of its workers share, for messages that are too
//! large for a pipe. They take turns: whoever has the word writes, then tells
//! the other side by the pipe, which reads before it has the word itself.

use std::ffi::OsString;
use std::{fs::File, io, os::fd::AsRawFd, process};

use memmap2::MmapMut;
use nix::fcntl::{FallocateFlags, FcntlArg, SealFlag, fallocate, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::resource::{Resource, getrlimit};

/// As long as it is at least, once it is used.
const LEAST: usize = 1 << 20;

/// So much stays in memory between two messages: pages that come fresh from the
/// system cost more than copying to them.
const KEPT: usize = 32 << 20;

/// One side's view of the memory.
pub(crate) struct Segment {
    file: File,
    /// The beginning of the file, as far as it was needed until now.
    map: Option<MmapMut>,
}

impl Segment {
    /// An empty one. It has no name, and nobody can make it shorter again: what
    /// is mapped stays there.
    pub(crate) fn create() -> io::Result<Segment> {
        let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
        let file = memfd_create("futures_pool", flags)?;
        fcntl(&file, FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_SHRINK))?;
        Ok(Segment { file: file.into(), map: None })
    }

    /// Where a child of this process can open it.
    pub(crate) fn path(&self) -> OsString {
        format!("/proc/{}/fd/{}", process::id(), self.file.as_raw_fd()).into()
    }

    /// The same memory, in the child.
    pub(crate) fn open(path: OsString) -> io::Result<Segment> {
        let file = File::options().read(true).write(true).open(path)?;
        Ok(Segment { file, map: None })
    }

    /// Puts `bytes` to their place.
    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) -> io::Result<()> {
        let end = at + bytes.len();
        if end > self.len() {
            let wanted = end.next_power_of_two().max(LEAST) as u64;
            // A limit on files is one on this, too, and passing it is deadly.
            if wanted > getrlimit(Resource::RLIMIT_FSIZE)?.0 {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            if self.file.metadata()?.len() < wanted {
                self.file.set_len(wanted)?;
            }
            self.map(end)?;
        }
        let map = self.map.as_deref_mut().unwrap_or_default();
        map[at..end].copy_from_slice(bytes);
        Ok(())
    }

    /// The message of so many bytes.
    ///
    /// # Errors
    ///
    /// There cannot be one, for the memory is shorter.
    pub(crate) fn read(&mut self, length: usize) -> io::Result<&[u8]> {
        if length > self.len() {
            self.map(length)?;
        }
        Ok(&self.map.as_deref().unwrap_or_default()[..length])
    }

    /// The message of so many bytes has been read: a very large one is given
    /// back to the system.
    pub(crate) fn release(&mut self, length: usize) {
        if length > KEPT {
            self.map = None;
            let holes = FallocateFlags::FALLOC_FL_PUNCH_HOLE
                | FallocateFlags::FALLOC_FL_KEEP_SIZE;
            // Or the next large message finds it there.
            let _ = fallocate(&self.file, holes, 0, length as i64);
        }
    }

    fn len(&self) -> usize {
        self.map.as_ref().map_or(0, |map| map.len())
    }

    /// Maps the whole of the file, which has to be so long at least.
    fn map(&mut self, least: usize) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        if length < least as u64 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.map = None;
        #[expect(unsafe_code, reason = "another process may write there, too")]
        // SAFETY: the memory cannot be made shorter, and the two sides take
        // turns: nobody else writes while a slice of it is in use here.
        let map = unsafe { MmapMut::map_mut(&self.file)? };
        self.map = Some(map);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_see_the_same_and_only_what_is_there() {
        let mut here = Segment::create().unwrap();
        let mut there = Segment::open(here.path()).unwrap();
        assert!(there.read(1).is_err());
        for length in [1, LEAST, LEAST + 1, KEPT + 1] {
            let bytes = vec![length as u8; length];
            here.write(0, &bytes).unwrap();
            assert!(there.read(length).unwrap() == bytes);
            there.write(0, b"back").unwrap();
            assert_eq!(here.read(4).unwrap(), b"back");
            here.release(length);
            there.release(length);
        }
        assert!(there.read(1 << 40).is_err());
        assert_eq!(there.read(4).unwrap(), [0; 4], "it was given back");
        assert!(here.file.set_len(1).is_err(), "it cannot become shorter");
    }
}
