//! Inter-process communication: latency of pipes and sockets, by size.
//!
//!     cargo run --release -p futures_pool --bin channels
//!
//! Medians in microseconds; nothing is encoded. Bytes go to another process and
//! back: the kernel copies them in and out, so they are copied four times. A
//! few bytes take as long as waking the other process, and being woken by it: 3
//! us if both are on the same core, 40 or more if they are on two, and these
//! sleep meanwhile. A pipe has room for 64 KiB unless it is told otherwise; if
//! more is sent, its writer and its reader wait for each other in turns.
//!
//! The program `shared_pages` has a way with fewer copies.
//!
//! Change this and watch: `4 << 10` for the room of the first pipe. The smaller
//! a pipe is, the more often its two ends wait for each other.
//!
//! Output (figures vary):
//!     us, bytes  pipe, 64 KiB  pipe, 1 MiB  socketpair
//!            64            13           13          12
//!         65536            51           52          43
//!       1048576          1180          773         399
//!      16777216         24965        20433        7374

use std::os::{fd::AsFd, fd::OwnedFd, unix::net::UnixStream};
use std::process::Stdio;
use std::time::{Duration, Instant};
use std::{fs::File, io, io::Read, io::Write};

use shared::measure::try_median_of;
use shared::watchdog::Watchdog;
use shared::{Failure, Result, Table, ensure, flags, notice_debug_build, role};

fn main() -> Result {
    let _bound = Watchdog::guard("the echo", Duration::from_secs(10))?;
    if let Some([size]) = role::started_as("echo") {
        return echo(size.parse()?); // as a child: this program again
    }
    flags([]);
    notice_debug_build();
    let mut table =
        Table::new(["us, bytes", "pipe, 64 KiB", "pipe, 1 MiB", "socketpair"]);
    for size in [64, 64 << 10, 1 << 20, 16 << 20] {
        let small = through_pipes(64 << 10, size)?;
        let large = through_pipes(1 << 20, size)?;
        let socket = through_sockets(size)?;
        let [small, large, socket] = [small, large, socket]
            .map(|took| format!("{:.0}", took.as_secs_f64() * 1e6));
        table.row([&size, &small, &large, &socket]);
    }
    table.print();
    Ok(())
}

fn through_pipes(room: i32, size: usize) -> Result<Duration> {
    let (child_reads, to) = pipe_with_room(room)?;
    let (from, child_writes) = pipe_with_room(room)?;
    trip(child_reads.into(), child_writes.into(), to, from, size)
}

fn through_sockets(size: usize) -> Result<Duration> {
    let (ours, its) = UnixStream::pair()?;
    let child_reads = OwnedFd::from(its.try_clone()?);
    let child_writes = OwnedFd::from(its);
    let to = ours.try_clone()?;
    trip(child_reads.into(), child_writes.into(), to, ours, size)
}

/// The median time for `size` bytes to another process and back.
fn trip(
    child_reads: Stdio,
    child_writes: Stdio,
    mut to: impl Write,
    mut from: impl Read,
    size: usize,
) -> Result<Duration> {
    let mut child = role::command("echo")?
        .arg(size.to_string())
        .stdin(child_reads)
        .stdout(child_writes)
        .spawn()?;
    let (sent, mut reply) = (vec![b'a'; size], vec![0; size]);
    let median = try_median_of(((1 << 25) / size).clamp(5, 51), || {
        let begun = Instant::now();
        to.write_all(&sent)?;
        from.read_exact(&mut reply)?;
        Ok::<_, Failure>(begun.elapsed())
    })?;
    drop((to, from)); // then nothing comes any more, and the child ends
    child.wait()?;
    ensure(reply == sent, "other bytes came back")?;
    Ok(median)
}

/// The child: sends back whatever comes, when all of it is there.
fn echo(size: usize) -> Result {
    let mut from = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut to = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let mut bytes = vec![0; size];
    while from.read_exact(&mut bytes).is_ok() {
        to.write_all(&bytes)?;
    }
    Ok(())
}

// ANCHOR: channels
use std::io::{PipeReader, PipeWriter};

use nix::fcntl::{FcntlArg::F_SETPIPE_SZ, fcntl};

/// A pipe with room for at least `bytes` bytes. Its two ends wait for each
/// other less often than those of the usual 64 KiB.
///
/// # Errors
///
/// `bytes` is more than /proc/sys/fs/pipe-max-size allows (1 MiB as a rule).
pub fn pipe_with_room(bytes: i32) -> std::io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = std::io::pipe()?;
    fcntl(&writer, F_SETPIPE_SZ(bytes))?;
    Ok((reader, writer))
}
// ANCHOR_END: channels
