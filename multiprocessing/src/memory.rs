//! Memory that several processes map.

use std::io;
use std::mem::{align_of, size_of};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr;
use std::sync::atomic::{
    AtomicI32, AtomicI64, AtomicU8, AtomicU16, AtomicU32, AtomicU64,
};

use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::{
    FallocateFlags, MemfdFlags, SealFlags, fallocate, fcntl_add_seals,
    fcntl_get_seals, fstat, memfd_create,
};
use rustix::process::{Resource, getrlimit};
use zerocopy::FromBytes;

/// Memory that several processes map: each sees what the others write.
///
/// It has no name, in `/dev/shm` or elsewhere. A child inherits it, or it is
/// sent through a Unix socket, as a file descriptor. When the last process that
/// has it open or mapped ends, however that process ends, the memory is free.
///
/// Nothing in here is an ordinary Rust value, because another process may write
/// at any time: look at it as atomics ([`view`](Self::view),
/// [`slice`](Self::slice)), or copy bytes ([`read`](Self::read),
/// [`write`](Self::write)).
#[derive(Debug)]
pub struct SharedMemory {
    file: OwnedFd,
    map: MmapRaw,
}

impl SharedMemory {
    /// New memory of `bytes` bytes, all of them zero. It keeps its size.
    ///
    /// # Errors
    ///
    /// `bytes` is 0, or the system has not so much memory, or no descriptor.
    /// The pages are asked for now: later there would be no error, but SIGBUS.
    pub fn new(bytes: usize) -> io::Result<SharedMemory> {
        if bytes == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // A limit on the size of files is one on this, too: SIGXFSZ.
        let limit = getrlimit(Resource::Fsize).current;
        if limit.is_some_and(|limit| limit < bytes as u64) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        // A kernel may insist that it is never executed; an old one does not
        // know that flag.
        let file = memfd_create("shared", flags | MemfdFlags::NOEXEC_SEAL)
            .or_else(|_| memfd_create("shared", flags))?;
        fallocate(&file, FallocateFlags::empty(), 0, bytes as u64)?;
        let seals = SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
        fcntl_add_seals(&file, seals)?;
        SharedMemory::from_file(file)
    }

    /// The memory of another process, whose file this one has inherited or
    /// received.
    ///
    /// # Errors
    ///
    /// This is no memory that keeps its size: whoever made it shorter would
    /// kill this process with SIGBUS.
    pub fn from_file(file: OwnedFd) -> io::Result<SharedMemory> {
        let sealed = fcntl_get_seals(&file)
            .is_ok_and(|seals| seals.contains(SealFlags::SHRINK));
        if !sealed {
            let why = "no shared memory that keeps its size";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let bytes = usize::try_from(fstat(&file)?.st_size);
        let bytes = bytes.map_err(io::Error::other)?;
        let map = MmapOptions::new().len(bytes).map_raw(&file)?;
        Ok(SharedMemory { file, map })
    }

    /// The file that the memory is, to be inherited by a child or to be sent.
    pub fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Never: there is no memory of no bytes.
    pub fn is_empty(&self) -> bool {
        self.map.len() == 0
    }

    /// The value that lies `at` bytes behind the beginning.
    ///
    /// # Errors
    ///
    /// It would reach beyond the end, or does not lie as this type has to
    /// ([`align_of`]).
    pub fn view<T: Shared>(&self, at: usize) -> io::Result<&T> {
        Ok(&self.slice(at, 1)?[0])
    }

    /// As [`view`](Self::view), `count` values one behind the other.
    ///
    /// # Errors
    ///
    /// As [`view`](Self::view).
    #[expect(unsafe_code, reason = "the place is only known while it runs")]
    pub fn slice<T: Shared>(
        &self,
        at: usize,
        count: usize,
    ) -> io::Result<&[T]> {
        let bytes = count.checked_mul(size_of::<T>());
        let place =
            self.place(at, bytes.ok_or(io::ErrorKind::InvalidInput)?)?;
        if place.addr() % align_of::<T>() != 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // SAFETY: it lies inside the mapping, which cannot become shorter and
        // lives as long as `self`, and it is aligned. `T` is `Shared`: all bytes
        // are a value of it, and others may change it meanwhile.
        Ok(unsafe { std::slice::from_raw_parts(place.cast(), count) })
    }

    /// Copies `bytes` to the place `at`. Another process that reads there at
    /// the same time may see some of them old and some new: a torn read.
    ///
    /// # Errors
    ///
    /// They would reach beyond the end.
    #[expect(unsafe_code, reason = "a copy without a slice of what is shared")]
    pub fn write(&self, at: usize, bytes: &[u8]) -> io::Result<()> {
        let place = self.place(at, bytes.len())?;
        // SAFETY: as many bytes lie inside the mapping, and `bytes` lies
        // elsewhere: nobody has a slice of bytes of the mapping.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), place, bytes.len()) };
        Ok(())
    }

    /// Fills `bytes` with what lies at the place `at`. What another process
    /// writes there at the same time may be read in part: a torn read.
    ///
    /// # Errors
    ///
    /// As many do not lie there.
    #[expect(unsafe_code, reason = "a copy without a slice of what is shared")]
    pub fn read(&self, at: usize, bytes: &mut [u8]) -> io::Result<()> {
        let place = self.place(at, bytes.len())?;
        let to = bytes.as_mut_ptr();
        // SAFETY: as in `write`.
        unsafe {
            ptr::copy_nonoverlapping(place.cast_const(), to, bytes.len())
        };
        Ok(())
    }

    /// Where these bytes lie in this process.
    fn place(&self, at: usize, bytes: usize) -> io::Result<*mut u8> {
        match at.checked_add(bytes) {
            Some(end) if end <= self.len() => {
                Ok(self.map.as_mut_ptr().wrapping_add(at))
            }
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}

/// What may lie in memory that another process changes: atomics, and structures
/// of nothing but them; see [`shared!`](crate::shared).
///
/// That all bytes are a value, [`FromBytes`] proves.
///
/// # Safety
///
/// Every part is an atomic, so that a change by others is no data race.
#[expect(unsafe_code, reason = "nothing else tells atomics from numbers")]
pub unsafe trait Shared: FromBytes {}

macro_rules! atomics {
    ($($atomic:ty),*) => {$(
        #[expect(unsafe_code, reason = "see the trait")]
        // SAFETY: it is an atomic.
        unsafe impl Shared for $atomic {}
    )*};
}

atomics!(AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicI32, AtomicI64);

#[expect(unsafe_code, reason = "see the trait")]
// SAFETY: every part is one.
unsafe impl<T: Shared, const N: usize> Shared for [T; N] {}

/// Declares a structure that may lie in shared memory: all its fields do. Each
/// process sees them in this order (`repr(C)`).
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
/// use multiprocessing::{SharedMemory, shared};
///
/// shared! {
///     /// How far a job is.
///     struct Progress {
///         /// Pieces that are done.
///         done: AtomicU32,
///         /// The pieces of each worker.
///         of: [AtomicU32; 8],
///     }
/// }
///
/// # fn main() -> std::io::Result<()> {
/// let memory = SharedMemory::new(size_of::<Progress>())?;
/// let progress: &Progress = memory.view(0)?;
/// progress.done.fetch_add(1, Relaxed);
/// progress.of[3].store(1, Relaxed);
/// # Ok(())
/// # }
/// ```
///
/// A number that is no atomic does not compile:
///
/// ```compile_fail,E0277
/// multiprocessing::shared! { struct Wrong { done: u32 } }
/// fn main() {}
/// ```
#[macro_export]
macro_rules! shared {
    (
        $(#[$about:meta])*
        $visible:vis struct $name:ident {
            $($(#[$what:meta])* $of:vis $field:ident: $type:ty),* $(,)?
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, $crate::zerocopy::FromBytes)]
        #[zerocopy(crate = "::multiprocessing::zerocopy")]
        #[repr(C)]
        $visible struct $name {
            $($(#[$what])* $of $field: $type),*
        }

        #[expect(unsafe_code, reason = "each field is checked here")]
        // SAFETY: all fields are shared, or this does not compile.
        unsafe impl $crate::Shared for $name where $($type: $crate::Shared),* {}
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering::Relaxed;

    fn twice() -> (SharedMemory, SharedMemory) {
        let one = SharedMemory::new(4_096).unwrap();
        let file = one.file().try_clone_to_owned().unwrap();
        (one, SharedMemory::from_file(file).unwrap())
    }

    #[test]
    fn both_see_the_same() {
        let (one, two) = twice();
        assert_eq!((one.len(), two.len()), (4_096, 4_096));
        one.write(5, b"seven").unwrap();
        let mut read = [0; 5];
        two.read(5, &mut read).unwrap();
        assert_eq!(&read, b"seven");
        two.view::<AtomicU64>(8).unwrap().store(7, Relaxed);
        assert_eq!(one.slice::<AtomicU32>(8, 2).unwrap()[0].load(Relaxed), 7);
    }

    #[test]
    fn nothing_reaches_beyond_its_end_or_lies_askew() {
        let (one, _) = twice();
        for at in [4_089, 4_096, usize::MAX, usize::MAX - 7, 1, 4] {
            assert!(one.view::<AtomicU64>(at).is_err(), "{at}");
        }
        assert!(one.slice::<AtomicU64>(0, usize::MAX / 2).is_err());
        assert!(one.slice::<AtomicU64>(0, 513).is_err());
        assert!(one.slice::<AtomicU64>(0, 512).is_ok());
        assert!(one.slice::<AtomicU64>(4_096, 0).is_ok());
        assert!(one.write(4_095, b"ab").is_err());
        assert!(one.read(usize::MAX, &mut [0]).is_err());
    }

    #[test]
    fn it_keeps_its_size() {
        let (one, _) = twice();
        for length in [0, 1, 4_095, 4_097] {
            assert!(rustix::fs::ftruncate(one.file(), length).is_err());
        }
        assert!(SharedMemory::new(0).is_err());
    }

    #[test]
    fn what_may_become_shorter_is_refused() {
        let plain = memfd_create("plain", MemfdFlags::ALLOW_SEALING).unwrap();
        rustix::fs::ftruncate(&plain, 4_096).unwrap();
        assert!(SharedMemory::from_file(plain).is_err());
        let (pipe, _) = std::io::pipe().unwrap();
        assert!(SharedMemory::from_file(pipe.into()).is_err());
    }
}
