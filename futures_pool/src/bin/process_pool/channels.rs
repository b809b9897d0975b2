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
//! `shared_memory` has a way with fewer copies.
//!
//! Change this and watch: `64 << 10` in `WAYS` to `4 << 10`. The smaller a
//! pipe, the more often its two ends wait for each other.
//!
//! Output (figures vary):
//!     us, bytes     64  65536  1048576  16777216
//!     pipe, 64 KiB   3     32     1386     35227
//!     pipe, 1 MiB   21     60      652     37314
//!     socketpair     8     42      416     27310

use std::os::{fd::AsFd, fd::OwnedFd, unix::net::UnixStream};
use std::time::{Duration, Instant};
use std::{fs::File, io, io::Read, io::Write};

use shared::measure::try_median_of;
use shared::watchdog::Watchdog;
use shared::{Failure, Result, Table, flags, notice_debug_build, role};

const SIZES: [usize; 4] = [64, 64 << 10, 1 << 20, 16 << 20];

fn main() -> Result {
    let _bound = Watchdog::guard("the echo", Duration::from_secs(10))?;
    if let Some([size]) = role::started_as("echo") {
        return echo(size.parse()?);
    }
    flags([]);
    notice_debug_build();
    let mut table =
        Table::new(["us, bytes", "64", "65536", "1048576", "16777216"]);
    for (name, open) in WAYS {
        let [tiny, small, large, huge] = SIZES.map(|size| us(trip(open, size)));
        table.row([&name, &tiny?, &small?, &large?, &huge?]);
    }
    table.print();
    Ok(())
}

type Open = fn() -> Result<Ends>;

const WAYS: [(&str, Open); 3] = [
    ("pipe, 64 KiB", || pipes(64 << 10)),
    ("pipe, 1 MiB", || pipes(1 << 20)),
    ("socketpair", socketpair),
];

fn us(trip: Result<Duration>) -> Result<String> {
    Ok(format!("{:.0}", trip?.as_secs_f64() * 1e6))
}

/// The ends of a channel to another process, and of one back.
struct Ends {
    child_reads: OwnedFd,
    child_writes: OwnedFd,
    to: File,
    from: File,
}

fn pipes(size: i32) -> Result<Ends> {
    let [(child_reads, to), (from, child_writes)] =
        [pipe_with_room(size)?, pipe_with_room(size)?];
    let [child_reads, child_writes] =
        [OwnedFd::from(child_reads), child_writes.into()];
    let [to, from] = [OwnedFd::from(to), from.into()].map(File::from);
    Ok(Ends { child_reads, child_writes, to, from })
}

fn socketpair() -> Result<Ends> {
    let (ours, theirs) = UnixStream::pair()?;
    let to = File::from(OwnedFd::from(ours.try_clone()?));
    let from = File::from(OwnedFd::from(ours));
    let child_reads = theirs.try_clone()?.into();
    Ok(Ends { child_reads, child_writes: theirs.into(), to, from })
}

/// The median time for `size` bytes to another process and back.
fn trip(open: Open, size: usize) -> Result<Duration> {
    let Ends { child_reads, child_writes, mut to, mut from } = open()?;
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
    match reply == sent {
        true => Ok(median),
        false => Err(Failure::new("other bytes came back")),
    }
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

/// A pipe with room for `bytes` bytes, up to /proc/sys/fs/pipe-max-size (1 MiB
/// as a rule). Its two ends wait for each other less often than those of the
/// usual 64 KiB.
pub fn pipe_with_room(bytes: i32) -> std::io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = std::io::pipe()?;
    fcntl(&writer, F_SETPIPE_SZ(bytes))?;
    Ok((reader, writer))
}
// ANCHOR_END: channels
