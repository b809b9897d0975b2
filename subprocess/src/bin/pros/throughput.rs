//! Throughput of a pipe: how fast can the output of a child be read?
//!
//!     cargo run --release -p subprocess --bin throughput
//!
//! A child writes 256 MiB to its standard output, and the parent reads it, in
//! seven ways. A pipe has room for 64 KiB, so the two wait for each other often.
//! With room for 1 MiB (`F_SETPIPE_SZ`) and large reads they wait less. The
//! async runtimes read with the same calls and add little; `Command::output`
//! also has to keep everything. The last row is a plain copy in memory.
//!
//! In Python: `Popen(pipesize=1 << 20)`.
//!
//! Change this and watch: set `READ` to 4 KiB: sixteen times as many calls, and
//! every way is slower.
//!
//! Output (figures vary):

use std::io::{Read, Write, stdout};
use std::os::fd::AsFd;
use std::{fs::File, time::Duration, time::Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, ioctl_fionbio};
use shared::measure::try_best_of;
use shared::watchdog::Watchdog;
use shared::{Result, Table, ensure, flags, notice_debug_build, role};
use tokio::io::AsyncReadExt;

const TOTAL: usize = if cfg!(debug_assertions) { 32 << 20 } else { 256 << 20 };
const READ: usize = 1 << 16;

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        let mut output = File::from(stdout().as_fd().try_clone_to_owned()?);
        let block = vec![7; 1 << 20];
        for _ in 0..TOTAL >> 20 {
            output.write_all(&block)?;
        }
        return Ok(());
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the children", Duration::from_secs(50))?;
    let ways: [(&str, Way); 7] = [
        ("64 KiB pipe", by_read),
        ("1 MiB pipe", by_wide_pipe),
        ("1 MiB pipe, poll", by_poll),
        ("Command::output", by_output),
        ("duct", by_duct),
        ("tokio", by_tokio),
        ("smol", by_smol),
    ];
    let memcpy = gib_per_second(by_memcpy)?;
    let mut table = Table::new(["way", "GiB/s", "of memcpy"]);
    for (name, way) in ways {
        let speed = gib_per_second(way)?;
        let cells = [format!("{speed:.2}"), format!("{:.2}", speed / memcpy)];
        table.row([&name, &cells[0], &cells[1]]);
    }
    table.row([&"memcpy", &format_args!("{memcpy:.2}"), &"1.00"]);
    table.print();
    Ok(())
}

/// Returns how many bytes came, all of them right.
type Way = fn() -> Result<usize>;

/// The best of three tries.
fn gib_per_second(way: Way) -> Result<f64> {
    let seconds = try_best_of(3, || {
        let begun = Instant::now();
        let count = way()?;
        let took = begun.elapsed().as_secs_f64();
        ensure(count == TOTAL, "bytes are missing").map(|()| took)
    })?;
    Ok(TOTAL as f64 / (1 << 30) as f64 / seconds)
}

/// Counts the bytes, and looks at one of each read.
#[derive(Default)]
struct Count(usize);

impl Count {
    fn take(&mut self, bytes: &[u8]) -> Result {
        self.0 += bytes.len();
        ensure(bytes[bytes.len() / 2] == 7, "a byte is wrong")
    }
}

fn child() -> Result<Command> {
    let mut command = role::command("child")?;
    command.stdout(Stdio::piped());
    Ok(command)
}

fn read_all(mut input: impl Read, size: usize) -> Result<usize> {
    let (mut count, mut buffer) = (Count::default(), vec![0; size]);
    loop {
        match input.read(&mut buffer)? {
            0 => return Ok(count.0),
            length => count.take(&buffer[..length])?,
        }
    }
}

fn by_read() -> Result<usize> {
    let mut child = child()?.spawn()?;
    let count = read_all(child.stdout.take().expect("a pipe"), READ)?;
    child.wait()?;
    Ok(count)
}

fn by_wide_pipe() -> Result<usize> {
    let (mut child, output) = spawn_with_wide_pipe(&mut child()?)?;
    let count = read_all(output, 16 * READ)?;
    child.wait()?;
    Ok(count)
}

fn by_poll() -> Result<usize> {
    let (mut child, output) = spawn_with_wide_pipe(&mut child()?)?;
    ioctl_fionbio(&output, true)?;
    let (mut count, mut buffer) = (Count::default(), vec![0; 16 * READ]);
    loop {
        poll(&mut [PollFd::new(&output, PollFlags::IN)], None)?;
        match rustix::io::read(&output, &mut buffer) {
            Ok(0) => break,
            Ok(length) => count.take(&buffer[..length])?,
            Err(Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
    }
    child.wait()?;
    Ok(count.0)
}

fn by_output() -> Result<usize> {
    let output = child()?.output()?.stdout;
    output.chunks(READ).try_for_each(|part| Count::default().take(part))?;
    Ok(output.len())
}

fn by_duct() -> Result<usize> {
    let own = std::env::current_exe()?;
    read_all(duct::cmd!(own, "as-child").reader()?, READ)
}

#[tokio::main(flavor = "current_thread")]
async fn by_tokio() -> Result<usize> {
    let mut child = tokio::process::Command::from(child()?).spawn()?;
    let mut output = child.stdout.take().expect("a pipe");
    let (mut count, mut buffer) = (Count::default(), vec![0; READ]);
    loop {
        match output.read(&mut buffer).await? {
            0 => break,
            length => count.take(&buffer[..length])?,
        }
    }
    child.wait().await?;
    Ok(count.0)
}

fn by_smol() -> Result<usize> {
    smol::block_on(async {
        let mut command = smol::process::Command::from(child()?);
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut output = child.stdout.take().expect("a pipe");
        let (mut count, mut buffer) = (Count::default(), vec![0; READ]);
        loop {
            match smol::io::AsyncReadExt::read(&mut output, &mut buffer).await?
            {
                0 => break,
                length => count.take(&buffer[..length])?,
            }
        }
        child.status().await?;
        Ok(count.0)
    })
}

fn by_memcpy() -> Result<usize> {
    let (source, mut target) = (vec![7; READ], vec![0; READ]);
    let mut count = Count::default();
    while count.0 < TOTAL {
        target.copy_from_slice(std::hint::black_box(&source));
        count.take(std::hint::black_box(&target))?;
    }
    Ok(count.0)
}

// ANCHOR: throughput
use std::io::{self, PipeReader};
use std::process::{Child, Command, Stdio};

use rustix::pipe::fcntl_setpipe_size;

/// Starts a child whose standard output is a pipe with room for 1 MiB, so that it
/// and its reader wait for each other less often. Read it in large pieces, to
/// its end, and then wait for the child.
///
/// # Errors
///
/// The child cannot be started.
pub fn spawn_with_wide_pipe(
    command: &mut Command,
) -> io::Result<(Child, PipeReader)> {
    let (reader, writer) = io::pipe()?;
    // More than /proc/sys/fs/pipe-max-size is refused: then it stays as it is.
    let _ = fcntl_setpipe_size(&writer, 1 << 20);
    let child = command.stdout(writer).spawn()?;
    // Or the command would keep a copy of the writer, and there would be no end.
    command.stdout(Stdio::null());
    Ok((child, reader))
}
// ANCHOR_END: throughput
