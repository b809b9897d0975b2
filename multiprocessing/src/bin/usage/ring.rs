//! Latency: a ring buffer in shared memory, compared with a pipe.
//!
//!     cargo run --release -p multiprocessing --bin ring
//!
//! Messages travel through a ring in shared memory without the kernel: one
//! process copies a message in, and another process copies it out. The kernel
//! has a part only where a process waits. A process that spins sees a message
//! soon, but it keeps a core busy while it waits. A process that sleeps on a
//! futex has to be woken by the kernel, and this takes longer than all the
//! rest: with one message at a time the ring is then about as slow as a pipe.
//! With a hundred messages at once most of them need no wake-up. In Python this
//! is `multiprocessing.Pipe`. Both processes stay on a core of their own here.
//!
//! Change this and watch: set `SPIN` to 0 microseconds. Then both rings sleep.
//!
//! Output (figures vary):
//!     us, there and back    one  each of 100
//!     ring, spins          1.09         0.26
//!     ring, sleeps        13.90         0.27
//!     pipe                12.22         0.75

use std::io::{Read, Write};
use std::process::{self, Stdio};
use std::{panic::resume_unwind, thread, time::Instant};

use shared::measure::{stay_on_core, try_best_of};
use shared::role;
use shared::watchdog::Watchdog;
use shared::{Failure, Result, Table, ensure, flags, notice_debug_build};

const SIZE: usize = 64;
/// How many messages are sent before their replies are received. They fit in.
const MANY: usize = 100;
/// How long a process spins before it sleeps all the same.
const SPIN: Duration = Duration::from_micros(200);

fn main() -> Result {
    let _bound = Watchdog::guard("the messages", Duration::from_secs(20))?;
    if let Some([spin, parent]) = role::started_as("ring") {
        let spin = Duration::from_micros(spin.parse()?);
        stay_on_core(1)?;
        return Ok(echo(parent.parse()?, spin)?);
    }
    if let Some([]) = role::started_as("pipe") {
        return echo_bytes();
    }
    flags([]);
    notice_debug_build();
    let mut table = Table::new(["us, there and back", "one", "each of 100"]);
    let ways: [(_, Way); 3] = [
        ("ring, spins", || ring(SPIN)),
        ("ring, sleeps", || ring(Duration::ZERO)),
        ("pipe", pipe),
    ];
    for (way, measure) in ways {
        // A thread of its own, because `stay_on_core` cannot be undone.
        let us = thread::spawn(measure).join();
        let us = us.unwrap_or_else(|panic| resume_unwind(panic))?;
        table.row([&way, &format!("{:.2}", us[0]), &format!("{:.2}", us[1])]);
    }
    table.print();
    Ok(())
}

fn ring(spin: Duration) -> Result<Us> {
    let mut command = role::command("ring")?;
    command.args([spin.as_micros().to_string(), process::id().to_string()]);
    let (mut child, link) = Link::start(&mut command, 16 << 10)?;
    let Link { mut to, mut from } = link.spinning(spin);
    let us = cost(|m| to.send(m, WAIT), |r| from.receive(r, WAIT).map(drop));
    drop(to); // then the child ends
    child.wait()?;
    us
}

fn pipe() -> Result<Us> {
    let mut child = role::command("pipe")?;
    let child = child.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = child.spawn()?;
    let mut to = child.stdin.take().expect("it is a pipe");
    let mut from = child.stdout.take().expect("it is a pipe");
    let us = cost(|m| to.write_all(m), |r| from.read_exact(r));
    drop(to); // then the child ends
    child.wait()?;
    us
}

/// Microseconds for a message and its reply: one at a time, and each of many.
type Us = [f64; 2];
type Way = fn() -> Result<Us>;

fn cost(
    mut send: impl FnMut(&[u8]) -> io::Result<()>,
    mut receive: impl FnMut(&mut Vec<u8>) -> io::Result<()>,
) -> Result<Us> {
    stay_on_core(0)?;
    let (message, mut reply) = ([7; SIZE], vec![0; SIZE]);
    let mut us = |at_once: usize| {
        try_best_of(30, || {
            let begun = Instant::now();
            for _ in 0..MANY / at_once {
                (0..at_once).try_for_each(|_| send(&message))?;
                for _ in 0..at_once {
                    receive(&mut reply)?;
                    ensure(reply == message, "another message came back")?;
                }
            }
            Ok::<_, Failure>(begun.elapsed().as_secs_f64() * 1e6 / MANY as f64)
        })
    };
    Ok([us(1)?, us(MANY)?])
}

/// The child at the pipe.
fn echo_bytes() -> Result {
    stay_on_core(1)?;
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

/// The child's part: sends each message back to its `parent`, until that
/// closes. The parent has started it by [`Link::start`], and told its process
/// id.
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
