//! Shared memory: a child sums 64 MiB that it did not have to receive.
//!
//!     cargo run --release -p multiprocessing --bin shared_memory
//!
//! Through a pipe the kernel copies each byte twice: out of the parent and into
//! the child. A child that keeps what it receives also has all of it a second
//! time. Memory that both processes map is there once, and nothing is copied.
//! The memory has no name: the child inherits its descriptor, here as standard
//! input. In Python: `multiprocessing.shared_memory.SharedMemory`.
//!
//! `ms` is the time of the child from its first read to the sum. PSS is the
//! resident memory of both processes; a page that both have counts once. The
//! first row is one `memcpy` of as many bytes in one process, to compare with.
//!
//! The program `shared_value` is the lesson that comes before this one.
//!
//! Claims: M4
//! Change this and watch: `PIPE` of 4 096. Through a pipe in small pieces the
//! child needs more time, and the row of the mapping stays as it is.
//!
//! Output (figures vary):
//!     way               ms  copied MiB  PSS MiB
//!     memcpy          11.3          64        -
//!     pipe            20.2         128       65
//!     pipe, all kept  57.0         128      129
//!     shared memory   14.1           0       65
//!     The article, M4: "It offers more than the process pool: shared memory."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to M4 is borne out: a child sums 64 MiB of shared memory 1.4 times as fast as 64 MiB from a pipe; the kernel copies 0 MiB instead of 128 MiB

use std::io::{Read, Write};
use std::process::{self, Child, Command};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use shared::measure::{Memory, NoiseMeter, best_of, ms, try_best_of};
use shared::{Result, Table, claim_timed, ensure, flags, role, say};
use shared::{notice_debug_build, watchdog::Watchdog};

/// With 64 a debug build would take too long.
const MIB: usize = if cfg!(debug_assertions) { 4 } else { 64 };
const COUNT: u64 = (MIB as u64) << 17; // each number has eight bytes
/// The size of each write and each read: as much as a pipe holds.
const PIPE: usize = 64 << 10;

fn main() -> Result {
    let _bound = Watchdog::guard("the sums", Duration::from_secs(20))?;
    if let Some([way, parent]) = role::started_as("summer") {
        return answer(&way, parent.parse()?);
    }
    flags([]);
    notice_debug_build();
    let meter = NoiseMeter::start();
    let mut table = Table::new(["way", "ms", "copied MiB", "PSS MiB"]);
    table.row([&"memcpy", &format_args!("{:.1}", memcpy()), &MIB, &"-"]);
    let mut row = |way, answer: Answer| {
        let Answer { ms, copied, pss, .. } = answer;
        table.row([&way, &format_args!("{ms:.1}"), &copied, &pss]);
        answer
    };
    let pipe = row("pipe", try_best_of(3, || through_a_pipe("sum"))?);
    row("pipe, all kept", try_best_of(3, || through_a_pipe("keep"))?);
    let mapped = row("shared memory", try_best_of(3, in_shared_memory)?);
    table.print();
    report(pipe, mapped, meter)
}

fn memcpy() -> f64 {
    let (from, mut to) = (vec![1_u8; MIB << 20], vec![2; MIB << 20]);
    best_of(3, || {
        let begun = Instant::now();
        to.copy_from_slice(&from);
        ms(begun.elapsed())
    })
}

fn through_a_pipe(way: &str) -> Result<Answer> {
    let mut numbers = Vec::with_capacity(MIB << 20);
    (1..=COUNT).for_each(|n| numbers.extend(n.to_ne_bytes()));
    let (from, mut to) = io::pipe()?;
    let child = summer(way)?.stdin(from).spawn()?;
    for piece in numbers.chunks(PIPE) {
        to.write_all(piece)?;
    }
    told(child)
}

fn in_shared_memory() -> Result<Answer> {
    let memory = share(COUNT as usize, |n| n as u64 + 1)?;
    told(summer("map")?.stdin(hand_over(&memory)?).spawn()?)
}

fn summer(way: &str) -> io::Result<Command> {
    let mut child = role::command("summer")?;
    child.arg(way).arg(process::id().to_string()).stdout(Stdio::piped());
    Ok(child)
}

/// What a child tells. The best one is the fastest: that comes first.
#[derive(Clone, Copy, PartialEq, PartialOrd, Deserialize, Serialize)]
struct Answer {
    ms: f64,
    sum: u64,
    copied: usize,
    pss: u64,
}

fn told(child: Child) -> Result<Answer> {
    let told = child.wait_with_output()?.stdout;
    let answer: Answer = serde_json::from_slice(&told)?;
    ensure(answer.sum == COUNT * (COUNT + 1) / 2, "a wrong sum")?;
    Ok(answer)
}

/// The child.
fn answer(way: &str, parent: u32) -> Result {
    let begun = Instant::now();
    let (mut all, mut received) = (Vec::new(), 0);
    let sum = match way {
        "map" => sum(&inherited()?)?,
        _ => receive(|piece| {
            received += piece.len();
            if way == "keep" {
                all.extend_from_slice(piece);
            }
        })?,
    };
    let ms = ms(begun.elapsed());
    let pss = (Memory::of(parent)?.pss + Memory::now()?.pss) >> 10;
    let copied = (2 * received) >> 20; // into the pipe, and out of it
    say!("{}", serde_json::to_string(&Answer { ms, sum, copied, pss })?);
    Ok(())
}

fn receive(mut keep: impl FnMut(&[u8])) -> io::Result<u64> {
    let (mut sum, mut piece) = (0, vec![0; PIPE]);
    for _ in 0..(MIB << 20) / PIPE {
        io::stdin().read_exact(&mut piece)?;
        let numbers = piece.as_chunks().0.iter();
        sum += numbers.map(|bytes| u64::from_ne_bytes(*bytes)).sum::<u64>();
        keep(&piece);
    }
    Ok(sum)
}

// ANCHOR: shared_memory
use std::io;
use std::os::fd::AsFd;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use multiprocessing::SharedMemory;

/// Shared memory with `count` numbers, which the function tells one by one. They
/// are made in place: no copy.
///
/// # Errors
///
/// `count` is 0, or there is not so much memory.
pub fn share(
    count: usize,
    number: impl Fn(usize) -> u64,
) -> io::Result<SharedMemory> {
    let memory = SharedMemory::new(count.saturating_mul(size_of::<u64>()))?;
    let places = memory.slice::<AtomicU64>(0, count)?;
    for (n, place) in places.iter().enumerate() {
        place.store(number(n), Relaxed);
    }
    Ok(memory)
}

/// What a child needs to find the memory: `command.stdin(hand_over(&memory)?)`.
///
/// # Errors
///
/// There is no descriptor left.
pub fn hand_over(memory: &SharedMemory) -> io::Result<Stdio> {
    Ok(memory.file().try_clone_to_owned()?.into())
}

/// In the child: the memory that it got as its standard input.
///
/// # Errors
///
/// Its standard input is something else.
pub fn inherited() -> io::Result<SharedMemory> {
    SharedMemory::from_file(io::stdin().as_fd().try_clone_to_owned()?)
}

/// The sum of all numbers in there (modulo 2^64). Who is still writing spoils it.
///
/// # Errors
///
/// None, with memory from [`share`].
pub fn sum(memory: &SharedMemory) -> io::Result<u64> {
    let numbers = memory.slice::<AtomicU64>(0, memory.len() / 8)?;
    let numbers = numbers.iter().map(|number| number.load(Relaxed));
    Ok(numbers.fold(0, u64::wrapping_add))
}
// ANCHOR_END: shared_memory

fn report(pipe: Answer, mapped: Answer, meter: NoiseMeter) -> Result {
    let faster = pipe.ms / mapped.ms;
    let figure = format!(
        "a child sums {MIB} MiB of shared memory {faster:.1} times as fast as \
         {MIB} MiB from a pipe; the kernel copies {} MiB instead of {} MiB",
        mapped.copied, pipe.copied
    );
    // A debug build is slow at sums, wherever the numbers come from.
    let pays = faster > 1.0 || cfg!(debug_assertions);
    claim_timed("M4", pays && mapped.copied == 0, meter.read(), figure)
}
