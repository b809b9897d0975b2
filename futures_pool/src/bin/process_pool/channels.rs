//! Bytes to another process and back: by pipe, by socket, in shared memory.
//!
//!     cargo run --release -p futures_pool --bin channels
//!
//! Medians in microseconds; nothing is encoded. Through a pipe or a socket,
//! bytes are copied in and out, there and back: four times. Into shared memory
//! they are copied once, and once out of it: the other process works on them
//! where they lie, and a pipe only brings word of them.
//!
//! A few bytes take as long as waking the other process, and being woken by
//! it: 3 us if both sit on the same core, 40 or more if they are on two, and
//! these sleep meanwhile. Our `ProcessPool` uses a pipe for up to 4 KiB, which
//! go in one piece, and shared memory for more.
//!
//! Change this and watch: `64 << 10` in `PIPES` to `4 << 10`. The smaller a
//! pipe, the more often its writer and its reader wait for each other.
//!
//! Output (figures vary):
//!     us, bytes             64     65536   1048576  16777216
//!     pipe, 64 KiB          12        46      1036     21429
//!     pipe, 1024 KiB         5        44       760     19568
//!     socketpair            11        17       403      7294
//!     shared memory         11        16       169      3649

use std::os::{fd::AsFd, fd::AsRawFd, fd::OwnedFd, unix::net::UnixStream};
use std::process::{self, Command};
use std::{env, fs::File, io, io::Read, io::Write, time::Duration};

use memmap2::MmapMut;
use nix::fcntl::{FcntlArg::F_SETPIPE_SZ, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use shared::watchdog::Watchdog;
use shared::{Failure, Result, flags, measure, notice_debug_build, say};

fn main() -> Result {
    let _bound = Watchdog::guard("the echo", Duration::from_secs(10))?;
    if env::args().nth(1).as_deref() == Some("as-echo") {
        return echo();
    }
    flags([]);
    notice_debug_build();
    let sizes = SIZES.map(|size| format!("{size:>10}")).concat();
    say!("{:<14}{sizes}", "us, bytes");
    for size in PIPES {
        let pipe = format!("pipe, {} KiB", size >> 10);
        row(&pipe, || by_pipe(size), false)?;
    }
    row("socketpair", by_socket, false)?;
    row("shared memory", || by_pipe(PIPES[0]), true)
}

/// What is sent.
const SIZES: [usize; 4] = [64, 64 << 10, 1 << 20, 16 << 20];
/// As much as a pipe has room for: 64 KiB unless told otherwise.
const PIPES: [i32; 2] = [64 << 10, 1 << 20];

/// The echo's ends and ours: to read from, and to write to.
type Channel = [Pair; 2];
type Pair = [OwnedFd; 2];

fn by_pipe(size: i32) -> Result<Channel> {
    let ((orders, to), (from, replies)) = (io::pipe()?, io::pipe()?);
    fcntl(&to, F_SETPIPE_SZ(size))?;
    fcntl(&from, F_SETPIPE_SZ(size))?;
    Ok([[orders.into(), replies.into()], [from.into(), to.into()]])
}

fn by_socket() -> Result<Channel> {
    let (a, b) = UnixStream::pair()?;
    let (also_a, also_b) = (a.try_clone()?, b.try_clone()?);
    Ok([[a.into(), also_a.into()], [b.into(), also_b.into()]])
}

/// Prints the medians of several trips for each size.
fn row(by: &str, open: impl Fn() -> Result<Channel>, memory: bool) -> Result {
    let mut text = String::new();
    for size in SIZES {
        // A file in memory: both processes map it, and see the same bytes.
        let desk = File::from(memfd_create("desk", MFdFlags::MFD_CLOEXEC)?);
        desk.set_len(size as u64)?;
        // It opens there what is open here.
        let path = format!("/proc/{}/fd/{}", process::id(), desk.as_raw_fd());
        let [[orders, replies], ours] = open()?;
        let mut echo = Command::new(env::current_exe()?)
            .args(["as-echo", &size.to_string()])
            .args(memory.then_some(path))
            .stdin(orders)
            .stdout(replies)
            .spawn()?;
        let mut line = Line::new(ours, memory.then_some(&desk), size)?;
        let us = 1e6 * measure::median(&trips(&mut line, size)?).as_secs_f64();
        text += &format!("{us:>10.0}");
        drop(line); // then nothing comes any more, and the echo ends
        echo.wait()?;
    }
    say!("{by:<14}{text}");
    Ok(())
}

fn trips(line: &mut Line, size: usize) -> Result<Vec<Duration>> {
    let payload = vec![b'b'; size];
    let mut result = payload.clone();
    let trip = |_| {
        let begun = measure::now();
        line.put(&payload)?;
        line.take(&mut result)?;
        let took = measure::now() - begun;
        let right = result[0] == b'c' && result[1..] == payload[1..];
        if right { Ok(took) } else { Err(Failure::new("it came back wrong")) }
    };
    (0..((1 << 25) / size).clamp(5, 51)).map(trip).collect()
}

/// The other process: changes a byte of whatever comes, and sends it back.
fn echo() -> Result {
    let from = io::stdin().as_fd().try_clone_to_owned()?;
    let to = io::stdout().as_fd().try_clone_to_owned()?;
    let size = env::args().nth(2).unwrap_or_default().parse()?;
    let open = |path| File::options().read(true).write(true).open(path);
    let desk = env::args().nth(3).map(open).transpose()?;
    let mut line = Line::new([from, to], desk.as_ref(), size)?;
    let mut room = vec![0; size];
    while line.from.read_exact(&mut room[..line.sent]).is_ok() {
        line.desk.as_deref_mut().unwrap_or(&mut room)[0] += 1;
        line.to.write_all(&room[..line.sent])?;
    }
    Ok(())
}

struct Line {
    from: File,
    to: File,
    /// The shared memory, if there is.
    desk: Option<MmapMut>,
    /// So many bytes are sent: all, or, of those in memory, one as a word.
    sent: usize,
}

impl Line {
    fn new(ends: Pair, desk: Option<&File>, size: usize) -> Result<Line> {
        let [from, to] = ends.map(File::from);
        let desk = desk.map(map).transpose()?;
        let sent = if desk.is_some() { 1 } else { size };
        Ok(Line { from, to, desk, sent })
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(desk) = &mut self.desk {
            desk.copy_from_slice(bytes);
        }
        self.to.write_all(&bytes[..self.sent])
    }

    fn take(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.from.read_exact(&mut bytes[..self.sent])?;
        if let Some(desk) = &self.desk {
            bytes.copy_from_slice(desk);
        }
        Ok(())
    }
}

#[expect(unsafe_code, reason = "other processes can change what is mapped")]
fn map(file: &File) -> io::Result<MmapMut> {
    // SAFETY: the two processes take turns: each touches it only between
    // hearing a word and sending one. Nobody makes the file smaller.
    unsafe { MmapMut::map_mut(file) }
}
