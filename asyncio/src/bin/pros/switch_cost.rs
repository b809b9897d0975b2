//! Start, switch and memory: a task against a thread, flattering and not.
//!
//!     cargo run --release -p asyncio --bin switch_cost
//!
//! Two switches are a round trip: through a channel in memory, or a pair of
//! sockets; on whichever core, or all of it on one. A task switches without
//! the kernel, but not if it waits for a socket. Medians of 20 rounds.
//!
//! Claims: A30, A31, A32, X6
//! Change this and watch: leave `--release` out. A task's channel costs several
//! times as much then; a thread's as before: that is the kernel's work.
//!
//! Output (figures vary):
//!                                       task    thread     ratio
//!     bytes, waiting                     328     10199      31.1
//!     ns to start and join               706     55013      77.9
//!     ns there and back, channel         921      5270       5.7
//!     ns there and back, socket         4420      4476       1.0
//!     all on one core:
//!     ns to start and join               728     17444      24.0
//!     ns there and back, channel         699      3831       5.5
//!     ns there and back, socket         5608      4129       0.7
//!     A30 borne out: a thread costs 31.1 tasks
//!     A31 borne out: a thread costs 24.0 tasks
//!     A32 borne out: a thread costs 5.5 tasks, 0.7 through a socket
//!     X6 borne out: start 24.0, switch 5.5, keep 31.1 tasks for a thread

use std::sync::mpsc::sync_channel;
use std::{future::pending, thread, time::Duration, time::Instant};

use nix::sched::{CpuSet, sched_getcpu, sched_setaffinity};
use nix::unistd::Pid;
use shared::measure::{median, rss_kib};
use shared::{
    Result, claim, flags, notice_debug_build, say, watchdog::Watchdog,
};
use tokio::{net::UnixStream, sync::mpsc::channel};

const ROUNDS: u32 = 20;
const TRIPS: u64 = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let _guard = Watchdog::guard("measuring", Duration::from_secs(20))?;
    notice_debug_build();
    say!("{:<28}{:>10}{:>10}{:>10}", "", "task", "thread", "ratio");
    let task = weight(10_000, || drop(tokio::spawn(pending::<()>())));
    let thread = weight(100, || drop(thread::spawn(thread::park)));
    let memory = row("bytes, waiting", task, thread);
    three_rows().await?;
    stay_on_this_core()?;
    let [start, channel, socket] = three_rows().await?;
    let figure = |ratio| format!("a thread costs {ratio:.1} tasks");
    claim("A30", memory > 5.0, figure(memory))?;
    claim("A31", start > 1.5, figure(start))?;
    let shrinks = channel > 1.5 * socket;
    let sockets = format!("{}, {socket:.1} through a socket", figure(channel));
    claim("A32", shrinks, sockets)?;
    let all =
        format!("start {start:.1}, switch {channel:.1}, keep {memory:.1}");
    claim("X6", start > 1.5 && memory > 5.0, all + " tasks for a thread")
}

/// Bytes for each one that waits. They do so until the program ends.
fn weight(count: u64, start: impl Fn()) -> u64 {
    let before = rss_kib();
    (0..count).for_each(|_| start());
    thread::sleep(Duration::from_millis(50)); // until the last one waits
    1_024 * (rss_kib() - before) / count
}

fn row(what: &str, task: u64, thread: u64) -> f64 {
    let ratio = thread as f64 / task as f64;
    say!("{what:<28}{task:>10}{thread:>10}{ratio:>10.1}");
    ratio
}

async fn three_rows() -> Result<[f64; 3]> {
    Ok([
        row("ns to start and join", task_start().await?, thread_start()?),
        row(
            "ns there and back, channel",
            by_channel().await?,
            thread_by_channel()?,
        ),
        row(
            "ns there and back, socket",
            by_socket().await?,
            thread_by_socket()?,
        ),
    ])
}

/// And so do the threads to come.
fn stay_on_this_core() -> Result {
    let mut core = CpuSet::new();
    core.set(sched_getcpu()?)?;
    sched_setaffinity(Pid::from_raw(0), &core)?;
    say!("all on one core:");
    Ok(())
}

/// The same text for tasks and threads: the median of ns for each trip.
macro_rules! trips {
    ($($step:expr),*) => {{
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let started = Instant::now();
            for _ in 0..TRIPS {
                $($step;)*
            }
            rounds.push(started.elapsed().as_nanos() as u64 / TRIPS);
        }
        Ok(median(&rounds))
    }};
}

async fn task_start() -> Result<u64> {
    trips!(tokio::spawn(async {}).await?)
}

fn thread_start() -> Result<u64> {
    trips!(thread::spawn(|| ()).join().expect("it does not panic"))
}

async fn by_channel() -> Result<u64> {
    let (there, mut pings) = channel(1);
    let (back, mut pongs) = channel(1);
    tokio::spawn(async move {
        while pings.recv().await.is_some() && back.send(()).await.is_ok() {}
    });
    trips!(there.send(()).await?, pongs.recv().await)
}

fn thread_by_channel() -> Result<u64> {
    let (there, pings) = sync_channel(1);
    let (back, pongs) = sync_channel(1);
    thread::spawn(
        move || while pings.recv().is_ok() && back.send(()).is_ok() {},
    );
    trips!(there.send(())?, pongs.recv()?)
}

async fn by_socket() -> Result<u64> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (mut near, mut far) = UnixStream::pair()?;
    tokio::spawn(async move {
        while far.read_exact(&mut [0]).await.is_ok()
            && far.write_all(&[0]).await.is_ok()
        {}
    });
    trips!(near.write_all(&[0]).await?, near.read_exact(&mut [0]).await?)
}

fn thread_by_socket() -> Result<u64> {
    use std::io::{Read, Write};
    let (mut near, mut far) = std::os::unix::net::UnixStream::pair()?;
    thread::spawn(move || {
        while far.read_exact(&mut [0]).is_ok() && far.write_all(&[0]).is_ok() {}
    });
    trips!(near.write_all(&[0])?, near.read_exact(&mut [0])?)
}
