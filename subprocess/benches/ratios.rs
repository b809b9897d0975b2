//! What starting a child and reading its output cost, each beside its yardstick,
//! in the same run.
//!
//!     cargo bench -p subprocess
//!
//! All ways of a group take turns, and the medians are compared: ours divided by
//! the yardstick's. Each ratio has a bar that it should not be above; where it
//! is, `losing` stands beside it. Nothing fails by time.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::process::{ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{env, hint::black_box};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, ioctl_fionbio};
use rustix::pipe::fcntl_setpipe_size;
use shared::measure::median;
use shared::{Result, ensure, role, say};
use subprocess::bare::Bare;
use subprocess::run_child::{Limits, Stop, run_child};

#[path = "../src/bin/pros/throughput.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod throughput;

/// Rounds of each group.
const ROUNDS: usize = 31;
const BYTES: usize = 256 << 20;

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        return Ok(()); // ends at once
    }
    if let Some([]) = role::started_as("writer") {
        return writer();
    }
    say!("{:<38}{:>14}{:>14}  ratio   bar", "", "ours", "theirs");
    starts()?;
    streams()
}

/// A way, and what its ratio should not be above.
struct Way<'a> {
    name: &'static str,
    bar: f64,
    once: Box<dyn FnMut() -> Result + 'a>,
}

/// Start a child that ends at once, and wait for it. All have our descriptors;
/// only `run_child` has three pipes, too, and reads two of them.
fn starts() -> Result {
    let program = env::current_exe()?;
    let bare = Bare::new(&program, &["as-child"])?;
    let tokio =
        tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let limits = Limits {
        time: Duration::from_secs(20),
        output: 0,
        grace: Duration::from_secs(1),
    };
    let never = Stop::never();
    let yardstick = || good(bare.run()?);
    let ways = [
        way("start: std, posix_spawn", 1.1, || {
            good(role::command("child")?.status()?)
        }),
        way("start: duct, posix_spawn", 1.2, || {
            good(duct::cmd(&program, ["as-child"]).run()?.status)
        }),
        way("start: tokio, posix_spawn", 1.2, || {
            let command = role::command("child")?;
            let mut command = tokio::process::Command::from(command);
            good(tokio.block_on(async { command.status().await })?)
        }),
        way("start: smol, posix_spawn", 1.2, || {
            let command = role::command("child")?;
            let mut command = smol::process::Command::from(command);
            good(smol::block_on(command.status())?)
        }),
        way("start: run_child, posix_spawn", 1.2, || {
            let mut command = role::command("child")?;
            good(run_child(&mut command, b"", limits, &never)?.status)
        }),
    ];
    compare(yardstick, ways)
}

fn good(status: ExitStatus) -> Result {
    ensure(status.success(), "the child has failed")
}

/// 256 MiB from a child, against what a C program would do: a loop of `poll`
/// and `read` on the descriptor of a pipe of 1 MiB.
fn streams() -> Result {
    let ways = [
        way("stream: 64 KiB pipe, poll loop", 1.25, || {
            from_child(|pipe| read_all(pipe, 64 << 10))
        }),
        way("stream: `widen` to 256 KiB, poll loop", 1.25, || {
            from_child(|pipe| {
                let capacity = throughput::widen(&pipe, 256 << 10)?;
                read_all(pipe, capacity)
            })
        }),
        way("stream: `widen` to 1 MiB, poll loop", 1.25, || {
            from_child(|pipe| {
                let capacity = throughput::widen(&pipe, 1 << 20)?;
                read_all(pipe, capacity)
            })
        }),
        way("stream: duct reader, poll loop", 1.25, || {
            let command = duct::cmd(env::current_exe()?, ["as-writer"]);
            came(read_all(command.reader()?, 64 << 10)?)
        }),
    ];
    compare(|| from_child(poll_loop), ways)
}

fn poll_loop(pipe: ChildStdout) -> Result<usize> {
    fcntl_setpipe_size(&pipe, 1 << 20)?;
    ioctl_fionbio(&pipe, true)?;
    let mut buffer = vec![0_u8; 1 << 20];
    let mut bytes = 0;
    loop {
        poll(&mut [PollFd::new(&pipe, PollFlags::IN)], None)?;
        match rustix::io::read(&pipe, &mut buffer[..]) {
            Ok(0) => return Ok(bytes),
            Ok(count) => bytes += count,
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        black_box(&mut buffer);
    }
}

fn read_all(mut pipe: impl Read, piece: usize) -> Result<usize> {
    let mut buffer = vec![0; piece];
    let mut bytes = 0;
    loop {
        match pipe.read(&mut buffer) {
            Ok(0) => return Ok(bytes),
            Ok(count) => bytes += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
        black_box(&mut buffer);
    }
}

fn from_child(read: impl FnOnce(ChildStdout) -> Result<usize>) -> Result {
    let mut command: Command = role::command("writer")?;
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let bytes = read(child.stdout.take().expect("it was piped"));
    good(child.wait()?)?;
    came(bytes?)
}

fn came(bytes: usize) -> Result {
    ensure(bytes == BYTES, "not all bytes came")
}

fn writer() -> Result {
    let mut stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let piece = vec![7; 1 << 20];
    for _ in 0..BYTES / piece.len() {
        stdout.write_all(&piece)?;
    }
    Ok(())
}

fn way<'a>(
    name: &'static str,
    bar: f64,
    once: impl FnMut() -> Result + 'a,
) -> Way<'a> {
    Way { name, bar, once: Box::new(once) }
}

/// In every round: each way, and the yardstick beside it. The first round does
/// not count.
fn compare<const N: usize>(
    mut yardstick: impl FnMut() -> Result,
    mut ways: [Way<'_>; N],
) -> Result {
    let mut theirs = Vec::new();
    let mut ours = [const { Vec::new() }; N];
    for round in 0..=ROUNDS {
        let time = timed(&mut yardstick)?;
        if round > 0 {
            theirs.push(time);
        }
        for (times, way) in ours.iter_mut().zip(&mut ways) {
            let time = timed(&mut way.once)?;
            if round > 0 {
                times.push(time);
            }
        }
    }
    let theirs = median(&theirs).as_secs_f64() * 1e6;
    for (Way { name, bar, .. }, times) in ways.iter().zip(&ours) {
        let ours = median(times).as_secs_f64() * 1e6;
        let ratio = ours / theirs;
        let verdict = if ratio > *bar { "losing" } else { "held" };
        say!(
            "{name:<38}{ours:>11.0} us{theirs:>11.0} us{ratio:>7.2}{bar:>6.2}  \
             {verdict}"
        );
    }
    Ok(())
}

fn timed(mut once: impl FnMut() -> Result) -> Result<Duration> {
    let begun = Instant::now();
    once()?;
    Ok(begun.elapsed())
}
