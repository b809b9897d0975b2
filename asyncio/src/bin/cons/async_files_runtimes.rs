//! Async file reads on three runtimes: each hands every read to a thread.
//!
//!     cargo run --release -p asyncio --bin async_files_runtimes
//!
//! A thousand reads of a small file, compared with `std::fs`. A switch is one
//! between threads, as `getrusage` counts them: an async read needs them to go
//! to another thread and to come back. How long a switch takes depends on what
//! else the machine does, so the times vary by much, and the switches little.
//!
//! Read `async_files` first: it has the cure, and io_uring.
//!
//! Claims: A22
//! Change this and watch: `async || fs::read(FILE)` in `by_smol`. There are no
//! switches then, and A22 is contradicted.
//!
//! Output (figures vary):
//!     a file read by    us  times std  switches
//!     std::fs          1.5        1.0      0.00
//!     tokio::fs       16.9       11.2      2.01
//!     smol::fs        16.9       11.2      2.00
//!     async_std::fs   26.9       17.8      5.97
//!     The article, A22: "It uses asynchronous system calls across the board."
//!     Our answer for Rust: false (not true)
//!     Our answer to A22 is borne out: an async read of a file switches threads at least 2.00 times, a plain one 0.00 times

use std::{fs, io, time::Instant};

use shared::measure::{Usage, try_best_of};
use shared::{Result, Table, claim, flags, notice_debug_build};
use tokio::runtime::Builder;

/// Small, in the cache, and on every Unix.
const FILE: &str = "/etc/hosts";
const FILES: u32 = 1_000;

fn main() -> Result {
    flags([]);
    notice_debug_build();
    let std = try_best_of(5, || cost(by_std))?;
    let mut table =
        Table::new(["a file read by", "us", "times std", "switches"]);
    let mut row = |way: &str, cost: Cost| {
        table.row([
            &way,
            &format_args!("{:.1}", cost.micros),
            &format_args!("{:.1}", cost.micros / std.micros),
            &format_args!("{:.2}", cost.switches),
        ]);
        cost.switches
    };
    let plain = row("std::fs", std);
    let tokio = row("tokio::fs", try_best_of(5, || cost(by_tokio))?);
    let smol = row("smol::fs", try_best_of(5, || cost(by_smol))?);
    let other = row("async_std::fs", try_best_of(5, || cost(by_async_std))?);
    table.print();
    let least = tokio.min(smol).min(other);
    let figure = format!(
        "an async read of a file switches threads at least {least:.2} times, a \
         plain one {plain:.2} times"
    );
    claim("A22", least > 0.5 && least > 2.0 * plain, figure)
}

/// Of one file.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
struct Cost {
    micros: f64,
    switches: f64,
}

fn cost(read: fn() -> io::Result<()>) -> io::Result<Cost> {
    let (before, started) = (Usage::now(), Instant::now());
    read()?;
    let micros = started.elapsed().as_secs_f64() * 1e6 / f64::from(FILES);
    let switches = Usage::now().switches - before.switches;
    Ok(Cost { micros, switches: switches as f64 / f64::from(FILES) })
}

fn by_std() -> io::Result<()> {
    (0..FILES).try_for_each(|_| fs::read(FILE).map(drop))
}

fn by_tokio() -> io::Result<()> {
    let runtime = Builder::new_current_thread().build()?;
    runtime.block_on(read_each(|| tokio::fs::read(FILE)))
}

fn by_smol() -> io::Result<()> {
    smol::block_on(read_each(|| smol::fs::read(FILE)))
}

fn by_async_std() -> io::Result<()> {
    async_std::task::block_on(read_each(|| async_std::fs::read(FILE)))
}

/// One read after the other.
async fn read_each(
    read: impl AsyncFn() -> io::Result<Vec<u8>>,
) -> io::Result<()> {
    for _ in 0..FILES {
        read().await?;
    }
    Ok(())
}

// ANCHOR: async_files_runtimes
/// Reads all `files` in one blocking job on a thread of smol's, on any runtime.
/// The first error ends it. Dropping the future does not stop the job.
pub async fn read_all_smol(
    files: Vec<std::path::PathBuf>,
) -> std::io::Result<Vec<Vec<u8>>> {
    smol::unblock(move || files.iter().map(std::fs::read).collect()).await
}
// ANCHOR_END: async_files_runtimes
