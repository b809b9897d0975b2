//! What the ring and shared memory cost, each beside its yardstick, in the same
//! run.
//!
//!     cargo bench -p multiprocessing
//!
//! The two of a pair take turns, and the medians are compared: ours divided by
//! the yardstick's. Each ratio has a bar that it should not be above; where it
//! is, `losing` stands beside it. A busy machine is unkind to those that spin.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::process::{self, Child, Command};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::*};
use std::time::{Duration, Instant};
use std::{fs::File, hint, thread};

use ipc_channel::ipc::{
    IpcBytesReceiver, IpcBytesSender, IpcOneShotServer, IpcSender,
    bytes_channel,
};
use multiprocessing::ring::Link;
use multiprocessing::{SharedMemory, futex};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use shared::measure::{self, median};
use shared::{Result, ensure, role, say};

/// No wait is longer.
const WAIT: Duration = Duration::from_secs(10);
const SPIN: Duration = Duration::from_micros(200);
const SIZES: [(&str, usize); 5] = [
    ("8 B", 8),
    ("4 KiB", 4 << 10),
    ("64 KiB", 64 << 10),
    ("1 MiB", 1 << 20),
    ("16 MiB", 16 << 20),
];
const LARGE: usize = 64 << 20;
/// Rounds of each pair.
const ROUNDS: usize = 15;

fn main() -> Result {
    if let Some([spin, parent]) = role::started_as("ring") {
        return echo_ring(spin.parse()?, parent.parse()?);
    }
    if let Some([]) = role::started_as("futex") {
        return echo_futex();
    }
    if let Some([name]) = role::started_as("ipc") {
        return echo_ipc(name);
    }
    if let Some([]) = role::started_as("mapped") {
        return see_mapped();
    }
    if let Some([]) = role::started_as("piped") {
        return see_piped();
    }
    say!("{:<38}{:>14}{:>14}  ratio   bar", "", "ours", "theirs");
    beside_a_futex()?;
    beside_two_threads()?;
    large()?;
    for (name, size) in SIZES {
        beside_ipc_channel(name, size)?;
    }
    for (name, size) in SIZES {
        beside_python(name, size)?;
    }
    Ok(())
}

/// A child at the other end of a ring, which echoes.
struct Ring {
    child: Child,
    link: Link,
    reply: Vec<u8>,
}

impl Ring {
    fn start(spin: Duration, size: usize) -> Result<Ring> {
        let mut command = role::command("ring")?;
        command.arg(spin.as_micros().to_string());
        command.arg(process::id().to_string());
        let (child, link) = Link::start(&mut command, size + 8)?;
        let link = link.spinning(spin);
        Ok(Ring { child, link, reply: Vec::new() })
    }

    fn trip(&mut self, message: &[u8]) -> Result {
        self.link.to.send(message, WAIT)?;
        self.link.from.receive(&mut self.reply, WAIT)?;
        ensure(self.reply.len() == message.len(), "another message")
    }

    fn end(self) -> Result {
        let Ring { mut child, link, .. } = self;
        drop(link);
        ensure(child.wait()?.success(), "the child has failed")
    }
}

fn echo_ring(spin: u64, parent: u32) -> Result {
    let link = Link::to_parent(parent)?;
    let mut link = link.spinning(Duration::from_micros(spin));
    let mut message = Vec::new();
    while link.from.receive(&mut message, WAIT)? {
        link.to.send(&message, WAIT)?;
    }
    Ok(())
}

/// Round trips through the ring that sleeps, and through two words on which
/// the processes sleep: all of them on two cores, or the scheduler decides.
fn beside_a_futex() -> Result {
    const TRIPS: u32 = 500;
    let all = sched_getaffinity(Pid::from_raw(0))?;
    stay_on_core(&all, 1)?; // the children
    let mut ring = Ring::start(Duration::ZERO, 64)?;
    let memory = SharedMemory::new(4_096)?;
    let words: [&AtomicU32; 2] = [memory.view(0)?, memory.view(128)?];
    let mut child = with_memory("futex", &memory)?.spawn()?;
    stay_on_core(&all, 0)?;
    let mut number = 0;
    let pair = turns([
        &mut || (0..TRIPS).try_for_each(|_| ring.trip(&[7; 8])),
        &mut || {
            for _ in 0..TRIPS {
                number += 1;
                words[0].store(number, Release);
                futex::wake(words[0], 1);
                await_futex(words[1], number - 1)?;
            }
            Ok(())
        },
    ])?;
    words[0].store(u32::MAX, Release); // the end
    futex::wake(words[0], 1);
    child.wait()?;
    ring.end()?;
    sched_setaffinity(Pid::from_raw(0), &all)?;
    row("ring that sleeps, bare futex", pair, TRIPS.into(), 2.0);
    Ok(())
}

fn echo_futex() -> Result {
    let memory = SharedMemory::inherited()?;
    let words: [&AtomicU32; 2] = [memory.view(0)?, memory.view(128)?];
    for number in 0.. {
        if await_futex(words[0], number)? == u32::MAX {
            break;
        }
        words[1].store(number + 1, Release);
        futex::wake(words[1], 1);
    }
    Ok(())
}

/// Until the word is no longer `seen`.
fn await_futex(word: &AtomicU32, seen: u32) -> Result<u32> {
    loop {
        let now = word.load(Acquire);
        if now != seen {
            return Ok(now);
        }
        ensure(futex::wait(word, seen, WAIT), "nobody answers")?;
    }
}

/// Round trips through the ring that spins, and between two threads that do
/// nothing else: on two cores. (They give way now and then: it may be one.)
fn beside_two_threads() -> Result {
    const TRIPS: u32 = 5_000;
    let all = sched_getaffinity(Pid::from_raw(0))?;
    stay_on_core(&all, 1)?; // the child
    let mut ring = Ring::start(SPIN, 64)?;
    stay_on_core(&all, 0)?;
    let [there, back] = [AtomicU32::new(0), AtomicU32::new(0)];
    let is_over = AtomicBool::new(false);
    let mut number = 0;
    let pair = thread::scope(|scope| {
        scope.spawn(|| {
            stay_on_core(&all, 1).expect("as the child");
            for number in 0.. {
                while there.load(Acquire) == number {
                    if is_over.load(Relaxed) {
                        return;
                    }
                    spin(&there, number);
                }
                back.store(number + 1, Release);
            }
        });
        let pair = turns([
            &mut || (0..TRIPS).try_for_each(|_| ring.trip(&[7; 8])),
            &mut || {
                for _ in 0..TRIPS {
                    there.store(number + 1, Release);
                    while back.load(Acquire) == number {
                        spin(&back, number);
                    }
                    number += 1;
                }
                Ok(())
            },
        ]);
        is_over.store(true, Relaxed);
        pair
    })?;
    ring.end()?;
    sched_setaffinity(Pid::from_raw(0), &all)?;
    row("ring that spins, threads that spin", pair, TRIPS.into(), 2.0);
    Ok(())
}

/// This thread, and the children that it starts, stay on the core that is
/// number `nth` of those that they may use, if there are so many.
fn stay_on_core(all: &CpuSet, nth: usize) -> Result {
    sched_setaffinity(Pid::from_raw(0), all)?;
    Ok(measure::stay_on_core(nth)?)
}

fn spin(word: &AtomicU32, seen: u32) {
    for _ in 0..100 {
        if word.load(Relaxed) != seen {
            return;
        }
        hint::spin_loop();
    }
    thread::yield_now();
}

/// 64 MiB for another process: through a mapping and through a pipe; and
/// copied once, in this process. All pages have been touched before.
fn large() -> Result {
    let bytes = vec![7; LARGE];
    let memory = SharedMemory::new(LARGE + 4_096)?;
    let words: [&AtomicU32; 2] =
        [memory.view(LARGE)?, memory.view(LARGE + 128)?];
    let mut mapped = with_memory("mapped", &memory)?.spawn()?;
    let ((stdin, mut to), (mut from, stdout)) = (io::pipe()?, io::pipe()?);
    let mut command = role::command("piped")?;
    let mut piped = command.stdin(stdin).stdout(stdout).spawn()?;
    drop(command);
    let mut copy = vec![0; LARGE];
    let mut number = 0;
    let mut through_mapping = || {
        number += 1;
        memory.write(0, &bytes)?;
        words[0].store(number, Release);
        futex::wake(words[0], 1);
        await_futex(words[1], number - 1).map(drop)
    };
    let beside_pipe = turns([&mut through_mapping, &mut || {
        to.write_all(&bytes)?;
        Ok(from.read_exact(&mut [0])?)
    }])?;
    let beside_copy = turns([&mut through_mapping, &mut || {
        copy.copy_from_slice(&bytes);
        hint::black_box(&mut copy);
        Ok(())
    }])?;
    words[0].store(u32::MAX, Release); // the end
    futex::wake(words[0], 1);
    drop(to);
    let ended = [mapped.wait()?, piped.wait()?];
    ensure(ended.iter().all(|end| end.success()), "wrong bytes came")?;
    row("64 MiB: mapping, 64 KiB pipe", beside_pipe, 1, 1.0 / 3.0);
    row("64 MiB: mapping, memcpy", beside_copy, 1, 1.3);
    Ok(())
}

/// The bytes lie where they are used: no second copy.
fn see_mapped() -> Result {
    let memory = SharedMemory::inherited()?;
    let words: [&AtomicU32; 2] =
        [memory.view(LARGE)?, memory.view(LARGE + 128)?];
    let pages: &[[AtomicU32; 1_024]] = memory.slice(0, LARGE / 4_096)?;
    for number in 0.. {
        if await_futex(words[0], number)? == u32::MAX {
            break;
        }
        let is_right = |page: &[AtomicU32; 1_024]| {
            page[9].load(Relaxed) == u32::from_ne_bytes([7; 4])
        };
        ensure(pages.iter().all(is_right), "other bytes")?;
        words[1].store(number + 1, Release);
        futex::wake(words[1], 1);
    }
    Ok(())
}

fn see_piped() -> Result {
    let mut from = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut bytes = vec![0; LARGE];
    while from.read_exact(&mut bytes).is_ok() {
        let is_right = |page: &[u8]| page[36] == 7;
        ensure(bytes.chunks(4_096).all(is_right), "other bytes")?;
        io::stdout().write_all(&[0])?;
        io::stdout().flush()?;
    }
    Ok(())
}

/// Round trips, the same messages through both. The ring as it is: it spins for
/// 20 us.
fn beside_ipc_channel(name: &str, size: usize) -> Result {
    let trips = trips(size);
    let mut ring = Ring::start(Duration::from_micros(20), size)?;
    let (server, token) = IpcOneShotServer::<Ends>::new()?;
    let mut child = role::command("ipc")?.arg(token).spawn()?;
    let (_, (to, from)) = server.accept()?;
    let message = vec![7; size];
    let pair = turns([
        &mut || (0..trips).try_for_each(|_| ring.trip(&message)),
        &mut || {
            for _ in 0..trips {
                to.send(&message)?;
                let reply = from.recv()?;
                ensure(reply.len() == size, "another message")?;
            }
            Ok(())
        },
    ])?;
    drop(to);
    child.wait()?;
    ring.end()?;
    row(&format!("{name}: ring, ipc-channel"), pair, trips, 1.0);
    Ok(())
}

type Ends = (IpcBytesSender, IpcBytesReceiver);

fn echo_ipc(token: String) -> Result {
    let parent = IpcSender::<Ends>::connect(token)?;
    let ((their_to, from), (to, their_from)) =
        (bytes_channel()?, bytes_channel()?);
    parent.send((their_to, their_from))?;
    while let Ok(message) = from.recv() {
        to.send(&message)?;
    }
    Ok(())
}

fn beside_python(name: &str, size: usize) -> Result {
    let trips = trips(size);
    let name = format!("{name}: ring, Python's Pipe");
    let Some(theirs) = python(size, trips) else {
        say!("{name:<38}  python3 is not there");
        return Ok(());
    };
    let mut ring = Ring::start(Duration::from_micros(20), size)?;
    let message = vec![7; size];
    let mut ours = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        (0..trips).try_for_each(|_| ring.trip(&message))?;
        ours.push(begun.elapsed());
    }
    ring.end()?;
    row(&name, [median(&ours), theirs], trips, 1.0);
    Ok(())
}

/// The median of as many rounds in Python.
fn python(size: usize, trips: u64) -> Option<Duration> {
    let program = format!(
        "import time, multiprocessing as m\n\
         def echo(c):\n \
         while b := c.recv_bytes(): c.send_bytes(b)\n\
         here, there = m.Pipe()\n\
         p = m.get_context('fork').Process(target=echo, args=(there,))\n\
         p.start()\n\
         b, times = bytes({size}), []\n\
         for r in range({ROUNDS}):\n \
         t = time.perf_counter_ns()\n \
         for n in range({trips}):\n  \
         here.send_bytes(b)\n  \
         assert len(here.recv_bytes()) == {size}\n \
         times.append(time.perf_counter_ns() - t)\n\
         here.send_bytes(b'')\n\
         p.join()\n\
         print(sorted(times)[{ROUNDS} // 2])"
    );
    let python = Command::new("python3").args(["-c", &program]).output();
    let told = String::from_utf8(python.ok()?.stdout).ok()?;
    told.trim().parse().ok().map(Duration::from_nanos)
}

/// As many as take some milliseconds.
fn trips(size: usize) -> u64 {
    ((16 << 20) / size as u64).clamp(2, 500)
}

fn with_memory(name: &str, memory: &SharedMemory) -> Result<Command> {
    let mut command = role::command(name)?;
    command.stdin(memory.hand_over()?);
    Ok(command)
}

/// The median of each way; they take turns, after a round that does not count.
fn turns(mut ways: [&mut dyn FnMut() -> Result; 2]) -> Result<[Duration; 2]> {
    let mut times = [const { Vec::new() }; 2];
    for round in 0..=ROUNDS {
        for (times, way) in times.iter_mut().zip(&mut ways) {
            let begun = Instant::now();
            way()?;
            if round > 0 {
                times.push(begun.elapsed());
            }
        }
    }
    Ok(times.map(|times| median(&times)))
}

fn row(name: &str, pair: [Duration; 2], times: u64, bar: f64) {
    let [ours, theirs] =
        pair.map(|time| time.as_secs_f64() * 1e6 / times as f64);
    let ratio = ours / theirs;
    let losing = if ratio > bar { "  losing" } else { "" };
    say!(
        "{name:<38}{ours:>11.2} us{theirs:>11.2} us{ratio:>7.2}{bar:>6.2}\
         {losing}"
    );
}
