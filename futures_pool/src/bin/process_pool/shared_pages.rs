//! Shared memory: two processes map the same pages, so fewer bytes are copied.
//!
//!     cargo run --release -p futures_pool --bin shared_pages
//!
//! Through a pipe the kernel copies each byte in and out, there and back: four
//! times. Memory that both processes map is written once and read once; one
//! byte through a pipe tells the other process that it may begin, and that it
//! is done. Our `ProcessPool` sends arguments of more than 8 KiB in this way.
//! In Python this is `multiprocessing.shared_memory`.
//!
//! The program `channels` compares pipes and sockets.
//!
//! Change this and watch: `SIZE` of 64. The only cost is then to wake the other
//! process, as in the first row of `channels`.
//!
//! Output (figures vary):
//!     1048576 bytes there and back: 284 us

use std::io::{self, Read, Write};
use std::{os::fd::AsRawFd, process, time::Duration, time::Instant};

use shared::measure::try_median_of;
use shared::watchdog::Watchdog;
use shared::{Failure, Result, ensure, flags, notice_debug_build, role, say};

/// As in the third row of `channels`.
const SIZE: usize = 1 << 20;
const TRIPS: u8 = 9;

fn main() -> Result {
    let _bound = Watchdog::guard("the bytes", Duration::from_secs(10))?;
    if let Some([path]) = role::started_as("adder") {
        return add_one(&path); // as a child: this program again
    }
    flags([]);
    notice_debug_build();
    let (mut bytes, file) = (vec![0; SIZE], shared_file(SIZE)?);
    let mut memory = in_turns(&file)?;
    // The child can open by this path what is open in this process.
    let path = format!("/proc/{}/fd/{}", process::id(), file.as_raw_fd());
    let ((orders, mut to), (mut from, replies)) = (io::pipe()?, io::pipe()?);
    let mut child = role::command("adder")?;
    let mut child = child.arg(path).stdin(orders).stdout(replies).spawn()?;
    let took = try_median_of(TRIPS.into(), || {
        let begun = Instant::now();
        memory.copy_from_slice(&bytes);
        to.write_all(&[0])?; // your turn
        from.read_exact(&mut [0])?;
        bytes.copy_from_slice(&memory);
        Ok::<_, Failure>(begun.elapsed())
    })?;
    drop(to); // then the child ends
    child.wait()?;
    say!("{SIZE} bytes there and back: {:.0} us", took.as_secs_f64() * 1e6);
    ensure(bytes == [TRIPS].repeat(SIZE), "other bytes came back")
}

#[expect(unsafe_code, reason = "the other process can change what is mapped")]
fn in_turns(file: &File) -> io::Result<MmapMut> {
    // SAFETY: each process looks at it only between a byte that it receives and
    // one that it sends. Nobody can make the file shorter.
    unsafe { map(file) }
}

/// The child: adds one to each byte, whenever it is its turn.
fn add_one(path: &str) -> Result {
    let file = File::options().read(true).write(true).open(path)?;
    let mut memory = in_turns(&file)?;
    while io::stdin().read(&mut [0])? == 1 {
        memory.iter_mut().for_each(|byte| *byte += 1);
        io::stdout().write_all(&[0])?; // and yours
        io::stdout().flush()?;
    }
    Ok(())
}

// ANCHOR: shared_pages
use std::fs::File;

use memmap2::MmapMut;
use nix::fcntl::{FcntlArg::F_ADD_SEALS, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};

/// A file in memory, to share with another process: hand its descriptor over,
/// or let the other process open `/proc/PID/fd/FD`. It keeps its size, and is
/// gone when nobody has it open or mapped any more.
///
/// # Errors
///
/// The system has no memory for it, or no descriptor.
pub fn shared_file(bytes: usize) -> std::io::Result<File> {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let file = File::from(memfd_create("shared", flags)?);
    file.set_len(bytes as u64)?;
    // If another process made it shorter, looking at it would be a crash.
    fcntl(&file, F_ADD_SEALS(SealFlag::F_SEAL_SHRINK))?;
    Ok(file)
}

/// Maps such a file: every process that maps it sees the same bytes.
///
/// # Safety
///
/// The processes take turns, for example by messages through a pipe: none looks
/// at the bytes while another one may change them. Nobody makes the file
/// shorter: of a [`shared_file`] nobody can.
#[expect(unsafe_code, reason = "other processes can change what is mapped")]
pub unsafe fn map(file: &File) -> std::io::Result<MmapMut> {
    // SAFETY: the caller promises it, see Safety.
    unsafe { MmapMut::map_mut(file) }
}
// ANCHOR_END: shared_pages
