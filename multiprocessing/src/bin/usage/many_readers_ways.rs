//! Readers and a writer: a lock, a seqlock and a double buffer compared.
//!
//!     cargo run --release -p multiprocessing --bin many_readers_ways
//!
//! One process writes 64 words of shared memory all the time, and four others
//! read them. There are three cures of a torn read:
//!
//! - A lock lets one process in at a time: readers and the writer wait for
//!   each other. If the writer is killed, a robust mutex tells the next owner.
//! - With a seqlock the writer never waits: a reader that meets a write reads
//!   again. If the writer is killed in a write, the reads fail until a new
//!   writer takes over.
//! - A double buffer has the words twice. The writer fills one block while the
//!   readers read the other one. If the writer is killed in a write, the
//!   readers still find the last whole block.
//!
//! The program `many_readers` is the lesson that comes before this one: it
//! shows a torn read. Here a torn read ends the program with an error.
//!
//! Change this and watch: set `PAUSE` to 0. The writer leaves less time to
//! read, and the seqlock has fewer reads than before.
//!
//! Output (figures vary):
//!     lock: 1973 reads per ms
//!     seqlock: 5346 reads per ms
//!     two buffers: 6402 reads per ms
//!     4 processes had no torn read in any of these ways

use std::process::{self, Child, Stdio};
use std::time::{Duration, Instant};
use std::{hint::spin_loop, io, os::fd::OwnedFd};

use multiprocessing::seqlock::SeqLock;
use multiprocessing::{RobustMutex, SharedMemory, end_with_parent};
use shared::{Result, ensure, flags, role, say};
use shared::{notice_debug_build, watchdog::Watchdog};

const READERS: u64 = 4;
const WINDOW: Duration = Duration::from_millis(150);
const PAUSE: u64 = 20; // between two writes: less than a microsecond
const TRIES: usize = 1_000;
const LIMIT: Duration = Duration::from_secs(10);
type Words = [u64; WORDS];

fn main() -> Result {
    if let Some([work, way, parent]) = role::started_as("child") {
        end_with_parent(parent.parse()?)?;
        return child(&work, &way);
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the reads", Duration::from_secs(20))?;
    for way in ["lock", "seqlock", "two buffers"] {
        say!("{way}: {} reads per ms", reads_per_ms(way)?);
    }
    say!("{READERS} processes had no torn read in any of these ways");
    Ok(())
}

/// A child writes until four others have read for a while.
fn reads_per_ms(way: &str) -> Result<u64> {
    let memory = memory_for(way)?;
    let start = |work| {
        let mut child = role::command("child")?;
        child.args([work, way, &process::id().to_string()]);
        child.stdin(memory.try_clone()?).stdout(Stdio::piped()).spawn()
    };
    let mut writer = start("write")?;
    let readers = (0..READERS).map(|_| start("read"));
    let readers: Vec<Child> = readers.collect::<io::Result<_>>()?;
    let mut reads = 0;
    for reader in readers {
        let output = reader.wait_with_output()?;
        ensure(output.status.success(), "a reader has failed")?;
        reads += String::from_utf8(output.stdout)?.trim().parse::<u64>()?;
    }
    ensure(writer.try_wait()?.is_none(), "the writer has failed")?;
    writer.kill()?;
    writer.wait()?;
    Ok(reads / WINDOW.as_millis() as u64)
}

/// All bytes are 0 at first: that is a seqlock, and that is a double buffer.
fn memory_for(way: &str) -> io::Result<OwnedFd> {
    if way == "lock" {
        let words: Words = [0; WORDS];
        return RobustMutex::new(words)?.file().try_clone_to_owned();
    }
    SharedMemory::new(4_096)?.file().try_clone_to_owned() // enough for both
}

/// A child: its standard input is the memory.
fn child(work: &str, way: &str) -> Result {
    if way == "lock" {
        let mutex = RobustMutex::<Words>::inherited()?;
        let lock = || mutex.lock(LIMIT);
        return match work {
            "write" => write(|words| *lock().expect("it is free soon") = words),
            _ => read(|| Ok(Some(*lock()?))),
        };
    }
    let memory = SharedMemory::inherited()?;
    let seqlock: &SeqLock<WORDS> = memory.view(0)?;
    let buffers: &TwoBuffers<WORDS> = memory.view(0)?;
    match (way, work) {
        ("seqlock", "write") => {
            write(|words| seqlock.write(&words).expect("one writer"))
        }
        ("seqlock", _) => read(|| Ok(seqlock.read(TRIES))),
        (_, "write") => write(|words| buffers.write(&words)),
        _ => read(|| Ok(latest(buffers))),
    }
}

/// Writes until this process is killed.
fn write(write: impl Fn(Words)) -> Result {
    for n in 1.. {
        write([n; WORDS]);
        (0..PAUSE).for_each(|_| spin_loop());
    }
    Ok(())
}

fn read(read: impl Fn() -> Result<Option<Words>>) -> Result {
    let (begun, mut reads) = (Instant::now(), 0);
    while begun.elapsed() < WINDOW {
        if let Some(words) = read()? {
            ensure(words == [words[0]; WORDS], "a torn read")?;
            reads += 1;
        }
    }
    say!("{reads}");
    Ok(())
}

// ANCHOR: many_readers_ways
use multiprocessing::seqlock::TwoBuffers;

/// How many words are written and read together.
pub const WORDS: usize = 64;

/// In each process that reads: the words of the latest whole write, even if the
/// writer has died. (The process that writes calls `board.write(&words)`.)
///
/// `None`: the writer wrote twice during each of a thousand tries.
pub fn latest(board: &TwoBuffers<WORDS>) -> Option<[u64; WORDS]> {
    board.read(1_000)
}
// ANCHOR_END: many_readers_ways
