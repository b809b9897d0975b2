//! A thousand small files, read by async functions, which use threads for it.
//!
//!     cargo run --release -p asyncio --bin async_files
//!
//! The system has no file that is "not ready yet". So the runtimes hand each
//! single read to a thread that may block, and handing over costs more than
//! reading what is in the cache. The cure is to hand over once for all files.
//!
//! Claims: A22
//! Change this and watch: 20 `FILES` of 1 048 576 `BYTES`. Reading costs more
//! than handing over now, and A22 is contradicted.
//!
//! Output (figures vary):
//!     files read by                us a file    of std
//!     std::fs                            2.8       1.0
//!     tokio::fs                         17.9       6.4
//!     smol::fs                          16.8       6.0
//!     async_std::fs                     25.4       9.1
//!     one spawn_blocking for all         4.7       1.7
//!     A22 borne out: 6.4, 6.0, 9.1 times std, at once 1.7

use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::{env, fs, io, os::unix::fs::DirBuilderExt, time::Instant};

use shared::{
    Failure, Result, claim, flags, measure::median, notice_debug_build, say,
};

const FILES: usize = 1_000;
const BYTES: usize = 1_000;
const TIMES: usize = 7;

fn main() -> Result {
    flags([]);
    notice_debug_build();
    let pantry = Pantry::new()?;
    let files = pantry.fill()?;
    let mut nanos = WAYS.map(|_| Vec::new());
    for _ in 0..TIMES {
        for (way, nanos) in WAYS.iter().zip(&mut nanos) {
            nanos.push(time(way, &files)?);
        }
    }
    let medians = nanos.map(|nanos| median(&nanos) as f64);
    let ratios = medians.map(|nanos| nanos / medians[0]);
    say!("{:<28}{:>10}{:>10}", "files read by", "us a file", "of std");
    for (n, (name, _)) in WAYS.iter().enumerate() {
        let micros = medians[n] / 1_000.0 / FILES as f64;
        say!("{name:<28}{micros:>10.1}{:>10.1}", ratios[n]);
    }
    let [_, tokio, smol, async_std, once] = ratios;
    let slow = tokio.min(smol).min(async_std) > 1.5 && tokio > 1.5 * once;
    let figure = format!(
        "{tokio:.1}, {smol:.1}, {async_std:.1} times std, at once {once:.1}"
    );
    claim("A22", slow, figure)
}

type Way = (&'static str, fn(&[PathBuf]) -> io::Result<usize>);

const WAYS: [Way; 5] = [
    ("std::fs", plainly),
    ("tokio::fs", by_tokio),
    ("smol::fs", by_smol),
    ("async_std::fs", by_async_std),
    ("one spawn_blocking for all", at_once),
];

/// Nanoseconds for all files.
fn time((name, read): &Way, files: &[PathBuf]) -> Result<u128> {
    let started = Instant::now();
    if read(files)? != FILES * BYTES {
        return Err(Failure::new(format!("{name}: bytes are missing")));
    }
    Ok(started.elapsed().as_nanos())
}

fn plainly(files: &[PathBuf]) -> io::Result<usize> {
    let mut bytes = 0;
    for file in files {
        bytes += fs::read(file)?.len();
    }
    Ok(bytes)
}

fn by_tokio(files: &[PathBuf]) -> io::Result<usize> {
    on_tokio(async {
        let mut bytes = 0;
        for file in files {
            // WRONG: every time a thread is woken, and wakes us.
            bytes += tokio::fs::read(file).await?.len();
        }
        Ok(bytes)
    })
}

fn by_smol(files: &[PathBuf]) -> io::Result<usize> {
    smol::block_on(async {
        let mut bytes = 0;
        for file in files {
            bytes += smol::fs::read(file).await?.len();
        }
        Ok(bytes)
    })
}

fn by_async_std(files: &[PathBuf]) -> io::Result<usize> {
    async_std::task::block_on(async {
        let mut bytes = 0;
        for file in files {
            bytes += async_std::fs::read(file).await?.len();
        }
        Ok(bytes)
    })
}

fn at_once(files: &[PathBuf]) -> io::Result<usize> {
    let all = on_tokio(read_all(files.to_vec()))?;
    Ok(all.iter().map(Vec::len).sum())
}

// ANCHOR: async_files
/// Reads all `files`, on one of the threads that tokio has for what blocks.
/// Dropping the future does not stop it.
pub async fn read_all(
    files: Vec<std::path::PathBuf>,
) -> std::io::Result<Vec<Vec<u8>>> {
    let read = move || files.iter().map(std::fs::read).collect();
    tokio::task::spawn_blocking(read).await?
}
// ANCHOR_END: async_files

fn on_tokio<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::runtime::Builder::new_current_thread().build()?.block_on(work)
}

/// A directory that nobody else may look into, with a name that nobody can
/// guess. It is removed when this is dropped, after a failure, too.
struct Pantry(PathBuf);

impl Pantry {
    fn new() -> io::Result<Pantry> {
        let name = format!("pantry-{:016x}", RandomState::new().hash_one(()));
        let path = env::temp_dir().join(name);
        fs::DirBuilder::new().mode(0o700).create(&path)?; // must be new
        Ok(Pantry(path))
    }

    fn fill(&self) -> io::Result<Vec<PathBuf>> {
        let fill = |number: usize| {
            let file = self.0.join(number.to_string());
            fs::write(&file, [b'a'; BYTES])?;
            Ok(file)
        };
        (0..FILES).map(fill).collect()
    }
}

impl Drop for Pantry {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // nobody is left to tell
    }
}
