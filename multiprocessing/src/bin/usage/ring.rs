//! Latency and throughput of a ring buffer in shared memory, and of a pipe.
//!
//!     cargo run --release -p multiprocessing --bin ring
//!
//! Through a ring in shared memory messages travel without the kernel: one
//! process copies a message in, and another process copies it out. The kernel
//! has a part only where a process waits. A process that spins sees a message at
//! once, and occupies a core meanwhile. A process that sleeps on a futex has to
//! be woken, which takes longer than all the rest: there and back the ring is
//! then no faster than a pipe. One way it is faster, because a receiver that
//! has messages does not sleep. In Python: `multiprocessing.Pipe`.
//!
//! Change this and watch: `SPIN` of 0 microseconds. Both rings sleep then.
//!
//! Output (figures vary):

use std::io::{Read, Write};
use std::os::{fd::OwnedFd, unix::net::UnixStream};
use std::{fs::File, process, time::Instant};

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
        let spin = Duration::from_micros(spin.parse()?);
        return Ok(echo(parent.parse()?, spin)?);
    }
    if let Some([]) = role::started_as("stream") {
        return echo_bytes();
    }
    flags([]);
    notice_debug_build();
    let [spins, sleeps] = [ring(SPIN)?, ring(Duration::ZERO)?];
    let [pipe, socket] = [pipe()?, socketpair()?];
    let mut table = Table::new(["64 bytes", "us, there and back", "of 100"]);
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
        "a ring answers {:.1} times as fast as a pipe, and {:.1} times if it \
         sleeps; 100 messages {:.1} and {:.1} times",
        pipe.one / spins.one,
        pipe.one / sleeps.one,
        pipe.many / spins.many,
        pipe.many / sleeps.many,
    );
    Ok(())
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

/// Microseconds for each message and its reply: one at a time, and many.
struct Cost {
    one: f64,
    many: f64,
}

fn cost(
    mut send: impl FnMut(&[u8]) -> io::Result<()>,
    mut receive: impl FnMut(&mut Vec<u8>) -> io::Result<()>,
) -> Result<Cost> {
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

/// The child's part: sends each message back to its `parent`, until that closes.
/// The parent has started it by [`Link::start`], and told its process id.
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
