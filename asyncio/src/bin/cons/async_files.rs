//! Reading many files from async code: hand all of them to one thread.
//!
//!     cargo run --release -p asyncio --bin async_files
//!
//! The usual system calls know no file that is "not ready yet". So the runtimes
//! hand each read to a thread that may block, and for a small file in the cache
//! that costs more than reading. Hand over once for all files: `spawn_blocking`
//! (Python: `asyncio.to_thread`). Linux has io_uring, which does read files
//! asynchronously; tokio's use of it is experimental, behind `tokio_unstable`.
//!
//! The program `async_files_runtimes` compares tokio, smol and async-std.
//!
//! Claims: A22
//! Change this and watch: `/proc/self/exe` instead of `/etc/hosts`, and 20
//! files. Reading costs more than handing over then, and A22 is contradicted.
//!
//! Output (figures vary):
//!     tokio::fs::read for each file: 16.6 us a file
//!     one spawn_blocking for all: 1.9 us a file
//!     The article, A22: "It uses asynchronous system calls across the board."
//!     Our answer for Rust: false (not true)
//!     Our answer to A22 is borne out: reading a small file by tokio::fs takes 8.9 times as long as in one blocking job

use std::time::{Duration, Instant};

use shared::measure::NoiseMeter;
use shared::{Result, claim_timed, flags, notice_debug_build, say};

/// Small, in the cache, and on every Unix.
const FILE: &str = "/etc/hosts";
const FILES: u32 = 1_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    notice_debug_build();
    let files = vec![PathBuf::from(FILE); FILES as usize];
    let meter = NoiseMeter::start();
    let each = best_of_5("tokio::fs::read for each file", async || {
        let mut all = Vec::new();
        for file in &files {
            all.push(tokio::fs::read(file).await?); // WRONG: two wake-ups each
        }
        Ok(all)
    });
    let each = each.await?;
    let once = best_of_5("one spawn_blocking for all", async || {
        read_all(files.clone()).await
    });
    let once = once.await?;
    let times = each.as_secs_f64() / once.as_secs_f64();
    let figure = format!(
        "reading a small file by tokio::fs takes {times:.1} times as long as \
         in one blocking job"
    );
    claim_timed("A22", times > 1.5, meter.read(), figure)
}

/// How long it takes to read all files; the shortest of five times.
async fn best_of_5(
    way: &str,
    read: impl AsyncFn() -> io::Result<Vec<Vec<u8>>>,
) -> Result<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let started = Instant::now();
        let files = read().await?;
        best = best.min(started.elapsed());
        assert_eq!(files.len(), FILES as usize);
    }
    let micros = (best / FILES).as_secs_f64() * 1e6;
    say!("{way}: {micros:.1} us a file");
    Ok(best)
}

// ANCHOR: async_files
use std::{io, path::PathBuf};

/// Reads all `files` in one blocking job, on a thread that tokio has for that.
/// All contents are in memory at the same time. The first error ends it.
/// Dropping the future does not stop the job.
pub async fn read_all(files: Vec<PathBuf>) -> io::Result<Vec<Vec<u8>>> {
    let read = move || files.iter().map(std::fs::read).collect();
    tokio::task::spawn_blocking(read).await? // an error, too, if it panics
}
// ANCHOR_END: async_files
