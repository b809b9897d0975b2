//! Context switch through a socket: a task is hardly faster than a thread.
//!
//!     cargo run --release -p asyncio --bin switch_cost_socket
//!
//! As `switch_cost`, but the message goes through a pair of sockets. Now the
//! kernel takes part in each switch, of a task, too; and a task asks its event
//! loop which socket is ready, which is one more system call. So most of what
//! tasks save is gone: through a channel threads take many times as long, here
//! less than twice as long.
//!
//! Read `switch_cost` first. "They" in A32 are tasks.
//!
//! Claims: A32
//! Change this and watch: leave out `sched_setaffinity`. Two threads on two
//! cores wake each other up, which takes longer, and still longer if a core
//! sleeps.
//!
//! Output (figures vary):
//!     there and back: tasks 3684 ns, threads 5390 ns
//!     The article, A32: "Unlike threads, they cost nothing to switch."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A32 is borne out: through a socket threads take 1.5 times as long as tasks: less than twice

use std::io::{Read, Write};
use std::{os::unix::net, thread, time::Instant};

use nix::sched::{CpuSet, sched_getcpu, sched_setaffinity};
use nix::unistd::Pid;
use shared::measure::{NoiseMeter, try_median_of};
use shared::{Result, claim_timed, flags, notice_debug_build, say};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::{runtime::Builder, spawn};

const ROUNDS: usize = 20;
const TRIPS: u64 = 1_000;

fn main() -> Result {
    flags([]);
    notice_debug_build();
    // As in `switch_cost`: all on the core where this thread is now.
    let mut core = CpuSet::new();
    core.set(sched_getcpu()?)?;
    sched_setaffinity(Pid::from_raw(0), &core)?;
    let meter = NoiseMeter::start();
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let task = try_median_of(ROUNDS, || runtime.block_on(between_tasks()))?;
    let thread = try_median_of(ROUNDS, between_threads)?;
    let ratio = thread as f64 / task as f64;
    say!("there and back: tasks {task} ns, threads {thread} ns");
    let less = if ratio < 2.0 { "less" } else { "not less" };
    let figure = format!(
        "through a socket threads take {ratio:.1} times as long as tasks: \
         {less} than twice"
    );
    claim_timed("A32", ratio < 2.0, meter.read(), figure)
}

/// Nanoseconds for each message there and back.
async fn between_tasks() -> Result<u64> {
    let (mut near, far) = UnixStream::pair()?;
    let echo = spawn(echo(far));
    let started = Instant::now();
    for _ in 0..TRIPS {
        near.write_all(&[0]).await?;
        near.read_exact(&mut [0]).await?;
    }
    let took = started.elapsed();
    drop(near); // ends the echo
    echo.await??; // the first ? is for a panic in the task
    Ok(took.as_nanos() as u64 / TRIPS)
}

fn between_threads() -> Result<u64> {
    let (mut near, mut far) = net::UnixStream::pair()?;
    let echo = thread::spawn(move || {
        let mut byte = [0];
        while far.read_exact(&mut byte).is_ok() {
            let _ = far.write_all(&byte); // if it fails, so does the next read
        }
    });
    let started = Instant::now();
    for _ in 0..TRIPS {
        near.write_all(&[0])?;
        near.read_exact(&mut [0])?;
    }
    let took = started.elapsed();
    drop(near);
    echo.join().expect("it does not panic");
    Ok(took.as_nanos() as u64 / TRIPS)
}

// ANCHOR: switch_cost_socket
use tokio::io::copy;
use tokio::net::UnixStream;

/// Sends back what comes in, until the other end closes (`socket.socketpair`).
/// Returns how many bytes. A silent end is waited for: limit the time around
/// this where the other end is not your own.
pub async fn echo(mut stream: UnixStream) -> std::io::Result<u64> {
    let (mut input, mut output) = stream.split();
    copy(&mut input, &mut output).await
}
// ANCHOR_END: switch_cost_socket
