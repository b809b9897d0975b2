//! Words in shared memory that one process writes and many read: a seqlock and
//! a double buffer. Each reader has the words of one write, never a torn read.
//!
//! | | writer | readers | a writer that dies while it writes |
//! |---|---|---|---|
//! | [`SeqLock`] | never waits | read again if it writes | no reader gets words until [`SeqLock::take_over`] |
//! | [`TwoBuffers`] | never waits | read again after two writes | the readers get the words of the last whole write |
//!
//! ```
//! use multiprocessing::SharedMemory;
//! use multiprocessing::seqlock::{Busy, SeqLock};
//!
//! # fn main() -> std::io::Result<()> {
//! let memory = SharedMemory::new(size_of::<SeqLock<3>>())?;
//! // A child has its own view of the same memory.
//! let prices: &SeqLock<3> = memory.view(0)?;
//! assert_eq!(prices.read(1), Some([0; 3]));
//! assert_eq!(prices.write(&[19, 5, 7]), Ok(()));
//! assert_eq!(prices.read(1), Some([19, 5, 7]));
//! # Ok(())
//! # }
//! ```

use std::sync::atomic::{AtomicU64, Ordering::*, fence};
use std::{error, fmt, thread::yield_now};

use zerocopy::FromBytes;

use crate::Shared;

/// A seqlock ("sequence lock"): `N` words, and a version that is odd while a
/// process writes. A reader that has seen an odd version, or two versions, reads
/// again.
///
/// New memory is a seqlock whose words are 0.
#[derive(Debug, FromBytes)]
#[repr(C)]
pub struct SeqLock<const N: usize> {
    version: AtomicU64,
    words: [AtomicU64; N],
}

#[expect(unsafe_code, reason = "`shared!` knows no structure with `N`")]
// SAFETY: every part is an atomic, or an array of atomics.
unsafe impl<const N: usize> Shared for SeqLock<N> {}

/// Another process is writing, or has died while it was writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another process is writing, or has died in a write")
    }
}

impl error::Error for Busy {}

impl<const N: usize> SeqLock<N> {
    /// Replaces all words. One process at a time may write.
    ///
    /// # Errors
    ///
    /// Another process is writing, or has died while it was writing. Nothing has
    /// been changed.
    pub fn write(&self, words: &[u64; N]) -> Result<(), Busy> {
        let even = self.version.load(Relaxed) & !1;
        let odd = even + 1;
        self.version
            .compare_exchange(even, odd, Acquire, Relaxed)
            .map_err(|_| Busy)?;
        self.write_as(odd, words);
        Ok(())
    }

    /// Replaces all words after [`Busy`]. Only for a process that knows that the
    /// old writer has ended, and that is the only new one. (If the old writer
    /// still lives, torn reads are possible.)
    pub fn take_over(&self, words: &[u64; N]) {
        let odd = self.version.load(Relaxed) | 1;
        self.version.store(odd, Relaxed);
        self.write_as(odd, words);
    }

    fn write_as(&self, odd: u64, words: &[u64; N]) {
        // This fence meets the fence in `read`: a reader that has seen one of
        // the new words also sees the odd version.
        fence(Release);
        store(&self.words, words);
        // A reader that sees this version sees all of the new words.
        self.version.store(odd.wrapping_add(1), Release);
    }

    /// Words that were written together. It reads at most `tries` times; between
    /// two tries it lets other threads run.
    ///
    /// `None`: a process wrote during each try, or has died while it wrote.
    pub fn read(&self, tries: usize) -> Option<[u64; N]> {
        for _ in 0..tries {
            let before = self.version.load(Acquire);
            if before.is_multiple_of(2) {
                let words = load(&self.words);
                fence(Acquire); // first the words, then the version again
                if self.version.load(Relaxed) == before {
                    return Some(words);
                }
            }
            yield_now();
        }
        None
    }
}

/// A double buffer: two blocks of `N` words. The writer fills the block that is
/// not current, and then makes it the current one. If the writer dies, even in
/// the middle of a write, the readers find the last whole block.
///
/// New memory is a double buffer whose words are 0.
#[derive(Debug, FromBytes)]
#[repr(C)]
pub struct TwoBuffers<const N: usize> {
    generation: AtomicU64,
    blocks: [[AtomicU64; N]; 2],
}

#[expect(unsafe_code, reason = "as above")]
// SAFETY: as above.
unsafe impl<const N: usize> Shared for TwoBuffers<N> {}

impl<const N: usize> TwoBuffers<N> {
    /// Replaces all words. One process at a time may write: with two, readers
    /// may get words of both.
    pub fn write(&self, words: &[u64; N]) {
        let next = self.generation.load(Relaxed).wrapping_add(1);
        // This fence meets the fence in `read`: a reader that has seen one of
        // the new words also sees that its own block is current no more.
        fence(Release);
        store(self.block(next), words);
        self.generation.store(next, Release);
    }

    /// Words that were written together. It reads at most `tries` times.
    ///
    /// `None`: during each try a process has written twice.
    pub fn read(&self, tries: usize) -> Option<[u64; N]> {
        (0..tries).find_map(|_| {
            let before = self.generation.load(Acquire);
            let words = load(self.block(before));
            fence(Acquire); // first the words, then the generation again
            // If the other block is current now, the next write may already
            // have begun to fill this one.
            (self.generation.load(Relaxed) == before).then_some(words)
        })
    }

    fn block(&self, generation: u64) -> &[AtomicU64; N] {
        &self.blocks[generation as usize % 2]
    }
}

/// Word by word: each word is whole, but all together may be torn.
fn store(to: &[AtomicU64], from: &[u64]) {
    to.iter().zip(from).for_each(|(to, from)| to.store(*from, Relaxed));
}

fn load<const N: usize>(from: &[AtomicU64; N]) -> [u64; N] {
    from.each_ref().map(|word| word.load(Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SharedMemory;
    use std::sync::atomic::AtomicBool;
    use std::thread;

    /// Both processes, with a mapping for each of them.
    fn twice<T: Shared>() -> [SharedMemory; 2] {
        let one = SharedMemory::new(size_of::<T>()).unwrap();
        let file = one.file().try_clone_to_owned().unwrap();
        [one, SharedMemory::from_file(file).unwrap()]
    }

    /// One thread writes, three read at the same time.
    fn readers_get_whole_blocks_in_order<T: Shared + Sync>(
        write: impl Fn(&T, &[u64; 64]),
        read: impl Fn(&T) -> Option<[u64; 64]> + Sync,
    ) {
        let [writes, reads] = twice::<T>();
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let mut last = 0;
                    while !stop.load(SeqCst) {
                        if let Some(words) = read(reads.view(0).unwrap()) {
                            assert_eq!(words, [words[0]; 64]);
                            assert!(words[0] >= last, "an older block");
                            last = words[0];
                        }
                    }
                });
            }
            for n in 1..=20_000 {
                write(writes.view(0).unwrap(), &[n; 64]);
            }
            stop.store(true, SeqCst);
        });
        assert_eq!(read(reads.view(0).unwrap()), Some([20_000; 64]));
    }

    #[test]
    fn a_seqlock_gives_whole_blocks_to_all_readers() {
        readers_get_whole_blocks_in_order(
            |lock: &SeqLock<64>, words| lock.write(words).unwrap(),
            |lock| lock.read(100),
        );
    }

    #[test]
    fn two_buffers_give_whole_blocks_to_all_readers() {
        readers_get_whole_blocks_in_order(TwoBuffers::write, |buffers| {
            buffers.read(100)
        });
    }

    /// As a writer leaves it that was killed in a write: odd, words by half.
    #[test]
    fn a_writer_that_died_in_a_write_makes_nobody_wait() {
        let [one, two] = twice::<SeqLock<4>>();
        let lock: &SeqLock<4> = one.view(0).unwrap();
        lock.write(&[7; 4]).unwrap();
        two.view::<AtomicU64>(0).unwrap().fetch_add(1, SeqCst);
        two.view::<AtomicU64>(8).unwrap().store(8, SeqCst);
        assert_eq!(lock.read(1_000), None);
        assert_eq!(lock.write(&[9; 4]), Err(Busy));
        assert_eq!(lock.read(1), None);
        lock.take_over(&[9; 4]);
        assert_eq!(lock.read(1), Some([9; 4]));
        assert_eq!(lock.write(&[10; 4]), Ok(()));
        lock.take_over(&[11; 4]); // nobody was inside: a write as any other
        assert_eq!(lock.read(1), Some([11; 4]));
    }

    #[test]
    fn a_double_buffer_keeps_the_last_whole_block() {
        let [one, two] = twice::<TwoBuffers<4>>();
        let buffers: &TwoBuffers<4> = one.view(0).unwrap();
        for n in 0..5 {
            buffers.write(&[n; 4]);
            // The writer dies while it fills the other block.
            let other = &two.view::<TwoBuffers<4>>(0).unwrap().block(n);
            other[0].store(99, SeqCst);
            assert_eq!(buffers.read(1), Some([n; 4]));
        }
    }

    #[test]
    fn no_words_are_words_too() {
        let [one, _] = twice::<SeqLock<0>>();
        let lock: &SeqLock<0> = one.view(0).unwrap();
        assert_eq!(lock.write(&[]), Ok(()));
        assert_eq!(lock.read(1), Some([]));
    }

    /// Another process may have written any version.
    #[test]
    fn versions_may_overflow() {
        let [one, two] = twice::<SeqLock<4>>();
        let lock: &SeqLock<4> = one.view(0).unwrap();
        two.view::<AtomicU64>(0).unwrap().store(u64::MAX - 1, SeqCst);
        assert_eq!(lock.write(&[7; 4]), Ok(()));
        assert_eq!(lock.read(1), Some([7; 4]));
        two.view::<AtomicU64>(0).unwrap().store(u64::MAX, SeqCst);
        lock.take_over(&[8; 4]);
        assert_eq!(lock.read(1), Some([8; 4]));

        let [one, two] = twice::<TwoBuffers<4>>();
        let buffers: &TwoBuffers<4> = one.view(0).unwrap();
        two.view::<AtomicU64>(0).unwrap().store(u64::MAX, SeqCst);
        buffers.write(&[9; 4]);
        assert_eq!(buffers.read(1), Some([9; 4]));
    }
}
