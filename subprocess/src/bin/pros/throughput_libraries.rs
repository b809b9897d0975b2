//! Throughput by library: std, duct, tokio and smol read the output of a child.
//!
//!     cargo run --release -p subprocess --bin throughput_libraries
//!
//! A child writes 256 MiB to its standard output. Each library reads pieces of
//! 64 KiB to the end; `poll` is a loop without any. The async ones ask the
//! system when there is something to read, and then read as the others do: most
//! of the time goes to the system, which copies the bytes, and the differences
//! between runs are larger than those between libraries. The program
//! `throughput` has the size of the pipe. In Python:
//! `popen.stdout.read(65536)`.
//!
//! Change this and watch: set `PIECE` to 4 KiB: sixteen times as many calls,
//! and each way is slower.
//!
//! Output (figures vary):
//!     way    GiB/s  of std
//!     std      1.5    100%
//!     poll     1.5    100%
//!     duct     1.5    105%
//!     tokio    1.5     99%
//!     smol     1.5    104%

use std::time::Duration;
use std::{env, process::Stdio};

use rustix::event::{PollFd, PollFlags, poll};
use shared::watchdog::Watchdog;
use shared::{Result, Table, ensure, flags, notice_debug_build, role};
use subprocess::flood::{self, BYTES, Seen};

const PIECE: usize = 64 << 10;
/// Its name, and what it does.
type Way = (&'static str, fn(&mut Seen) -> Result);

const WAYS: [Way; 5] = [
    ("std", with_std),
    ("poll", with_poll),
    ("duct", with_duct),
    ("tokio", with_tokio),
    ("smol", with_smol),
];

fn main() -> Result {
    if let Some([]) = role::started_as("source") {
        return Ok(flood::write(BYTES)?);
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("all bytes", Duration::from_secs(60))?;
    let seconds = flood::best_seconds(WAYS.map(|(_, way)| way))?;
    let mut table = Table::new(["way", "GiB/s", "of std"]);
    for ((name, _), taken) in WAYS.iter().zip(seconds) {
        let speed = format!("{:.1}", BYTES as f64 / taken / GIB);
        let share = format!("{:.0}%", 100.0 * seconds[0] / taken);
        table.row([name, &speed, &share]);
    }
    table.print();
    Ok(())
}

const GIB: f64 = (1 << 30) as f64;

fn with_std(seen: &mut Seen) -> Result {
    let mut child = role::command("source")?.stdout(Stdio::piped()).spawn()?;
    let pipe = child.stdout.take().expect("it was piped");
    for_each_piece(pipe, PIECE, |piece| seen.see(piece))?;
    ensure(child.wait()?.success(), "the child has failed")
}

/// As a program in C does it, without any library.
fn with_poll(seen: &mut Seen) -> Result {
    let mut child = role::command("source")?.stdout(Stdio::piped()).spawn()?;
    let pipe = child.stdout.take().expect("it was piped");
    let mut buffer = vec![0; PIECE];
    loop {
        poll(&mut [PollFd::new(&pipe, PollFlags::IN)], None)?;
        match rustix::io::read(&pipe, &mut buffer[..])? {
            0 => break,
            count => seen.see(&buffer[..count]),
        }
    }
    ensure(child.wait()?.success(), "the child has failed")
}

fn with_duct(seen: &mut Seen) -> Result {
    let reader = duct::cmd(env::current_exe()?, ["as-source"]).reader()?;
    // At the end it has waited for the child.
    Ok(for_each_piece(reader, PIECE, |piece| seen.see(piece))?)
}

#[tokio::main(flavor = "current_thread")]
async fn with_tokio(seen: &mut Seen) -> Result {
    use tokio::{io::AsyncReadExt, process::Command};
    let mut command = Command::from(role::command("source")?);
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut pipe = child.stdout.take().expect("it was piped");
    let mut buffer = vec![0; PIECE];
    while let count @ 1.. = pipe.read(&mut buffer).await? {
        seen.see(&buffer[..count]);
    }
    ensure(child.wait().await?.success(), "the child has failed")
}

fn with_smol(seen: &mut Seen) -> Result {
    use smol::{io::AsyncReadExt, process::Command};
    smol::block_on(async {
        let mut command = Command::from(role::command("source")?);
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut pipe = child.stdout.take().expect("it was piped");
        let mut buffer = vec![0; PIECE];
        while let count @ 1.. = pipe.read(&mut buffer).await? {
            seen.see(&buffer[..count]);
        }
        ensure(child.status().await?.success(), "the child has failed")
    })
}

// ANCHOR: throughput_libraries
use std::io::{self, ErrorKind, Read};

/// Reads to the end, and hands on each piece as it comes: at most `longest`
/// bytes, and all in one buffer, so the memory is bounded.
///
/// # Errors
///
/// Those of the reader, but `Interrupted`.
pub fn for_each_piece(
    mut input: impl Read,
    longest: usize,
    mut take: impl FnMut(&[u8]),
) -> io::Result<()> {
    let mut buffer = vec![0; longest.max(1)];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => take(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
// ANCHOR_END: throughput_libraries
