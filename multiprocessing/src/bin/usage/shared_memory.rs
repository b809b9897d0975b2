//! Shared memory: a child sums 64 MiB that nobody had to copy.
//!
//!     cargo run --release -p multiprocessing --bin shared_memory
//!
//! The parent has 64 MiB of numbers, and a child needs their sum. Through a
//! pipe the kernel copies each byte twice: from the parent into the pipe, and
//! from the pipe into the child. Then both processes have all of the bytes.
//! Shared memory is there once: both processes map it, and nothing is copied.
//! It has no name: the child inherits its descriptor as standard input. In
//! Python: `multiprocessing.shared_memory.SharedMemory`.
//!
//! Each time begins just before the child reads or maps, and ends with the sum.
//! With the mapping, a third of the time goes to page faults, because the child
//! touches each page for the first time.
//!
//! The program `shared_value` is the next lesson: there all processes write.
//! The program `shared_pages` of the crate futures_pool measures the memory.
//!
//! Claims: M4
//! Change this and watch: in `in_shared_memory`, write `|n| n as u64`. Then the
//! child finds a wrong sum, and the program ends with an error.
//!
//! Output (figures vary):
//!     pipe: the sum after 98.4 ms
//!     shared memory: the sum after 21.7 ms
//!     The article, M4: "It offers more than the process pool: shared memory."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to M4 is borne out: a child sums 64 MiB of shared memory 4.5 times as fast as 64 MiB from a pipe

use std::io::{self, Read, Write};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use shared::measure::{NoiseMeter, ms, try_best_of};
use shared::{Result, claim_timed, ensure, flags, role, say};
use shared::{notice_debug_build, watchdog::Watchdog};

/// With 64 a debug build would take too long.
const MIB: usize = if cfg!(debug_assertions) { 4 } else { 64 };
const COUNT: usize = MIB * 1_024 * 1_024 / size_of::<u64>();
const SUM: u64 = COUNT as u64 * (COUNT as u64 + 1) / 2;

fn main() -> Result {
    if let Some([way]) = role::started_as("summer") {
        return tell_sum(&way);
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the sums", Duration::from_secs(20))?;
    let meter = NoiseMeter::start();
    let pipe = try_best_of(5, through_a_pipe)?;
    say!("pipe: the sum after {pipe:.1} ms");
    let mapped = try_best_of(5, in_shared_memory)?;
    say!("shared memory: the sum after {mapped:.1} ms");
    let faster = pipe / mapped;
    let figure = format!(
        "a child sums {MIB} MiB of shared memory {faster:.1} times as fast as \
         {MIB} MiB from a pipe"
    );
    claim_timed("M4", faster > 1.0, meter.read(), figure)
}

fn through_a_pipe() -> Result<f64> {
    let numbers = (1..=COUNT as u64).flat_map(u64::to_ne_bytes);
    let numbers: Vec<u8> = numbers.collect();
    let (from, mut to) = io::pipe()?;
    let child = summer("pipe", from.into())?;
    to.write_all(&numbers)?;
    drop(to); // so the pipe ends, and the child knows that this was all
    told(child)
}

fn in_shared_memory() -> Result<f64> {
    let memory = share(COUNT, |n| n as u64 + 1)?;
    told(summer("shared memory", memory.hand_over()?)?)
}

fn summer(way: &str, stdin: Stdio) -> io::Result<Child> {
    let mut child = role::command("summer")?;
    child.arg(way).stdin(stdin).stdout(Stdio::piped()).spawn()
}

/// How many milliseconds the child says that it has needed.
fn told(child: Child) -> Result<f64> {
    let output = child.wait_with_output()?;
    ensure(output.status.success(), "the child has failed")?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// The child: its standard input is the memory, or the pipe.
fn tell_sum(way: &str) -> Result {
    let begun = Instant::now();
    let sum = if way == "pipe" {
        let mut received = Vec::with_capacity(8 * COUNT);
        io::stdin().read_to_end(&mut received)?;
        let numbers = received.as_chunks().0.iter(); // eight bytes each
        numbers.map(|eight| u64::from_ne_bytes(*eight)).sum()
    } else {
        sum(&SharedMemory::inherited()?)?
    };
    say!("{}", ms(begun.elapsed()));
    ensure(sum == SUM, "a wrong sum")
}

// ANCHOR: shared_memory
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use multiprocessing::SharedMemory;

/// Shared memory with `count` numbers. The function `number` makes each number,
/// which is written to its place at once: nothing is copied. Give the memory to
/// a child as its standard input: `command.stdin(memory.hand_over()?)`.
///
/// # Errors
///
/// `count` is 0, or there is not enough memory.
pub fn share(
    count: usize,
    number: impl Fn(usize) -> u64,
) -> std::io::Result<SharedMemory> {
    let memory = SharedMemory::new(count.saturating_mul(size_of::<u64>()))?;
    // Atomics, because another process might write at the same time.
    let places = memory.slice::<AtomicU64>(0, count)?;
    for (n, place) in places.iter().enumerate() {
        place.store(number(n), Relaxed);
    }
    Ok(memory)
}

/// The sum of all numbers in there (modulo 2^64). In the child, the memory is
/// `SharedMemory::inherited()?`. Nobody may write at the same time: the sum
/// would be that of some old and some new numbers.
///
/// # Errors
///
/// None, with memory from [`share`].
pub fn sum(memory: &SharedMemory) -> std::io::Result<u64> {
    let numbers = memory.slice::<AtomicU64>(0, memory.len() / 8)?;
    let numbers = numbers.iter().map(|number| number.load(Relaxed));
    Ok(numbers.fold(0, u64::wrapping_add))
}
// ANCHOR_END: shared_memory
