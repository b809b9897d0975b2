//! The six steps of a job in another process, and from when on that pays.
//!
//!     cargo run --release -p futures_pool --bin round_trip
//!
//! Medians in microseconds. The job takes no time: it stamps the number of its
//! process on the first four bytes. A thread is sent the 24 bytes of a `Vec`,
//! whatever it holds. `process` takes its steps one by one, through pipes;
//! `pool` is our `ProcessPool`, which puts what is large into memory that both
//! share. A send wakes whoever waits for it: that takes 3 us on the same core,
//! and 20 or more on another one that sleeps.
//!
//! While the pool does a job, this program can do another one. Both take as
//! long as a job and a trip then, not as two jobs: so a job must be longer than
//! its trip to pay. That is not enough where Linux keeps both processes on one
//! core, as it may do for a millisecond.
//!
//! Claims: F18, F19, F21
//! Change this and watch: both `1 << 20` to `1 << 16`, what pipes have as a
//! rule. `process` sends 16 MiB more slowly then.
//!
//! Output (figures vary):
//!     us                ------ there ------- ------- back -------
//!        bytes by       encode   send decode encode   send decode  total
//!           64 thread      0.0    1.0    0.0    0.0    3.3    0.0    4.3
//!           64 process     0.1    2.4    0.1    0.3    2.5    0.1    5.5
//!           64 pool                                                  8.0
//!        65536 thread      0.0    0.9    0.0    0.0    0.8    0.0    1.8
//!        65536 process     2.6   17.1    2.0   25.9   43.7   23.1    113
//!        65536 pool                                                 12.7
//!      1048576 thread      0.0    1.3    0.0    0.0    1.2    0.0    2.6
//!      1048576 process     414    532    442    474    857    483   3312
//!      1048576 pool                                                  322
//!     16777216 thread      0.0   25.8    0.0    0.0    2.4    0.1   28.0
//!     16777216 process   12935  13482  13153  13957  19415  13688  88564
//!     16777216 pool                                                 8256
//!     to pay, a job must take longer than its trip, us:     8.0   12.7    322   8256
//!     F18 borne out: process 27204 has the bytes that 27200 sent
//!     F19 borne out: the result bears the stamp of process 27204
//!     F21 borne out: process 27200 has it, all 64 bytes

use std::process::{self, Child, Command, Stdio};
use std::{env, fs::File, io, os::fd::AsFd, time::Duration};

use futures_pool::{Executor, ProcessPool, ThreadPool, init, job};
use nix::fcntl::{FcntlArg::F_SETPIPE_SZ, fcntl};
use serde_bytes::ByteBuf;
use shared::{
    Result, claim, flags, measure, notice_debug_build, say, watchdog::Watchdog,
};

fn main() -> Result {
    init([job(stamp)]);
    let _bound = Watchdog::guard("the trips", Duration::from_secs(10))?;
    if env::args().nth(1).as_deref() == Some("as-process") {
        return work();
    }
    flags([]);
    notice_debug_build();
    let (thread, pool) = (ThreadPool::new(1)?, ProcessPool::new(1)?);
    let mut worker = Command::new(env::current_exe()?)
        .arg("as-process")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    say!("us                ------ there ------- ------- back -------");
    say!("   bytes by       encode   send decode encode   send decode  total");
    let mut pays = String::new();
    for size in [64, 64 << 10, 1 << 20, 16 << 20] {
        row(size, "thread", |value| by_thread(&thread, value))?;
        row(size, "process", |value| trip(&mut worker, value))?;
        pays += &row(size, "pool", |value| by_pool(&pool, value))?;
    }
    say!("to pay, a job must take longer than its trip, us: {pays}");
    claims(worker)
}

/// Begun, encoded, received, decoded, encoded, received, decoded (or the first
/// and the last of these only); and the result.
type Trip = (Vec<u64>, ByteBuf);

/// Prints the medians of several trips, and returns that of the whole.
fn row(
    size: usize,
    by: &str,
    mut trip: impl FnMut(ByteBuf) -> Result<Trip>,
) -> Result<String> {
    let rounds = ((64 << 20) / size).clamp(5, 51);
    let trips = (0..rounds).map(|_| Ok(trip(vec![b'b'; size].into())?.0));
    let trips: Vec<_> = trips.collect::<Result<_>>()?;
    let us = |from, to| {
        let spans = trips.iter().map(|at: &Vec<u64>| at[to] - at[from]);
        let us = measure::median(&spans.collect::<Vec<_>>()) as f64 / 1e3;
        format!("{us:>7.*}", usize::from(us < 100.0))
    };
    let last = trips[0].len() - 1;
    let steps = (0..last).filter(|_| last > 1); // of a pool, nobody knows them
    let steps: String = steps.map(|step| us(step, step + 1)).collect();
    say!("{size:>8} {by:<8}{steps:<42}{}", us(0, last));
    Ok(us(0, last))
}

fn by_thread(pool: &ThreadPool, value: ByteBuf) -> Result<Trip> {
    let begun = now();
    let (came, result) = pool.submit(|v| (now(), stamp(v)), value).result()?;
    Ok((vec![begun, begun, came, came, came, now(), now()], result))
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

fn by_pool(pool: &ProcessPool, value: ByteBuf) -> Result<Trip> {
    let begun = now();
    let result = pool.submit(stamp, value).result()?;
    Ok((vec![begun, now()], result))
}

fn trip(worker: &mut Child, value: ByteBuf) -> Result<Trip> {
    let begun = now();
    let order = postcard::to_stdvec(&value)?;
    let encoded = now();
    send(worker.stdin.as_mut().expect("a pipe"), [0; 3], &order)?;
    let (at, reply) = receive(worker.stdout.as_mut().expect("a pipe"))?;
    let back = now();
    let result = postcard::from_bytes(&reply)?;
    Ok((vec![begun, encoded, at[0], at[1], at[2], back, now()], result))
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

/// Writes the length, when the worker did what, and the bytes.
fn send(to: &mut impl io::Write, [a, b, c]: [u64; 3], bytes: &[u8]) -> Result {
    let head = [bytes.len() as u64, a, b, c].map(u64::to_le_bytes);
    to.write_all(head.as_flattened())?;
    Ok(to.write_all(bytes)?)
}

fn receive(from: &mut impl io::Read) -> io::Result<([u64; 3], Vec<u8>)> {
    let mut head = [[0; 8]; 4];
    from.read_exact(head.as_flattened_mut())?;
    let [length, times @ ..] = head.map(u64::from_le_bytes);
    let mut bytes = vec![0; length as usize];
    from.read_exact(&mut bytes)?;
    Ok((times, bytes))
}

fn claims(mut worker: Child) -> Result {
    let (_, result) = trip(&mut worker, ByteBuf::from([b'b'; 64]))?;
    let (mark, rest) = result.split_at(4);
    let mark = mark.try_into().map(u32::from_le_bytes)?;
    let [here, there] = [process::id(), worker.id()];
    let figure = format!("process {there} has the bytes that {here} sent");
    claim("F18", rest == [b'b'; 60] && there != here, figure)?;
    let figure = format!("the result bears the stamp of process {mark}");
    claim("F19", mark == there, figure)?;
    let figure = format!("process {here} has it, all {} bytes", result.len());
    claim("F21", mark != here && result.len() == 64, figure)?;
    Ok(worker.wait().map(drop)?) // it ends, for its pipe is closed
}
