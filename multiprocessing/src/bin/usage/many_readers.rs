//! Torn reads: one process writes, four others read at the same time.
//!
//!     cargo run --release -p multiprocessing --bin many_readers
//!
//! The writer fills 64 words of shared memory with one number, and again with
//! the next one, all the time. A read that sees two numbers is torn. A lock lets
//! one process in at a time. A seqlock has a version, which is odd while the
//! writer writes: if it is odd or has changed, a reader reads again. With two
//! buffers the writer fills the one that nobody should read, and then makes it
//! the current one: even if the writer is killed inside, readers find the last
//! whole block. (With a lock they would wait for ever.) `Gave up` counts reads
//! that had no whole block in 1 000 tries.
//!
//! The program `shared_race` is the lesson that comes before this one.
//!
//! Claims: M5
//! Change this and watch: `if true` instead of the comparison of versions in
//! `SeqLock::read`. The seqlock then has torn reads, and M5 is contradicted.
//!
//! Output (figures vary):
//!     way            reads/ms   torn  gave up
//!     no protection      5592  37508        0
//!     lock               5215      0        0
//!     seqlock            6259      0        0
//!     two buffers        7790      0        0
//!     The article, M5: "Shared memory is hard to reason about, even between threads of one process."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to M5 is borne out: 4 processes had 37508 torn reads of shared memory without protection, and 0 with a lock, a seqlock or two buffers

use std::hint::spin_loop;
use std::io::{self, stdin};
use std::os::{fd::AsFd, unix::process::parent_id};
use std::process::{self, Child, Stdio};
use std::time::{Duration, Instant};

use multiprocessing::SharedMemory;
use nix::sys::{prctl::set_pdeathsig, signal::Signal::SIGKILL};
use shared::{Result, Table, claim, ensure, flags, role};
use shared::{notice_debug_build, watchdog::Watchdog};

const READERS: u64 = 4;
const WINDOW: Duration = Duration::from_millis(150);
const TRIES: usize = 1_000;
const WAYS: [&str; 4] = ["no protection", "lock", "seqlock", "two buffers"];

fn main() -> Result {
    if let Some([way, parent]) = role::started_as("reader") {
        return read_for_a_while(&way, &parent);
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the reads", Duration::from_secs(20))?;
    let mut table = Table::new(["way", "reads/ms", "torn", "gave up"]);
    let mut torn = Vec::new();
    for way in WAYS {
        let memory = write_while_read(way)?;
        let board: &Board = memory.view(0)?;
        let [whole, bad, none] = [&board.whole, &board.torn, &board.gave_up]
            .map(|count| count.load(Relaxed));
        table.row([&way, &(whole / WINDOW.as_millis() as u64), &bad, &none]);
        torn.push(bad);
    }
    table.print();
    let protected: u64 = torn[1..].iter().sum();
    let figure = format!(
        "{READERS} processes had {} torn reads of shared memory without \
         protection, and {protected} with a lock, a seqlock or two buffers",
        torn[0]
    );
    claim("M5", torn[0] > 0 && protected == 0, figure)
}

shared! {
    struct Board {
        begun: AtomicU64,
        ended: AtomicU64,
        whole: AtomicU64,
        torn: AtomicU64,
        gave_up: AtomicU64,
        locked: AtomicU64,
        block: [AtomicU64; WORDS],
        seqlock: SeqLock,
        buffers: TwoBuffers,
    }
}

/// The parent writes until all readers have ended.
fn write_while_read(way: &str) -> Result<SharedMemory> {
    let memory = SharedMemory::new(size_of::<Board>())?;
    let board: &Board = memory.view(0)?;
    let readers = (0..READERS).map(|_| {
        role::command("reader")?
            .args([way, &process::id().to_string()])
            .stdin(Stdio::from(memory.file().try_clone_to_owned()?))
            .spawn()
    });
    let readers: Vec<Child> = readers.collect::<io::Result<_>>()?;
    if way == WAYS[0] {
        // Forced: all readers begin while half of the block is written.
        store(&board.block[..WORDS / 2], &[1; WORDS]);
    }
    while board.begun.load(Acquire) < READERS {
        yield_now();
    }
    for n in 1.. {
        write(board, way, &[n; WORDS]);
        (0..20).for_each(|_| spin_loop()); // less than a microsecond
        if board.ended.load(Acquire) == READERS {
            break;
        }
    }
    for mut reader in readers {
        ensure(reader.wait()?.success(), "a reader did not end well")?;
    }
    Ok(memory)
}

fn write(board: &Board, way: &str, words: &[u64; WORDS]) {
    match way {
        "lock" => locked(board, || store(&board.block, words)),
        "seqlock" => board.seqlock.write(words).expect("one process writes"),
        "two buffers" => board.buffers.write(words),
        _ => store(&board.block, words),
    }
}

fn read(board: &Board, way: &str) -> Option<[u64; WORDS]> {
    match way {
        "lock" => Some(locked(board, || load(&board.block))),
        "seqlock" => board.seqlock.read(TRIES),
        "two buffers" => board.buffers.read(TRIES),
        _ => Some(load(&board.block)),
    }
}

fn locked<T>(board: &Board, work: impl FnOnce() -> T) -> T {
    let lock = &board.locked;
    while lock.compare_exchange(0, 1, Acquire, Relaxed).is_err() {
        yield_now();
    }
    let done = work();
    lock.store(0, Release);
    done
}

/// The child: its standard input is the shared memory.
fn read_for_a_while(way: &str, parent: &str) -> Result {
    set_pdeathsig(SIGKILL)?; // it ends when its parent ends,
    if parent_id().to_string() != parent {
        return Ok(()); // which may have been before that line
    }
    let _bound = Watchdog::guard("the reads", Duration::from_secs(20))?;
    let memory =
        SharedMemory::from_file(stdin().as_fd().try_clone_to_owned()?)?;
    let board: &Board = memory.view(0)?;
    let (mut first, begun) = (true, Instant::now());
    while first || begun.elapsed() < WINDOW {
        let count = match read(board, way) {
            Some(words) if words == [words[0]; WORDS] => &board.whole,
            Some(_) => &board.torn,
            None => &board.gave_up,
        };
        count.fetch_add(1, Relaxed);
        board.begun.fetch_add(u64::from(first), Release);
        first = false;
    }
    board.ended.fetch_add(1, Release);
    Ok(())
}

// ANCHOR: many_readers
use std::sync::atomic::{AtomicU64, Ordering::*, fence};
use std::thread::yield_now;

use multiprocessing::shared;

/// How many words are written and read together.
pub const WORDS: usize = 64;

shared! {
    /// A seqlock: words in shared memory, which one process writes and many
    /// read. The writer never waits; readers never disturb it.
    pub struct SeqLock {
        version: AtomicU64, // odd while somebody writes
        words: [AtomicU64; WORDS],
    }
}

/// Another process writes, or has died while it wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

impl SeqLock {
    /// Replaces all words. To be called by one process at a time.
    ///
    /// # Errors
    ///
    /// Another one is inside, or has died inside. Nothing has been written.
    pub fn write(&self, words: &[u64; WORDS]) -> Result<(), Busy> {
        let even = self.version.load(Relaxed) & !1;
        let enter = |from, to| {
            self.version.compare_exchange(from, to, Acquire, Relaxed)
        };
        enter(even, even + 1).map_err(|_| Busy)?;
        // Who sees one of the new words below, sees the odd version, too: this
        // fence meets the fence of the reader.
        fence(Release);
        store(&self.words, words);
        // Who sees this version sees all new words.
        self.version.store(even + 2, Release);
        Ok(())
    }

    /// Words that were written together; `None` if somebody wrote during each of
    /// the tries, or has died while it wrote.
    pub fn read(&self, tries: usize) -> Option<[u64; WORDS]> {
        for _ in 0..tries {
            let before = self.version.load(Acquire);
            if before.is_multiple_of(2) {
                let words = load(&self.words);
                fence(Acquire); // the words are read before the version
                if self.version.load(Relaxed) == before {
                    return Some(words);
                }
            }
            yield_now();
        }
        None
    }
}

/// Word by word: each is whole, all together may be torn.
fn store(to: &[AtomicU64], from: &[u64]) {
    to.iter().zip(from).for_each(|(to, from)| to.store(*from, Relaxed));
}

fn load(from: &[AtomicU64; WORDS]) -> [u64; WORDS] {
    from.each_ref().map(|word| word.load(Relaxed))
}
// ANCHOR_END: many_readers

shared! {
    /// Two blocks: one is current while the next one is written.
    struct TwoBuffers {
        generation: AtomicU64,
        blocks: [[AtomicU64; WORDS]; 2],
    }
}

impl TwoBuffers {
    fn write(&self, words: &[u64; WORDS]) {
        let next = self.generation.load(Relaxed) + 1;
        fence(Release); // as in a seqlock: the last generation comes first
        store(&self.blocks[next as usize % 2], words);
        self.generation.store(next, Release);
    }

    fn read(&self, tries: usize) -> Option<[u64; WORDS]> {
        (0..tries).find_map(|_| {
            let before = self.generation.load(Acquire);
            let words = load(&self.blocks[before as usize % 2]);
            fence(Acquire);
            // Otherwise this block may be in work again.
            (self.generation.load(Relaxed) == before).then_some(words)
        })
    }
}
