//! Memory that several processes map.

use std::io;
use std::mem::{align_of, size_of};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::Stdio;
use std::sync::atomic::{
    AtomicI32, AtomicI64, AtomicU8, AtomicU16, AtomicU32, AtomicU64,
    Ordering::Relaxed,
};

use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::{
    FallocateFlags, MemfdFlags, SealFlags, fallocate, fcntl_add_seals,
    fcntl_get_seals, fstat, memfd_create,
};
use rustix::io::retry_on_intr;
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
/// [`write`](Self::write)). Look at one place as one type only, and copy the same
/// pieces in and out (they go by words of 8 bytes, and by bytes at both ends),
/// unless you know that nobody looks at the same time: accesses of different
/// sizes that meet are undefined behaviour by the [rules of Rust][rules], as of
/// C++. Nothing here can check that.
///
/// [rules]: std::sync::atomic#memory-model-for-atomic-accesses
#[derive(Debug)]
pub struct SharedMemory {
    file: OwnedFd,
    map: MmapRaw,
}

/// How many bytes are asked for at once.
const PIECE: usize = 1 << 16;

impl SharedMemory {
    /// New memory of `bytes` bytes, all of them zero. It keeps its size.
    ///
    /// # Errors
    ///
    /// `bytes` is 0, or the machine has not so much memory, or no descriptor.
    /// The pages are asked for now: later there would be no error, but SIGBUS.
    /// (A control group may allow less than the machine has. Its answer to too
    /// much is never an error, but the OOM killer. And whoever has the file may
    /// give pages back, by `fallocate`: they are zero then, and asked for again
    /// at the next look.)
    pub fn new(bytes: usize) -> io::Result<SharedMemory> {
        SharedMemory::of_kind(Kind::Plain, bytes)
    }

    pub(crate) fn of_kind(
        kind: Kind,
        bytes: usize,
    ) -> io::Result<SharedMemory> {
        if bytes == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // A limit on the size of files is one on this, too: SIGXFSZ.
        let limit = getrlimit(Resource::Fsize).current;
        if limit.is_some_and(|limit| limit < bytes as u64) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        // For all of them at once, the system says no. Page by page, it would
        // say yes until it has none left.
        drop(MmapOptions::new().len(bytes).map_anon()?);
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        // A kernel may insist that it is never executed; an old one does not
        // know that flag.
        let file = memfd_create("shared", flags | MemfdFlags::NOEXEC_SEAL)
            .or_else(|_| memfd_create("shared", flags))?;
        // In pieces: a signal may interrupt it, and then it has asked for
        // nothing. All at once, that might be so again and again.
        for at in (0..bytes).step_by(PIECE) {
            let piece = PIECE.min(bytes - at) as u64;
            retry_on_intr(|| {
                fallocate(&file, FallocateFlags::empty(), at as u64, piece)
            })?;
        }
        fcntl_add_seals(&file, kind.seals())?;
        SharedMemory::map(file)
    }

    /// The memory of another process, whose file this one has inherited or
    /// received.
    ///
    /// # Errors
    ///
    /// This is no memory that keeps its size, or it has no bytes: a process that
    /// made it shorter would kill this process with SIGBUS. Or it is the file of
    /// a [`RobustMutex`](crate::RobustMutex), in which nothing else may write.
    pub fn from_file(file: OwnedFd) -> io::Result<SharedMemory> {
        SharedMemory::from_file_of_kind(Kind::Plain, file)
    }

    pub(crate) fn from_file_of_kind(
        kind: Kind,
        file: OwnedFd,
    ) -> io::Result<SharedMemory> {
        if Kind::of(&file) != Some(kind) {
            let why = "no shared memory of this kind that keeps its size";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        SharedMemory::map(file)
    }

    /// As [`from_file`](Self::from_file), for a file that may become shorter,
    /// such as a named one in `/dev/shm`.
    ///
    /// If another process makes it shorter, or the disk that it lies on is full,
    /// the next look at a page that is not there **ends this process** by SIGBUS.
    /// That is no undefined behaviour, but no error either.
    ///
    /// # Errors
    ///
    /// It is not open to read and write, cannot be mapped, or has no bytes. Or it
    /// is the file of a [`RobustMutex`](crate::RobustMutex).
    pub fn map_unsealed(file: OwnedFd) -> io::Result<SharedMemory> {
        if Kind::of(&file) == Some(Kind::Mutex) {
            let why = "this memory belongs to a mutex";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        SharedMemory::map(file)
    }

    fn map(file: OwnedFd) -> io::Result<SharedMemory> {
        let bytes = usize::try_from(fstat(&file)?.st_size);
        let bytes = bytes.map_err(io::Error::other)?;
        if bytes == 0 {
            let why = "shared memory of no bytes";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let map = MmapOptions::new().len(bytes).map_raw(&file)?;
        Ok(SharedMemory { file, map })
    }

    /// The file that the memory is, to be inherited by a child or to be sent.
    pub fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// What a child process inherits, usually as its standard input: there,
    /// [`inherited`](Self::inherited) finds the memory.
    ///
    /// ```no_run
    /// use std::env::current_exe;
    /// use std::process::Command;
    /// use multiprocessing::SharedMemory;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let memory = SharedMemory::new(4_096)?;
    /// let mut child = Command::new(current_exe()?);
    /// child.arg("worker").stdin(memory.hand_over()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// This process has no descriptor left.
    pub fn hand_over(&self) -> io::Result<Stdio> {
        Ok(self.file.try_clone()?.into())
    }

    /// In a child process: the memory that its parent has handed over as the
    /// standard input. See [`hand_over`](Self::hand_over).
    ///
    /// ```no_run
    /// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    /// use multiprocessing::SharedMemory;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let memory = SharedMemory::inherited()?;
    /// memory.view::<AtomicU64>(0)?.fetch_add(1, Relaxed);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The standard input is something else; see
    /// [`from_file`](Self::from_file).
    pub fn inherited() -> io::Result<SharedMemory> {
        SharedMemory::from_file(io::stdin().as_fd().try_clone_to_owned()?)
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
        // SAFETY: it lies inside the mapping, which lives as long as `self`, and
        // it is aligned. `T` is `Shared`: all bytes are a value of it, and others
        // may change it meanwhile. (If the file under it becomes shorter, a look
        // at it ends the process.)
        Ok(unsafe { std::slice::from_raw_parts(place.cast(), count) })
    }

    /// Copies `bytes` to the place `at`. Another process that reads there at
    /// the same time may see some of them old and some new: a torn read.
    ///
    /// # Errors
    ///
    /// They would reach beyond the end.
    pub fn write(&self, at: usize, bytes: &[u8]) -> io::Result<()> {
        let place = self.words(at, bytes.len())?;
        let (first, bytes) = bytes.split_at(place.first.len());
        let (words, last) = bytes.as_chunks();
        for (to, from) in place.first.iter().zip(first) {
            to.store(*from, Relaxed);
        }
        store_all(place.words, words);
        for (to, from) in place.last.iter().zip(last) {
            to.store(*from, Relaxed);
        }
        Ok(())
    }

    /// Fills `bytes` with what lies at the place `at`. What another process
    /// writes there at the same time may be read in part: a torn read.
    ///
    /// # Errors
    ///
    /// As many do not lie there.
    pub fn read(&self, at: usize, bytes: &mut [u8]) -> io::Result<()> {
        let place = self.words(at, bytes.len())?;
        let (first, bytes) = bytes.split_at_mut(place.first.len());
        let (words, last) = bytes.as_chunks_mut();
        for (from, to) in place.first.iter().zip(first) {
            *to = from.load(Relaxed);
        }
        load_all(words, place.words);
        for (from, to) in place.last.iter().zip(last) {
            *to = from.load(Relaxed);
        }
        Ok(())
    }

    /// These bytes as atomics. (A copy by `copy_nonoverlapping` would be a data
    /// race with another thread, and the compiler might read what it copies
    /// twice.)
    #[expect(unsafe_code, reason = "the place is only known while it runs")]
    fn words(&self, at: usize, bytes: usize) -> io::Result<Words<'_>> {
        let bytes: &[AtomicU8] = self.slice(at, bytes)?;
        // SAFETY: all bytes are a value of either, and others may change both.
        let (first, words, last) = unsafe { bytes.align_to() };
        Ok(Words { first, words, last })
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

/// What the memory is for. Its seals tell, which nobody can change any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Bytes and atomics, which each process may change.
    Plain,
    /// A mutex of the C library with its data. It has pointers inside, so bytes
    /// of somebody else in there would be undefined behaviour.
    Mutex,
}

impl Kind {
    fn seals(self) -> SealFlags {
        let keeps_its_size = SealFlags::SHRINK | SealFlags::SEAL;
        match self {
            Kind::Plain => keeps_its_size | SealFlags::GROW,
            // Without GROW, to be told from the other kind. If somebody makes it
            // longer, the mapping and the mutex stay as they are.
            Kind::Mutex => keeps_its_size,
        }
    }

    /// `None`: the file may become shorter.
    fn of(file: &OwnedFd) -> Option<Kind> {
        let seals = fcntl_get_seals(file).ok()?;
        let fits = |kind: &Kind| seals.contains(kind.seals());
        [Kind::Plain, Kind::Mutex].into_iter().find(fits)
    }
}

/// Bytes in shared memory: whole words, and what lies before and behind them.
struct Words<'a> {
    first: &'a [AtomicU8],
    words: &'a [AtomicU64],
    last: &'a [AtomicU8],
}

/// Stores as many words as there are, in any order.
fn store_all(to: &[AtomicU64], from: &[[u8; 8]]) {
    debug_assert_eq!(to.len(), from.len());
    #[cfg(target_arch = "x86_64")]
    if to.len() >= LONG {
        let count = to.len().min(from.len()) * size_of::<u64>();
        let to = to.as_ptr().cast_mut().cast();
        #[expect(unsafe_code, reason = "see `copy`")]
        // SAFETY: both have so many bytes. Atomics may be written to.
        return unsafe { copy(to, from.as_ptr().cast(), count) };
    }
    for (to, from) in to.iter().zip(from) {
        to.store(u64::from_ne_bytes(*from), Relaxed);
    }
}

/// Loads as many words as there are, in any order.
fn load_all(to: &mut [[u8; 8]], from: &[AtomicU64]) {
    debug_assert_eq!(to.len(), from.len());
    #[cfg(target_arch = "x86_64")]
    if to.len() >= LONG {
        let count = to.len().min(from.len()) * size_of::<u64>();
        let to = to.as_mut_ptr().cast();
        #[expect(unsafe_code, reason = "see `copy`")]
        // SAFETY: both have so many bytes.
        return unsafe { copy(to, from.as_ptr().cast(), count) };
    }
    for (to, from) in to.iter_mut().zip(from) {
        *to = from.load(Relaxed).to_ne_bytes();
    }
}

/// So many words are copied faster by the processor's own instruction.
#[cfg(target_arch = "x86_64")]
const LONG: usize = 128;

/// Copies bytes by the instruction that `memcpy` uses for long copies. The
/// compiler does not look into assembly: it sees no race, and reads nothing
/// twice. To the processor these are loads and stores like those of atomics.
///
/// # Safety
///
/// Both places have `count` bytes, which do not overlap, and what is shared is
/// looked at as atomics only.
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "no atomic is longer than a word")]
unsafe fn copy(to: *mut u8, from: *const u8, count: usize) {
    // SAFETY: the caller's promise. It changes these three registers and what
    // `to` points to, and nothing else.
    unsafe {
        std::arch::asm!(
            "rep movsb",
            inout("rdi") to => _,
            inout("rsi") from => _,
            inout("rcx") count => _,
            options(nostack, preserves_flags),
        );
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
        for at in [4_096, usize::MAX, usize::MAX - 7, usize::MAX - 6] {
            assert!(one.read(at, &mut [0; 9]).is_err(), "{at}");
            assert!(one.write(at, &[0; 9]).is_err(), "{at}");
        }
        assert!(one.read(4_096, &mut []).is_ok());
        assert!(one.read(4_097, &mut []).is_err());
    }

    #[test]
    fn bytes_are_copied_from_everywhere_to_everywhere() {
        let (one, two) = twice();
        let bytes: Vec<u8> = (1..=40).collect();
        for at in (0..24).chain(4_056 - 8..=4_056) {
            for length in 0..=bytes.len() {
                one.write(0, &[0; 4_096]).unwrap();
                one.write(at, &bytes[..length]).unwrap();
                let mut all = [7; 4_096];
                two.read(0, &mut all).unwrap();
                let mut expected = [0; 4_096];
                expected[at..at + length].copy_from_slice(&bytes[..length]);
                assert_eq!(all, expected, "{length} at {at}");
                let mut read = vec![0; length];
                two.read(at, &mut read).unwrap();
                assert_eq!(read, bytes[..length], "{length} at {at}");
            }
        }
    }

    #[test]
    fn many_bytes_are_copied_too() {
        let (one, two) = twice();
        let bytes: Vec<u8> = (0..4_000).map(|n: u32| (n / 3) as u8).collect();
        for length in [1_000, 1_023, 1_024, 1_031, 1_040, 4_000] {
            for at in 0..9 {
                one.write(0, &[0; 4_096]).unwrap();
                one.write(at, &bytes[..length]).unwrap();
                let mut all = vec![7; 4_096];
                two.read(0, &mut all).unwrap();
                let mut expected = vec![0; 4_096];
                expected[at..at + length].copy_from_slice(&bytes[..length]);
                assert!(all == expected, "{length} at {at}");
                let mut read = vec![0; length];
                two.read(at, &mut read).unwrap();
                assert!(read == bytes[..length], "{length} at {at}");
            }
        }
    }

    #[test]
    fn it_keeps_its_size() {
        let (one, _) = twice();
        for length in [0, 1, 4_095, 4_097] {
            assert!(rustix::fs::ftruncate(one.file(), length).is_err());
        }
    }

    #[test]
    fn no_bytes_and_too_many_are_errors() {
        assert!(SharedMemory::new(0).is_err());
        for bytes in [usize::MAX, isize::MAX as usize, 1 << 46] {
            assert!(SharedMemory::new(bytes).is_err(), "{bytes}");
        }
        let empty = memfd_create("empty", MemfdFlags::ALLOW_SEALING).unwrap();
        fcntl_add_seals(&empty, SealFlags::SHRINK).unwrap();
        assert!(SharedMemory::from_file(empty).is_err());
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
