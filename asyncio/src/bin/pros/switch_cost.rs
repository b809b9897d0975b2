//! Context switch: between tasks it needs no kernel, between threads it does.
//!
//!     cargo run --release -p asyncio --bin switch_cost
//!
//! Two tasks, or two threads, send a message there and back through a channel:
//! two switches. All run on one core. Tasks are many times as fast, because the
//! kernel takes no part. Medians of 20 rounds of 1 000 messages.
//!
//! The program `switch_cost_socket` is the case in which tasks save little;
//! `start_cost` measures what it costs to start and to keep them.
//!
//! Claims: A32, X6
//! Change this and watch: leave `--release` out. A task's channel costs several
//! times as much then; a thread's as before: that is the kernel's work.
//!
//! Output (figures vary):
//!     there and back: tasks 622 ns, threads 4846 ns
//!     The article, A32: "Unlike threads, they cost nothing to switch."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A32 is borne out: a switch between tasks takes 311 ns, not nothing
//!     Not in the article, X6: "What starting, switching and keeping costs."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to X6 is borne out: a switch between threads takes 7.8 times as long as between tasks

use std::{sync::mpsc::sync_channel, thread, time::Instant};

use shared::measure::{NoiseMeter, try_median_of};
use shared::{Result, claim_timed, flags, notice_debug_build, say};
use tokio::{runtime::Builder, spawn, sync::mpsc::channel};

const ROUNDS: usize = 20;
const TRIPS: u64 = 1_000;

fn main() -> Result {
    flags([]);
    notice_debug_build();
    stay_on_this_core()?;
    let meter = NoiseMeter::start();
    let runtime = Builder::new_current_thread().build()?;
    let task = try_median_of(ROUNDS, || runtime.block_on(between_tasks()))?;
    let thread = try_median_of(ROUNDS, between_threads)?;
    let ratio = thread as f64 / task as f64;
    say!("there and back: tasks {task} ns, threads {thread} ns");
    let less = if cfg!(debug_assertions) { 1.0 } else { 2.0 };
    let borne_out = task > 20 && ratio > less; // not nothing, but less
    let figure =
        format!("a switch between tasks takes {} ns, not nothing", task / 2);
    claim_timed("A32", borne_out, meter.read(), figure)?;
    let figure = format!(
        "a switch between threads takes {ratio:.1} times as long as between \
         tasks"
    );
    claim_timed("X6", ratio > less, meter.read(), figure)
}

/// Nanoseconds for each message there and back.
async fn between_tasks() -> Result<u64> {
    let (there, mut pings) = channel(1);
    let (back, mut pongs) = channel(1);
    let echo = spawn(async move {
        while pings.recv().await.is_some() && back.send(()).await.is_ok() {}
    });
    let started = Instant::now();
    for _ in 0..TRIPS {
        there.send(()).await?;
        pongs.recv().await.expect("it comes back");
    }
    let took = started.elapsed();
    drop(there); // ends the echo
    echo.await?;
    Ok(took.as_nanos() as u64 / TRIPS)
}

fn between_threads() -> Result<u64> {
    let (there, pings) = sync_channel(1);
    let (back, pongs) = sync_channel(1);
    let echo =
        thread::spawn(
            move || {
                while pings.recv().is_ok() && back.send(()).is_ok() {}
            },
        );
    let started = Instant::now();
    for _ in 0..TRIPS {
        there.send(())?;
        pongs.recv()?;
    }
    let took = started.elapsed();
    drop(there);
    echo.join().expect("it does not panic");
    Ok(took.as_nanos() as u64 / TRIPS)
}

// ANCHOR: switch_cost
use nix::sched::{CpuSet, sched_getcpu, sched_setaffinity};
use nix::unistd::Pid;

/// `os.sched_setaffinity`: this thread, and all threads that it starts from now
/// on, run on the core where it is now. Linux only.
pub fn stay_on_this_core() -> nix::Result<()> {
    let mut core = CpuSet::new();
    core.set(sched_getcpu()?)?;
    sched_setaffinity(Pid::from_raw(0), &core)
}
// ANCHOR_END: switch_cost
