//! Truncated mapping: another process cuts the file, and SIGBUS ends this one.
//!
//!     cargo run -p multiprocessing --bin truncated
//!
//! A mapping is as long as the file was. If any process makes the file shorter,
//! the pages behind its new end are gone. If a process touches one of them,
//! there is no error that code could handle: the signal SIGBUS ends the
//! process. A memfd can be sealed with `F_SEAL_SHRINK`. Then the process that
//! tries to make it shorter gets an error. `SharedMemory` is sealed, and it
//! accepts only sealed files from other processes. In Python `mmap` and
//! `SharedMemory` die in the same way.
//!
//! The program `shm_full` shows another way to SIGBUS.
//!
//! Claims: M9
//! Change this and watch: write `set_len(1)` instead of `set_len(0)`. Then
//! one byte of the first page is left, and the reader, which touches this page,
//! does not die. After ten seconds the watchdog ends the program.
//!
//! Output (figures vary):
//!     not sealed: the file is cut
//!     not sealed: the reader ends with signal: 7 (SIGBUS)
//!     sealed: the cut is an error, Operation not permitted (os error 1)
//!     sealed: the reader ends with exit status: 0
//!     Not in the article, M9: "Weaknesses: starting, encoding, and cleaning up."
//!     Our answer for Rust: holds (true)
//!     Our answer to M9 is borne out: the file is cut: its reader dies of SIGBUS, the reader of a sealed file goes on

use std::io::{Read, stdin};
use std::os::{fd::AsFd, unix::process::ExitStatusExt};
use std::process::{self, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::{thread::yield_now, time::Duration};

use multiprocessing::{SharedMemory, end_with_parent};
use nix::sys::{prctl::set_dumpable, signal::Signal::SIGBUS};
use shared::{Result, claim, flags, role, say, watchdog::Watchdog};

const BYTES: u64 = 64 << 10;

fn main() -> Result {
    if let Some([parent]) = role::started_as("reader") {
        return read_until_told(parent.parse()?);
    }
    flags([]);
    let _bound = Watchdog::guard("the cuts", Duration::from_secs(10))?;
    let unsealed = cut("not sealed", file_in_memory(BYTES)?)?;
    let sealed = cut("sealed", sealed_file(BYTES)?)?;
    let died = unsealed.signal() == Some(SIGBUS as i32);
    let end = if died { "dies of SIGBUS" } else { "does not die" };
    let goes_on = if sealed.success() { "goes on" } else { "dies" };
    let figure = format!(
        "the file is cut: its reader {end}, the reader of a sealed file \
         {goes_on}"
    );
    claim("M9", died && sealed.success(), figure)
}

/// How a process ends that reads a file which another process makes shorter.
fn cut(name: &str, file: File) -> Result<ExitStatus> {
    let mut reader = role::command("reader")?
        .arg(process::id().to_string())
        .stdin(file.try_clone()?)
        .stdout(Stdio::piped())
        .spawn()?;
    let mut told = reader.stdout.take().expect("it was piped");
    told.read_exact(&mut [0])?; // it has mapped the file, and reads
    match file.set_len(0) {
        Ok(()) => say!("{name}: the file is cut"),
        Err(error) => {
            say!("{name}: the cut is an error, {error}");
            let memory = SharedMemory::from_file(file.into())?;
            memory.view::<AtomicU64>(0)?.store(1, Relaxed); // "that is all"
        }
    }
    let status = reader.wait()?;
    say!("{name}: the reader ends with {status}");
    Ok(status)
}

/// The child: its standard input is the file.
fn read_until_told(parent: u32) -> Result {
    end_with_parent(parent)?;
    set_dumpable(false)?; // leaves no core file
    let file = stdin().as_fd().try_clone_to_owned()?;
    // WRONG, unless nobody can make the file shorter.
    let memory = SharedMemory::map_unsealed(file)?;
    let word: &AtomicU64 = memory.view(0)?;
    say!("mapped");
    while word.load(Relaxed) == 0 {
        yield_now(); // here SIGBUS ends it
    }
    Ok(())
}

fn file_in_memory(bytes: u64) -> io::Result<File> {
    let file = memfd_create("not sealed", MemfdFlags::CLOEXEC)?;
    fallocate(&file, FallocateFlags::empty(), 0, bytes)?;
    Ok(file.into())
}

// ANCHOR: truncated
use std::{fs::File, io};

use rustix::fs::{FallocateFlags, MemfdFlags, SealFlags};
use rustix::fs::{fallocate, fcntl_add_seals, memfd_create};

/// A file in memory that keeps its size: no process that has it open can make
/// it shorter, or longer. All its bytes are 0, and all its pages are there.
///
/// # Errors
///
/// There is not so much memory, or no descriptor.
pub fn sealed_file(bytes: u64) -> io::Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = memfd_create("sealed", flags)?;
    fallocate(&file, FallocateFlags::empty(), 0, bytes)?;
    let size = SealFlags::SHRINK | SealFlags::GROW;
    fcntl_add_seals(&file, size | SealFlags::SEAL)?;
    Ok(file.into())
}
// ANCHOR_END: truncated
