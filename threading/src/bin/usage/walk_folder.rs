//! Walk a folder in parallel: a bounded pool of threads, errors returned.
//!
//!     cargo run -p threading --bin walk_folder
//!
//! Python walks with `os.walk`, and hands the files to a pool. Here a pool
//! reads all folders of one level and handles their files, then those of the
//! next level. An idle thread steals half of a large folder from a busy one. If
//! a file cannot be read, its error is in the list, in place of a result, and
//! the walk goes on. Symbolic links are not followed: one that points to a
//! folder above it would be a walk without an end.
//!
//! The program `cooks_rayon` is the same for a list of items.
//!
//! Change this and watch: `entry.path().metadata().map(|m| m.file_type())`
//! instead of `entry.file_type()`. That follows links: the same files come
//! again and again, until the system refuses with "Too many levels of symbolic
//! links", and the program ends with an error.
//!
//! Output (figures vary):
//!     117 lines in 39 files
//!     not read: odd/7.txt: stream did not contain valid UTF-8

use std::os::unix::fs::symlink;
use std::{env, process};

use shared::{Result, ensure, flags, say};

fn main() -> Result {
    flags([]);
    let folder = test_folder()?;
    let results = walk(&folder, 4, count_lines);
    fs::remove_dir_all(&folder)?;
    let (mut lines, mut files, mut failed) = (0, 0, Vec::new());
    for (path, result) in results? {
        let path = path.strip_prefix(&folder)?;
        match result {
            Ok(count) => (lines, files) = (lines + count, files + 1),
            Err(why) => failed.push(format!("{}: {why}", path.display())),
        }
    }
    say!("{lines} lines in {files} files");
    say!("not read: {}", failed.join(", "));
    let right = lines == 3 * files && files == 39 && failed.len() == 1;
    ensure(right, "a line, a file or an error is missing")
}

fn count_lines(file: &Path) -> io::Result<usize> {
    Ok(fs::read_to_string(file)?.lines().count())
}

// ANCHOR: walk_folder
use rayon::iter::Either::{Left, Right};
use rayon::{ThreadPoolBuilder, prelude::*};
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};

/// Calls `job` with each file in `folder` and below, on `threads` threads (0:
/// one per core). Returns all results by path. A folder that cannot be read is
/// there with its error, and the walk goes on. Symbolic links in it are not
/// followed. If a job panics, the caller panics, too.
///
/// # Errors
///
/// The threads cannot be started.
pub fn walk<R: Send>(
    folder: &Path,
    threads: usize,
    job: impl Fn(&Path) -> io::Result<R> + Sync,
) -> io::Result<Vec<(PathBuf, io::Result<R>)>> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(io::Error::other)?;
    let one = |(path, kind): (PathBuf, io::Result<FileType>)| match kind {
        Ok(kind) if kind.is_dir() => Some(Left(path)),
        Ok(kind) if kind.is_file() => {
            let result = job(&path);
            Some(Right((path, result)))
        }
        Ok(_) => None, // a symbolic link, a socket, a device
        Err(error) => Some(Right((path, Err(error)))),
    };
    let (mut results, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    // Level by level: a recursion could overflow the stack in a deep folder.
    while !folders.is_empty() {
        let (deeper, done): (Vec<_>, Vec<_>) = pool.install(|| {
            let all = folders.par_iter().flat_map(|folder| entries(folder));
            all.filter_map(one).partition_map(|found| found)
        });
        folders = deeper;
        results.extend(done);
    }
    results.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(results)
}

/// What is in a folder, and of which kind; or why that is not known.
fn entries(folder: &Path) -> Vec<(PathBuf, io::Result<FileType>)> {
    let entry = |entry: io::Result<fs::DirEntry>| match entry {
        Ok(entry) => (entry.path(), entry.file_type()),
        Err(error) => (folder.into(), Err(error)),
    };
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(entry).collect(),
        Err(error) => vec![(folder.into(), Err(error))],
    }
}
// ANCHOR_END: walk_folder

/// 40 files in two folders, one of them no text, and a link upwards.
fn test_folder() -> io::Result<PathBuf> {
    let folder = env::temp_dir().join(format!("walk-folder-{}", process::id()));
    for n in 0..40 {
        let inner = folder.join(["even", "odd"][n % 2]);
        fs::create_dir_all(&inner)?;
        let text = if n == 7 { &b"\xff"[..] } else { b"1\n2\n3\n" };
        fs::write(inner.join(format!("{n}.txt")), text)?;
    }
    symlink(&folder, folder.join("odd/up"))?;
    Ok(folder)
}
