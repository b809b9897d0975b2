//! Throughput of a pipe: how fast does the output of a child come in?
//!
//!     cargo run --release -p subprocess --bin throughput
//!
//! A child writes 256 MiB to its standard output. The parent reads them, counts
//! the bytes, and checks two bytes of each piece. A pipe holds 64 KiB. When it
//! is full, the writer sleeps until the reader has made room. A larger pipe is
//! full less often, but its pages need more of the processor's cache: 1 MiB can
//! be slower than 64 KiB. `memcpy` copies as many bytes once, inside of this
//! process; a pipe copies them twice, into the kernel and out of it. The
//! program `throughput_libraries` has duct, tokio and smol. In Python:
//! `Popen(pipesize=..)`.
//!
//! Change this and watch: `TRIES` in `src/flood.rs` to 1. From run to run
//! another pipe is the fastest: most differences in this table are smaller than
//! chance.
//!
//! Output (figures vary):
//!              way  GiB/s  of memcpy
//!      64 KiB pipe    1.6        26%
//!     256 KiB pipe    2.1        34%
//!       1 MiB pipe    2.1        34%
//!           memcpy    6.4       100%

use std::hint::black_box;
use std::io::Read;
use std::process::Stdio;
use std::time::{Duration, Instant};

use shared::measure::best_of;
use shared::watchdog::Watchdog;
use shared::{Result, Table, ensure, flags, notice_debug_build, role};
use subprocess::flood::{self, BYTES, Seen, TRIES};

const PIECE: usize = 64 << 10;
/// Its name, and what it does.
type Way = (&'static str, fn(&mut Seen) -> Result);

const WAYS: [Way; 3] = [
    ("64 KiB pipe", |seen| pipe_of(PIECE, seen)),
    ("256 KiB pipe", |seen| pipe_of(4 * PIECE, seen)),
    ("1 MiB pipe", |seen| pipe_of(16 * PIECE, seen)),
];

fn main() -> Result {
    if let Some([]) = role::started_as("source") {
        return Ok(flood::write(BYTES)?);
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("all bytes", Duration::from_secs(60))?;
    let seconds = flood::best_seconds(WAYS.map(|(_, way)| way))?;
    let memcpy = best_of(TRIES, memcpy);
    let mut table = Table::new(["way", "GiB/s", "of memcpy"]);
    let names = WAYS.map(|(name, _)| name).into_iter();
    for (name, seconds) in names.zip(seconds).chain([("memcpy", memcpy)]) {
        let speed = format!("{:.1}", BYTES as f64 / seconds / GIB);
        let share = format!("{:.0}%", 100.0 * memcpy / seconds);
        table.row([&name, &speed, &share]);
    }
    table.print();
    Ok(())
}

const GIB: f64 = (1 << 30) as f64;

/// Seconds for copies between two pieces of memory that are in use all the
/// time, as the pages of a pipe are.
fn memcpy() -> f64 {
    let (from, mut to) = (vec![7; PIECE], vec![0; PIECE]);
    let begun = Instant::now();
    for _ in 0..BYTES / PIECE {
        to.copy_from_slice(black_box(&from));
        black_box(&mut to);
    }
    begun.elapsed().as_secs_f64()
}

/// Starts the child, reads its output, and waits for it.
fn pipe_of(bytes: usize, seen: &mut Seen) -> Result {
    let mut child = role::command("source")?.stdout(Stdio::piped()).spawn()?;
    let mut pipe = child.stdout.take().expect("it was piped");
    let mut buffer = vec![0; widen(&pipe, bytes)?];
    while let count @ 1.. = pipe.read(&mut buffer)? {
        seen.see(&buffer[..count]);
    }
    ensure(child.wait()?.success(), "the child has failed")
}

// ANCHOR: throughput
use std::os::fd::AsFd;

use rustix::io::{Errno, Result as OsResult};
use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size};

/// Enlarges a pipe, so that it holds `wanted` bytes, and returns its capacity.
/// A child that writes a lot waits less often then, if that many bytes are read
/// at a time. (Linux; a new pipe holds 64 KiB. 256 KiB fit into most caches.)
///
/// The system may refuse it, because `wanted` is above its limit
/// (`/proc/sys/fs/pipe-max-size`), or because this user has too many large
/// pipes. Then the pipe becomes as large as it may. It is never made smaller.
///
/// # Errors
///
/// This is not a pipe.
pub fn widen(pipe: impl AsFd, mut wanted: usize) -> OsResult<usize> {
    let now = fcntl_getpipe_size(&pipe)?;
    while wanted > now {
        match fcntl_setpipe_size(&pipe, wanted) {
            Err(Errno::PERM) => wanted /= 2,
            set => return set,
        }
    }
    Ok(now)
}
// ANCHOR_END: throughput
