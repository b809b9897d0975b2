//! A robust mutex: a lock between processes that survives its owner.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, atomic::AtomicU8};
use std::time::{Duration, Instant};
use std::{fmt, io, ptr, thread};

use posix_sync::mutex::guards::{RobustGuardContainer, StandardGuard};
use posix_sync::mutex::robustness_markers::Robust;
use posix_sync::mutex::{
    BorrowedMutex, MutexBuilder, MutexLockError, MutexSharing, MutexType,
    RawMutexAlloc,
};
use zerocopy::{FromBytes, IntoBytes};

use crate::memory::{Kind, SharedMemory};
use crate::sync::Condition;

/// How many guards this process has; see [`fork`](crate::fork::fork).
static HELD: AtomicUsize = AtomicUsize::new(0);

/// Whether a thread of this process has a lock.
pub(crate) fn any_held() -> bool {
    HELD.load(Relaxed) > 0
}

/// What the memory begins with.
const MAGIC: u64 = u64::from_ne_bytes(*b"robust 1");
/// Where the mutex lies, and where the data.
const MUTEX: usize = 64;
const DATA: usize = 192;
const _: () = assert!(MUTEX + RawMutexAlloc::SIZE <= DATA);
const _: () = assert!(MUTEX.is_multiple_of(RawMutexAlloc::ALIGN));

crate::shared! {
    struct Header {
        magic: AtomicU64,
        /// How many bytes the data has.
        bytes: AtomicU64,
        /// Not 0: an owner died, or panicked, and nobody has repaired the data.
        broken: AtomicU32,
        changed: Condition,
    }
}

/// A mutex and its data in memory that processes share. If the owner of the lock
/// dies, even of SIGKILL, the next process has the lock at once and is told:
/// [`LockError::OwnerDied`].
///
/// A child inherits it as a [`file`](Self::file). The data are plain numbers and
/// structures of them without gaps ([`FromBytes`], [`IntoBytes`]): no pointer
/// means anything in another process, so neither `String` nor `Vec`.
///
/// ```
/// use std::time::Duration;
/// use multiprocessing::RobustMutex;
///
/// # fn main() -> std::io::Result<()> {
/// let counters = RobustMutex::new([0_u64; 2])?;
/// let inherited = counters.file().try_clone_to_owned()?;
/// let same = RobustMutex::<[u64; 2]>::from_file(inherited)?;
/// let limit = Duration::from_secs(1);
/// same.lock(limit)?[1] += 7;
/// assert_eq!(*counters.lock(limit)?, [0, 7]);
/// # Ok(())
/// # }
/// ```
///
/// Only the thread that has locked it can unlock it: the guard stays with it.
///
/// ```compile_fail,E0277
/// use std::time::Duration;
/// use multiprocessing::RobustMutex;
///
/// let mutex = RobustMutex::new(0_u64).unwrap();
/// let guard = mutex.lock(Duration::from_secs(1)).ok().unwrap();
/// std::thread::scope(|scope| {
///     scope.spawn(|| drop(guard)); // the guard is not `Send`
/// });
/// ```
///
/// It can be shared by threads only as its data can:
///
/// ```compile_fail,E0277
/// use std::{cell::Cell, time::Duration};
/// use multiprocessing::RobustMutex;
///
/// let mutex = RobustMutex::new(Cell::new(0_u64)).unwrap();
/// let guard = mutex.lock(Duration::from_secs(1)).ok().unwrap();
/// std::thread::scope(|scope| {
///     scope.spawn(|| guard.set(7)); // a `Cell` is not `Sync`
/// });
/// ```
///
/// # Trust
///
/// All processes that have its file are the same build of one program, and use
/// it by this type only. (A [`SharedMemory`] does not accept the file.) A process
/// that writes to the file itself, as to any file, can make the others crash or
/// write to any place: the C library follows the pointers that lie in there.
#[derive(Debug)]
pub struct RobustMutex<T> {
    mutex: BorrowedMutex<'static, Robust>,
    /// Each guard keeps it mapped, too: a guard that is leaked stays locked, and
    /// the C library has a list of what its thread has locked.
    memory: Arc<SharedMemory>,
    data: PhantomData<T>,
}

#[expect(unsafe_code, reason = "the data are behind a pointer")]
// SAFETY: as for std's `Mutex`: only the owner of the lock has a reference to
// the data, and it may be moved to the thread that locks next.
unsafe impl<T: Send> Sync for RobustMutex<T> {}
#[expect(unsafe_code, reason = "the data are behind a pointer")]
// SAFETY: as above.
unsafe impl<T: Send> Send for RobustMutex<T> {}

impl<T: FromBytes + Send> RobustMutex<T> {
    /// A new mutex, unlocked, with these data.
    ///
    /// # Errors
    ///
    /// The system has not so much memory, or no descriptor.
    #[expect(unsafe_code, reason = "the crate's mutex is where we say")]
    pub fn new(data: T) -> io::Result<RobustMutex<T>>
    where
        T: IntoBytes,
    {
        const { assert!(align_of::<T>() <= MUTEX) };
        let memory = SharedMemory::of_kind(Kind::Mutex, DATA + size_of::<T>())?;
        let mutex = MutexBuilder::<Robust>::new()
            .with_sharing(MutexSharing::Shared)
            .with_type(MutexType::ErrorCheck); // twice is an error
        let place = place(&memory, MUTEX, RawMutexAlloc::SIZE)?;
        // SAFETY: this many bytes lie there, aligned, and nobody else has them
        // yet. The memory outlives the mutex: see `RobustMutex::memory`.
        let mutex = unsafe { mutex.build_borrowed(place.cast(), &()) };
        // SAFETY: as above; a mapping begins at a page, so `DATA` is aligned.
        unsafe { place_of_data::<T>(&memory)?.write(data) };
        let header: &Header = memory.view(0)?;
        header.bytes.store(size_of::<T>() as u64, Relaxed);
        header.magic.store(MAGIC, Relaxed);
        Ok(RobustMutex { mutex, memory: Arc::new(memory), data: PhantomData })
    }

    /// The mutex of another process, whose file this one has inherited.
    ///
    /// # Errors
    ///
    /// This is no such mutex, or its data have another size.
    #[expect(unsafe_code, reason = "the crate's mutex is where we say")]
    pub fn from_file(file: OwnedFd) -> io::Result<RobustMutex<T>>
    where
        T: IntoBytes,
    {
        const { assert!(align_of::<T>() <= MUTEX) };
        let memory = SharedMemory::from_file_of_kind(Kind::Mutex, file)?;
        let header: &Header = memory.view(0)?;
        let right = header.magic.load(Relaxed) == MAGIC
            && header.bytes.load(Relaxed) == size_of::<T>() as u64
            && memory.len() >= DATA + size_of::<T>();
        if !right {
            let why = "no robust mutex, or one of other data";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let place = place(&memory, MUTEX, RawMutexAlloc::SIZE)?;
        // SAFETY: `new` has made a robust mutex there, before anybody could
        // inherit the file; see Trust. The memory outlives it, as in `new`.
        let mutex = unsafe { BorrowedMutex::from_raw(place.cast(), &()) };
        Ok(RobustMutex { mutex, memory: Arc::new(memory), data: PhantomData })
    }

    /// Its memory, to be inherited by a child.
    pub fn file(&self) -> BorrowedFd<'_> {
        self.memory.file()
    }

    /// What a child process inherits, usually as its standard input: there,
    /// [`inherited`](Self::inherited) finds the mutex.
    ///
    /// # Errors
    ///
    /// This process has no descriptor left.
    pub fn hand_over(&self) -> io::Result<Stdio> {
        self.memory.hand_over()
    }

    /// In a child process: the mutex that its parent has handed over as the
    /// standard input.
    ///
    /// # Errors
    ///
    /// The standard input is something else; see
    /// [`from_file`](Self::from_file).
    pub fn inherited() -> io::Result<RobustMutex<T>>
    where
        T: IntoBytes,
    {
        RobustMutex::from_file(io::stdin().as_fd().try_clone_to_owned()?)
    }

    /// Locks it, and waits for that at most `limit`, by the system's clock: who
    /// sets that back makes the wait longer.
    ///
    /// # Errors
    ///
    /// The owner died, and the lock is here: [`LockError::OwnerDied`]; or the
    /// lock is not here, for one of the other reasons.
    #[expect(unsafe_code, reason = "the crate's mutex is where we say")]
    pub fn lock(
        &self,
        limit: Duration,
    ) -> Result<Guard<'_, T>, LockError<'_, T>> {
        // SAFETY: it is a mutex as long as the memory is mapped, and only used
        // by this module. Each guard keeps the memory mapped.
        let entered = match unsafe { self.mutex.lock_for(limit) } {
            Ok(Some(RobustGuardContainer::Standard(entered))) => entered,
            Ok(Some(RobustGuardContainer::Indeterminate(entered))) => {
                // First this: if this process dies here, the next one is told.
                self.header().broken.store(1, Relaxed);
                entered.make_consistent().map_err(LockError::Other)?
            }
            Ok(None) => return Err(LockError::TimedOut),
            Err(MutexLockError::Deadlock) => return Err(LockError::OwnedHere),
            Err(why) => return Err(LockError::Other(why)),
        };
        HELD.fetch_add(1, Relaxed);
        let guard = Guard {
            _entered: entered,
            panicked: thread::panicking(),
            mutex: self,
            _mapped: Arc::clone(&self.memory),
            _data: PhantomData,
        };
        match self.header().broken.load(Relaxed) {
            0 => Ok(guard),
            _ => Err(LockError::OwnerDied(Abandoned(guard))),
        }
    }
}

impl<T> RobustMutex<T> {
    fn header(&self) -> &Header {
        self.memory.view(0).expect("it is in front of the data")
    }

    fn data(&self) -> *mut T {
        place_of_data(&self.memory).expect("they lie behind the mutex")
    }
}

fn place_of_data<T>(memory: &SharedMemory) -> io::Result<*mut T> {
    place(memory, DATA, size_of::<T>()).map(<*mut u8>::cast)
}

/// Where these bytes lie; they may be changed by this pointer.
fn place(
    memory: &SharedMemory,
    at: usize,
    bytes: usize,
) -> io::Result<*mut u8> {
    let bytes: &[AtomicU8] = memory.slice(at, bytes)?;
    Ok(ptr::from_ref(bytes).cast::<u8>().cast_mut())
}

/// The lock, and through it the data. Unlocks when it is dropped; after a panic
/// the next owner is told, as if this process had died.
#[derive(Debug)]
pub struct Guard<'a, T> {
    _entered: StandardGuard<'a>, // dropped first: unlocks
    panicked: bool,
    mutex: &'a RobustMutex<T>,
    _mapped: Arc<SharedMemory>,
    _data: PhantomData<&'a mut T>, // `Sync` only if the data are
}

impl<'a, T: FromBytes + Send> Guard<'a, T> {
    /// Waits until `ready` says so of the data, at most `limit`. Meanwhile the
    /// mutex is unlocked. It asks `ready` at first and after each
    /// [`notify`](Self::notify). `false`: the time was up before.
    ///
    /// In Python: `Condition.wait_for`.
    ///
    /// # Errors
    ///
    /// As [`RobustMutex::lock`], which has as much time again.
    pub fn wait_for(
        mut self,
        limit: Duration,
        mut ready: impl FnMut(&mut T) -> bool,
    ) -> Result<(Guard<'a, T>, bool), LockError<'a, T>> {
        let begun = Instant::now();
        loop {
            if ready(&mut self) {
                return Ok((self, true));
            }
            let left = limit.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Ok((self, false));
            }
            self = self.wait(left, limit)?.0;
        }
    }

    /// Waits for a [`notify`](Self::notify), at most `limit`, and for the lock
    /// after that at most `limit` again. `false`: nobody notified in time.
    ///
    /// In Python: `Condition.wait`.
    ///
    /// # Errors
    ///
    /// As [`RobustMutex::lock`].
    pub fn wait_once(
        self,
        limit: Duration,
    ) -> Result<(Guard<'a, T>, bool), LockError<'a, T>> {
        self.wait(limit, limit)
    }

    fn wait(
        self,
        limit: Duration,
        relock: Duration,
    ) -> Result<(Guard<'a, T>, bool), LockError<'a, T>> {
        let mutex = self.mutex;
        let changed = &mutex.header().changed;
        let number = changed.enter(); // still locked: no notification is missed
        drop(self);
        let woken = changed.sleep(number, limit);
        Ok((mutex.lock(relock)?, woken))
    }

    /// Wakes `count` of those that wait, or all if fewer do, and says how many
    /// that were. They have the lock one after the other, when it is free.
    ///
    /// In Python: `Condition.notify(count)`.
    pub fn notify(&self, count: u32) -> u32 {
        self.mutex.header().changed.notify(count)
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    #[expect(unsafe_code, reason = "the data are behind a pointer")]
    fn deref(&self) -> &T {
        // SAFETY: a `T` was written there, or its bytes changed since: `T` is
        // `FromBytes`. Whoever has the lock has the data alone.
        unsafe { &*self.mutex.data() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    #[expect(unsafe_code, reason = "the data are behind a pointer")]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`.
        unsafe { &mut *self.mutex.data() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        HELD.fetch_sub(1, Relaxed);
        if thread::panicking() && !self.panicked {
            self.mutex.header().broken.store(1, Relaxed);
        }
    }
}

/// The lock of an owner that died, or panicked, with it: it is held here now,
/// but the data may be changed by half.
///
/// If it is dropped without [`repaired`](Self::repaired), the next one that
/// locks is told again.
#[derive(Debug)]
pub struct Abandoned<'a, T>(Guard<'a, T>);

impl<'a, T> Abandoned<'a, T> {
    /// Says that the data are whole again.
    pub fn repaired(self) -> Guard<'a, T> {
        self.0.mutex.header().broken.store(0, Relaxed);
        self.0
    }
}

impl<T> Deref for Abandoned<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Abandoned<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

/// Why [`RobustMutex::lock`] has not just locked it.
#[derive(Debug)]
#[non_exhaustive]
pub enum LockError<'a, T> {
    /// It is locked, but its owner died, or panicked: look at the data.
    OwnerDied(Abandoned<'a, T>),
    /// Somebody else, who lives, had it all the time.
    TimedOut,
    /// This thread has it already.
    OwnedHere,
    /// The system says no.
    Other(MutexLockError),
}

impl<T> fmt::Display for LockError<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LockError::OwnerDied(_) => f.write_str("the owner died"),
            LockError::TimedOut => f.write_str("not unlocked in time"),
            LockError::OwnedHere => f.write_str("locked by this thread"),
            LockError::Other(why) => write!(f, "{why}"),
        }
    }
}

impl<T: fmt::Debug> std::error::Error for LockError<'_, T> {}

/// Without the lock, so that it can be handed on by `?`.
impl<T> From<LockError<'_, T>> for io::Error {
    fn from(why: LockError<'_, T>) -> io::Error {
        let kind = match why {
            LockError::TimedOut => io::ErrorKind::TimedOut,
            LockError::OwnedHere => io::ErrorKind::Deadlock,
            LockError::OwnerDied(_) | LockError::Other(_) => {
                io::ErrorKind::Other
            }
        };
        io::Error::new(kind, why.to_string())
    }
}
