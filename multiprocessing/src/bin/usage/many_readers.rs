//! Torn read: a reader sees a block in which only some of the words are new.
//!
//!     cargo run -p multiprocessing --bin many_readers
//!
//! A writer fills 64 words of shared memory with one number, then with the next
//! number, all the time. Four other processes read the words. Each word is an
//! atomic, so each word is whole. But a process that reads during a write gets
//! some words with the old number and some with the new one: a torn read. The
//! cure here is a seqlock. It has a version, which is odd while the writer
//! writes. A reader reads again if the version was odd, or has changed. So the
//! writer never waits for a reader. In Python the cure is `with lock:` on both
//! sides.
//!
//! The program `many_readers_ways` compares a seqlock with other cures.
//!
//! Claims: M5
//! Change this and watch: in `SeqLock::read` (`multiprocessing/src/seqlock.rs`)
//! write `== before || true` instead of `== before`. Then the seqlock has torn
//! reads, and M5 is contradicted.
//!
//! Output (figures vary):
//!     plain words: 19565 of 20000 reads are torn
//!     seqlock: 0 of 20000 reads are torn
//!     The article, M5: "Shared memory is hard to reason about, even between threads of one process."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to M5 is borne out: 19565 of 20000 reads of plain words are torn, 0 of 20000 with a seqlock

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::{process, thread::yield_now, time::Duration};

use multiprocessing::{SharedMemory, end_with_parent, shared};
use shared::{Result, claim, ensure, flags, role, say, watchdog::Watchdog};

const READERS: u64 = 4;
const READS: u64 = 5_000;

fn main() -> Result {
    if let Some([way, parent]) = role::started_as("reader") {
        return read_many(&way, parent.parse()?);
    }
    flags([]);
    let _bound = Watchdog::guard("the reads", Duration::from_secs(20))?;
    let all = READERS * READS;
    let plain = torn_reads("plain")?;
    say!("plain words: {plain} of {all} reads are torn");
    let seqlock = torn_reads("seqlock")?;
    say!("seqlock: {seqlock} of {all} reads are torn");
    let figure = format!(
        "{plain} of {all} reads of plain words are torn, {seqlock} of {all} \
         with a seqlock"
    );
    claim("M5", plain > 0 && seqlock == 0, figure)
}

// `shared!` is a macro of `multiprocessing`: it accepts only atomics. (This is
// not the crate `shared`, which all programs here use.)
shared! {
    struct Board {
        plain: [AtomicU64; WORDS],
        seqlock: SeqLock<WORDS>,
        reads: AtomicU64,
        torn: AtomicU64,
    }
}

/// The parent writes until all reads are done.
fn torn_reads(way: &str) -> Result<u64> {
    let memory = SharedMemory::new(size_of::<Board>())?;
    let board: &Board = memory.view(0)?;
    // Forced: the first reads of each reader find a write that is half done.
    // All later ones race with the writer.
    store(&board.plain[..WORDS / 2], 1);
    let mut readers = Vec::new();
    for _ in 0..READERS {
        let mut reader = role::command("reader")?;
        reader.args([way, &process::id().to_string()]);
        readers.push(reader.stdin(memory.hand_over()?).spawn()?);
    }
    while board.reads.load(Relaxed) < READERS {
        yield_now(); // until there have been a few such reads
    }
    let mut n = 1;
    while board.reads.load(Relaxed) < READERS * READS {
        n += 1;
        match way {
            "plain" => store(&board.plain, n),
            _ => board.seqlock.write(&[n; WORDS])?,
        }
    }
    for mut reader in readers {
        ensure(reader.wait()?.success(), "a reader has failed")?;
    }
    Ok(board.torn.load(Relaxed))
}

fn store(words: &[AtomicU64], n: u64) {
    words.iter().for_each(|word| word.store(n, Relaxed));
}

/// The child: its standard input is the shared memory.
fn read_many(way: &str, parent: u32) -> Result {
    end_with_parent(parent)?;
    let memory = SharedMemory::inherited()?;
    let board: &Board = memory.view(0)?;
    for _ in 0..READS {
        let words = match way {
            // WRONG: the writer may be in the middle of a write.
            "plain" => board.plain.each_ref().map(|word| word.load(Relaxed)),
            _ => latest(&board.seqlock)?,
        };
        let torn = words != [words[0]; WORDS];
        board.torn.fetch_add(u64::from(torn), Relaxed);
        board.reads.fetch_add(1, Relaxed);
    }
    Ok(())
}

// ANCHOR: many_readers
use std::io;

use multiprocessing::seqlock::SeqLock;

/// How many words are written and read together.
pub const WORDS: usize = 64;

/// In each process that reads: the words of the latest write. (The process that
/// writes calls `board.write(&words)`.)
///
/// # Errors
///
/// A million tries (about a second) have failed: the writer was writing each
/// time, or the writer has died while it was writing.
pub fn latest(board: &SeqLock<WORDS>) -> io::Result<[u64; WORDS]> {
    let why = "the writer leaves no time to read, or has died";
    board.read(1_000_000).ok_or_else(|| io::Error::other(why))
}
// ANCHOR_END: many_readers
