//! The six steps of a job in another process, and the two of one in a thread.
//!
//!     cargo run -p futures_pool --bin round_trip
//!     cargo run -p futures_pool --bin round_trip --release
//!
//! Medians in microseconds. The job takes no time: it stamps the number of its
//! process on the first four bytes. To a thread only the 24 bytes of a `Vec`
//! are moved, whatever it holds. See `channels`, too.
//!
//! Claims: F18, F19, F21
//! Change this and watch: the pipe's `1 << 20` to `1 << 16`, what pipes have as
//! a rule. 16 MiB are sent more slowly then.
//!
//! Output (figures vary):
//!     (debug build: costs are clearer with --release)
//!     us                 ------ there ------- ------- back -------
//!        bytes  by       encode   send decode encode   send decode  total
//!           64  thread      0.0    3.5    0.0    0.0    3.7    0.0    7.3
//!           64  process     0.7   35.6    0.7    0.9   27.2    0.8   65.8
//!        65536  thread      0.0   38.5    0.0    0.0   29.1    0.2   67.6
//!        65536  process     2.8   49.0    2.4   23.4   63.6   17.5    168
//!      1048576  thread      0.0   30.6    0.0    0.0   39.1    0.1   70.2
//!      1048576  process     288    462    368    392    693    334   2641
//!     16777216  thread      0.0   84.0    0.0    0.0   46.9    0.3    133
//!     16777216  process    8202  13370   8748   8595  16436   8815  63781
//!     a process pays from ten trips on: 658, 1684, 26406, 637814 us a job
//!     F18 holds: process 27121 has the bytes that 27117 sent
//!     F19 holds: the result bears the stamp of process 27121
//!     F21 holds: process 27117 has it, all 64 bytes

use std::process::{self, Child, Command, Stdio};
use std::{env, fs::File, io, os::fd::AsFd, time::Duration};

use futures_pool::{Executor, ThreadPool};
use nix::fcntl::{FcntlArg::F_SETPIPE_SZ, fcntl};
use serde_bytes::ByteBuf;
use shared::{Result, claim, flags, measure, say, watchdog::Watchdog};

fn main() -> Result {
    let _bound = Watchdog::guard("the trips", Duration::from_secs(10))?;
    if env::args().nth(1).as_deref() == Some("as-worker") {
        return work();
    }
    flags([]);
    if cfg!(debug_assertions) {
        say!("(debug build: costs are clearer with --release)")?;
    }
    let thread = ThreadPool::new(1)?;
    let mut worker = Command::new(env::current_exe()?)
        .arg("as-worker")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    say!("{TITLE}")?;
    let mut pays = Vec::new();
    for size in [64, 64 << 10, 1 << 20, 16 << 20] {
        row(size, "thread", |value| by_thread(&thread, value))?;
        let us = row(size, "process", |value| trip(&mut worker, value))?;
        pays.push(format!("{:.0}", 10.0 * us));
    }
    say!("a process pays from ten trips on: {} us a job", pays.join(", "))?;
    claims(&mut worker)?;
    Ok(worker.wait().map(drop)?) // it ends, for its pipe is closed
}

const TITLE: &str = "\
us                 ------ there ------- ------- back -------
   bytes  by       encode   send decode encode   send decode  total";

/// Begun, sent, received, decoded, sent, received, decoded; and the result.
type Trip = ([u64; 7], ByteBuf);

/// Prints the medians of several trips, and returns that of the whole.
fn row(
    size: usize,
    by: &str,
    mut trip: impl FnMut(ByteBuf) -> Result<Trip>,
) -> Result<f64> {
    let rounds = ((64 << 20) / size).clamp(5, 51);
    let trips = (0..rounds).map(|_| Ok(trip(vec![b'b'; size].into())?.0));
    let trips: Vec<_> = trips.collect::<Result<_>>()?;
    let us = |from, to| {
        let spans = trips.iter().map(|at| at[to] - at[from]);
        measure::median(&spans.collect::<Vec<u64>>()) as f64 / 1_000.0
    };
    let text = |us: f64| format!("{us:>7.*}", usize::from(us < 100.0));
    let steps: String = (0..6).map(|step| text(us(step, step + 1))).collect();
    say!("{size:>8}  {by:<8}{steps}{}", text(us(0, 6)))?;
    Ok(us(0, 6))
}

fn by_thread(pool: &ThreadPool, value: ByteBuf) -> Result<Trip> {
    let begun = now();
    let (came, result) = pool.submit(in_thread, value).result()?;
    Ok(([begun, begun, came, came, came, now(), now()], result))
}

fn in_thread(value: ByteBuf) -> (u64, ByteBuf) {
    (now(), stamp(value))
}

/// The job: its time counts with the next step, and is next to nothing.
fn stamp(mut value: ByteBuf) -> ByteBuf {
    value[..4].copy_from_slice(&process::id().to_le_bytes());
    value
}

/// In nanoseconds, by the one clock of all processes.
fn now() -> u64 {
    measure::now().as_nanos() as u64
}

fn trip(worker: &mut Child, value: ByteBuf) -> Result<Trip> {
    let begun = now();
    let order = postcard::to_stdvec(&value)?;
    let sent = now();
    send(worker.stdin.as_mut().expect("a pipe"), [0; 3], &order)?;
    let replies = worker.stdout.as_mut().expect("a pipe");
    let ([came, decoded, replied], reply) = receive(replies)?;
    let back = now();
    let result = postcard::from_bytes(&reply)?;
    Ok(([begun, sent, came, decoded, replied, back, now()], result))
}

/// The other process: does what comes in until nothing comes any more.
fn work() -> Result {
    let mut orders = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut replies = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    fcntl(&orders, F_SETPIPE_SZ(1 << 20))?;
    fcntl(&replies, F_SETPIPE_SZ(1 << 20))?;
    while let Ok((_, order)) = receive(&mut orders) {
        let came = now();
        let value = postcard::from_bytes(&order)?;
        let decoded = now();
        let reply = postcard::to_stdvec(&stamp(value))?;
        send(&mut replies, [came, decoded, now()], &reply)?;
    }
    Ok(())
}

/// When the worker did what; the length comes before it, the bytes after it.
type Times = [u64; 3];

fn send(to: &mut impl io::Write, [a, b, c]: Times, bytes: &[u8]) -> Result {
    let head = [bytes.len() as u64, a, b, c].map(u64::to_le_bytes);
    to.write_all(head.as_flattened())?;
    Ok(to.write_all(bytes)?)
}

fn receive(from: &mut impl io::Read) -> io::Result<(Times, Vec<u8>)> {
    let mut head = [[0; 8]; 4];
    from.read_exact(head.as_flattened_mut())?;
    let [length, times @ ..] = head.map(u64::from_le_bytes);
    let mut bytes = vec![0; length as usize];
    from.read_exact(&mut bytes)?;
    Ok((times, bytes))
}

fn claims(worker: &mut Child) -> Result {
    let value = ByteBuf::from([b'b'; 64]);
    let (_, result) = trip(worker, value.clone())?;
    let (mark, rest) = result.split_at(4);
    let mark = mark.try_into().map(u32::from_le_bytes)?;
    let [here, there] = [process::id(), worker.id()];
    let figure = format!("process {there} has the bytes that {here} sent");
    claim("F18", rest == &value[4..] && there != here, figure)?;
    let figure = format!("the result bears the stamp of process {mark}");
    claim("F19", mark == there, figure)?;
    let figure = format!("process {here} has it, all {} bytes", result.len());
    claim("F21", mark != here && result.len() == value.len(), figure)
}
