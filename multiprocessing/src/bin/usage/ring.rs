//! Latency of a ring buffer in shared memory, beside a pipe and a socket.
//!
//!     cargo run --release -p multiprocessing --bin ring
//!
//! Messages travel through a ring in shared memory without the kernel: one
//! process copies a message in, and another process copies it out. The kernel
//! has a part only where a process waits. A process that spins sees a message
//! soon, but it keeps a core busy while it waits. A process that sleeps on a
//! futex has to be woken by the kernel, and this takes longer than all the rest:
//! with one message at a time the ring is then about as slow as a pipe. With a
//! hundred messages at once most of them need no wake-up. In Python this is
//! `multiprocessing.Pipe`. Both processes stay on a core of their own here.
//!
//! Change this and watch: `SPIN` of 0 microseconds. Then both rings sleep.
//!
//! Output (figures vary):
//!     us, there and back    one  each of 100
//!     ring, spins          1.43         0.37
//!     ring, sleeps        12.60         0.35
//!     pipe                11.71         0.78
//!     socketpair          11.97         2.13
//!     There and back a ring is 8.2 times as fast as a pipe if it spins, and 0.9 times if it sleeps.

use std::io::{Read, Write};
use std::os::{fd::OwnedFd, unix::net::UnixStream};
use std::{fs::File, panic::resume_unwind, process, thread, time::Instant};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use shared::measure::try_best_of;
use shared::watchdog::Watchdog;
use shared::{
    Failure, Result, Table, ensure, flags, notice_debug_build, role, say,
};

const SIZE: usize = 64;
/// How many messages are sent before their replies are received. They fit in.
const MANY: usize = 100;
/// How long a process spins before it sleeps all the same.
const SPIN: Duration = Duration::from_micros(200);

fn main() -> Result {
    let _bound = Watchdog::guard("the messages", Duration::from_secs(20))?;
    if let Some([spin, parent]) = role::started_as("ring") {
        stay_on_core(1)?;
        let spin = Duration::from_micros(spin.parse()?);
        return Ok(echo(parent.parse()?, spin)?);
    }
    if let Some([]) = role::started_as("stream") {
        stay_on_core(1)?;
        return echo_bytes();
    }
    flags([]);
    notice_debug_build();
    let spins = on_a_thread(|| ring(SPIN))?;
    let sleeps = on_a_thread(|| ring(Duration::ZERO))?;
    let (pipe, socket) = (on_a_thread(pipe)?, on_a_thread(socketpair)?);
    let mut table = Table::new(["us, there and back", "one", "each of 100"]);
    for (way, cost) in [
        ("ring, spins", &spins),
        ("ring, sleeps", &sleeps),
        ("pipe", &pipe),
        ("socketpair", &socket),
    ] {
        let [one, many] = [cost.one, cost.many].map(|us| format!("{us:.2}"));
        table.row([&way, &one, &many]);
    }
    table.print();
    say!(
        "There and back a ring is {:.1} times as fast as a pipe if it spins, \
         and {:.1} times if it sleeps.",
        pipe.one / spins.one,
        pipe.one / sleeps.one,
    );
    Ok(())
}

/// A thread of its own, since a thread that stays on one core does so for good.
fn on_a_thread(way: impl FnOnce() -> Result<Cost> + Send) -> Result<Cost> {
    let joined = thread::scope(|scope| scope.spawn(way).join());
    joined.unwrap_or_else(|panic| resume_unwind(panic))
}

fn ring(spin: Duration) -> Result<Cost> {
    let mut command = role::command("ring")?;
    command.args([spin.as_micros().to_string(), process::id().to_string()]);
    let (mut child, link) = Link::start(&mut command, 16 << 10)?;
    let Link { mut to, mut from } = link.spinning(spin);
    let cost = cost(
        |message| to.send(message, WAIT),
        |reply| from.receive(reply, WAIT).map(drop),
    );
    drop(to); // then the child ends
    child.wait()?;
    cost
}

fn pipe() -> Result<Cost> {
    let ((stdin, to), (from, stdout)) = (io::pipe()?, io::pipe()?);
    stream([stdin.into(), stdout.into()], [from.into(), to.into()])
}

fn socketpair() -> Result<Cost> {
    let (ours, theirs) = UnixStream::pair()?;
    let theirs = [theirs.try_clone()?.into(), theirs.into()];
    stream(theirs, [ours.try_clone()?.into(), ours.into()])
}

fn stream(theirs: [OwnedFd; 2], ours: [OwnedFd; 2]) -> Result<Cost> {
    let mut command = role::command("stream")?;
    let [stdin, stdout] = theirs;
    let mut child = command.stdin(stdin).stdout(stdout).spawn()?;
    drop(command); // it has the child's ends, too
    let [mut from, mut to] = ours.map(File::from);
    let cost = cost(
        |message| to.write_all(message),
        |reply| {
            reply.resize(SIZE, 0);
            from.read_exact(reply)
        },
    );
    drop((from, to)); // then the child ends
    child.wait()?;
    cost
}

/// The calling thread stays on this one of the cores that it may use: parent
/// and child on two, if there are two.
fn stay_on_core(nth: usize) -> Result {
    let (this, mut one) = (Pid::from_raw(0), CpuSet::new());
    let all = sched_getaffinity(this)?;
    let mut cores = (0..CpuSet::count()).filter(|n| all.is_set(*n) == Ok(true));
    if let Some(core) = cores.nth(nth) {
        one.set(core)?;
        sched_setaffinity(this, &one)?;
    }
    Ok(())
}

/// Microseconds for each message and its reply: one at a time, and many.
struct Cost {
    one: f64,
    many: f64,
}

fn cost(
    mut send: impl FnMut(&[u8]) -> io::Result<()>,
    mut receive: impl FnMut(&mut Vec<u8>) -> io::Result<()>,
) -> Result<Cost> {
    stay_on_core(0)?;
    let (message, mut reply) = ([7; SIZE], Vec::new());
    let mut us = |at_once: usize| {
        try_best_of(30, || {
            let begun = Instant::now();
            for _ in 0..MANY / at_once {
                for _ in 0..at_once {
                    send(&message)?;
                }
                for _ in 0..at_once {
                    receive(&mut reply)?;
                    ensure(reply == message, "another message came back")?;
                }
            }
            Ok::<_, Failure>(begun.elapsed().as_secs_f64() * 1e6 / MANY as f64)
        })
    };
    Ok(Cost { one: us(1)?, many: us(MANY)? })
}

/// The child at a pipe or socket.
fn echo_bytes() -> Result {
    let mut bytes = [0; SIZE];
    while io::stdin().read_exact(&mut bytes).is_ok() {
        io::stdout().write_all(&bytes)?;
        io::stdout().flush()?;
    }
    Ok(())
}

// ANCHOR: ring
use std::{io, time::Duration};

use multiprocessing::ring::Link;

/// A wait for the other process that takes longer is an error.
const WAIT: Duration = Duration::from_secs(5);

/// The child's part: sends each message back to its `parent`, until the parent
/// closes. It has started the child by [`Link::start`], and told its own id.
///
/// # Errors
///
/// The parent has died, or hangs.
pub fn echo(parent: u32, spin: Duration) -> io::Result<()> {
    let mut link = Link::to_parent(parent)?.spinning(spin);
    let mut message = Vec::new();
    while link.from.receive(&mut message, WAIT)? {
        link.to.send(&message, WAIT)?;
    }
    Ok(())
}
// ANCHOR_END: ring
