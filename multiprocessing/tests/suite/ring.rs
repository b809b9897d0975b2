//! The ring between processes: order, limits, closed ends, killed peers, and
//! peers that write nonsense.
//!
//! A child is this test program again, in a role; the memory is its stdin.

use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use multiprocessing::SharedMemory;
use multiprocessing::ring::{self, Consumer, Link, Peer, Producer};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use shared::watchdog::within;

/// No wait of a test is longer: one that ends earlier has ended for a reason.
const LONG: Duration = Duration::from_secs(100);
const NO_WAIT: Duration = Duration::ZERO;
/// Where the two sides lie: position, who sleeps, whether it has a user.
const PRODUCER: usize = 0;
const CONSUMER: usize = 256;
const MESSAGES: usize = 512;
const STATUS: usize = 128;
const TAKEN: usize = 132;

/// In which role this program was started, and what for.
const ROLE: &str = "RING_ROLE";

fn start(role: &str, memory: &SharedMemory) -> Child {
    child(role)
        .stdin(memory.file().try_clone_to_owned().unwrap())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn child(role: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["ring::in_a_role", "--exact", "--nocapture"])
        .env(ROLE, format!("{role} {}", process::id()));
    command
}

/// Not a test, but what a child does.
#[test]
fn in_a_role() {
    let Ok(role) = env::var(ROLE) else { return };
    let (role, parent) = role.split_once(' ').unwrap();
    let stdin = io::stdin().as_fd().try_clone_to_owned().unwrap();
    let memory = SharedMemory::from_file(stdin).unwrap();
    let parent = Peer::parent(parent.parse().unwrap());
    match role {
        "sends" => {
            let mut to = Producer::attach(&memory, parent.unwrap()).unwrap();
            messages().for_each(|message| to.send(&message, LONG).unwrap());
        }
        "sends-long" => {
            let mut to = Producer::attach(&memory, parent.unwrap()).unwrap();
            long_messages().for_each(|long| to.send(&long, LONG).unwrap());
        }
        "receives" => {
            let from = Consumer::attach(&memory, parent.unwrap()).unwrap();
            receive_all(from);
        }
        // Ends only with its parent.
        "sends-always" => {
            let to = Producer::attach(&memory, parent.unwrap()).unwrap();
            let mut to = to.spinning(NO_WAIT);
            let all = (0_u64..).map(|number| vec![number as u8; 300]);
            all.for_each(|message| to.send(&message, LONG).unwrap());
        }
        "waits" => {
            let from = Consumer::attach(&memory, parent.unwrap()).unwrap();
            let mut from = from.spinning(NO_WAIT);
            let waited = from.receive(&mut Vec::new(), LONG);
            println!("waited: {:?}", waited.map_err(|error| error.kind()));
        }
        "dies-at-once" => process::exit(0),
        "is-refused" => {
            let sends = Producer::attach(&memory, Peer::thread());
            let receives = Consumer::attach(&memory, Peer::thread());
            assert_eq!(kind(sends.map(drop)), Some(ErrorKind::ResourceBusy));
            assert_eq!(kind(receives.map(drop)), None);
        }
        "starts-another" => {
            drop(parent);
            let mut another = child("waits").spawn().unwrap();
            another.wait().unwrap(); // it is killed here
        }
        other => panic!("no role: {other}"),
    }
}

fn kind<T>(outcome: io::Result<T>) -> Option<ErrorKind> {
    outcome.err().map(|error| error.kind())
}

/// 100 000 messages of random lengths, the same in each process.
fn messages() -> impl Iterator<Item = Vec<u8>> {
    let mut random = random(7);
    (0..100_000).map(move |number: u32| {
        // Most are short; one of 64 may fill the ring.
        let most = if random().is_multiple_of(64) { 4_089 } else { 100 };
        let length = random() % most;
        (0..length as u32)
            .map(|at| (number.wrapping_mul(31) + at) as u8)
            .collect()
    })
}

/// 90 messages that come in pieces, or nearly do.
fn long_messages() -> impl Iterator<Item = Vec<u8>> {
    const PIECE: usize = 32 << 10;
    let mut random = random(5);
    (0..90).map(move |number: usize| {
        let length = match number % 3 {
            0 => random() as usize % (15 * PIECE),
            1 => number % 16 * PIECE,
            _ => number % 16 * PIECE + 1,
        };
        (0..length).map(|at| (number * 31 + at / 8) as u8).collect()
    })
}

/// Xorshift.
fn random(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

fn receive_all(mut from: Consumer) {
    let mut message = Vec::new();
    for (number, expected) in messages().enumerate() {
        assert!(from.receive(&mut message, LONG).unwrap(), "{number}");
        assert!(message == expected, "{number} is wrong");
    }
    assert!(!from.receive(&mut message, LONG).unwrap(), "one too many");
}

fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    within(LONG * 3, work).unwrap()
}

fn word(memory: &SharedMemory, at: usize) -> &AtomicU32 {
    memory.view(at).unwrap()
}

/// Until this word is not zero: that a side sleeps, or is there at all.
fn wait_until_set(memory: &SharedMemory, at: usize) {
    let begun = Instant::now();
    while word(memory, at).load(Relaxed) == 0 {
        assert!(begun.elapsed() < LONG, "{at} is not set");
        thread::yield_now();
    }
}

#[test]
fn a_child_sends_100_000_messages() {
    in_time(|| {
        let memory = ring::memory(4_096).unwrap();
        let mut child = start("sends", &memory);
        let peer = Peer::child(&child).unwrap();
        receive_all(Consumer::attach(&memory, peer).unwrap());
        assert!(child.wait().unwrap().success());
    });
}

#[test]
fn a_child_receives_100_000_messages() {
    in_time(|| {
        let memory = ring::memory(4_096).unwrap();
        let mut child = start("receives", &memory);
        let peer = Peer::child(&child).unwrap();
        let mut to = Producer::attach(&memory, peer).unwrap();
        messages().for_each(|message| to.send(&message, LONG).unwrap());
        drop(to);
        assert!(child.wait().unwrap().success());
    });
}

#[test]
fn a_child_sends_long_messages() {
    in_time(|| {
        let memory = ring::memory(1 << 20).unwrap();
        let mut child = start("sends-long", &memory);
        let peer = Peer::child(&child).unwrap();
        let mut from = Consumer::attach(&memory, peer).unwrap();
        let mut message = Vec::new();
        for (number, expected) in long_messages().enumerate() {
            assert!(from.receive(&mut message, LONG).unwrap(), "{number}");
            assert!(message == expected, "{number} is wrong");
        }
        assert!(!from.receive(&mut message, LONG).unwrap(), "one too many");
        assert!(child.wait().unwrap().success());
    });
}

fn both(bytes: usize) -> (SharedMemory, Producer, Consumer) {
    let memory = ring::memory(bytes).unwrap();
    let to = Producer::attach(&memory, Peer::thread()).unwrap();
    let from = Consumer::attach(&memory, Peer::thread()).unwrap();
    (memory, to, from)
}

#[test]
fn a_full_ring_takes_no_more_until_one_is_received() {
    let (_, mut to, mut from) = both(64);
    let mut message = Vec::new();
    for round in 0..100_u8 {
        // 16 bytes each.
        for number in 0..4 {
            to.send(&[round, number], NO_WAIT).unwrap();
        }
        for wait in [NO_WAIT, Duration::from_millis(1)] {
            let refused = to.send(&[round, 9], wait);
            assert_eq!(kind(refused), Some(ErrorKind::TimedOut));
        }
        for number in 0..4 {
            assert!(from.receive(&mut message, NO_WAIT).unwrap());
            assert_eq!(message, [round, number]);
        }
    }
}

#[test]
fn an_empty_ring_has_no_message_in_time() {
    let (_, mut to, mut from) = both(64);
    let mut message = b"as before".to_vec();
    for wait in [NO_WAIT, Duration::from_millis(70)] {
        let begun = Instant::now();
        let received = from.receive(&mut message, wait);
        assert_eq!(kind(received), Some(ErrorKind::TimedOut));
        assert!(begun.elapsed() >= wait);
    }
    assert_eq!(message, b"as before");
    to.send(b"", Duration::MAX).unwrap();
    assert!(from.receive(&mut message, Duration::MAX).unwrap());
    assert_eq!(message, b"");
}

#[test]
fn the_longest_message_fills_the_ring() {
    let (_, mut to, mut from) = both(1_000); // rounded up
    assert_eq!((to.limit(), from.limit()), (1_016, 1_016));
    let mut message = Vec::new();
    to.send(b"moves the beginning", NO_WAIT).unwrap();
    from.receive(&mut message, NO_WAIT).unwrap();
    for length in [1_016, 1_015, 1_009] {
        let sent: Vec<u8> = (0..length).map(|n: u32| n as u8).collect();
        to.send(&sent, NO_WAIT).unwrap();
        let more = to.send(b"", NO_WAIT);
        assert_eq!(kind(more), Some(ErrorKind::TimedOut), "{length}");
        assert!(from.receive(&mut message, NO_WAIT).unwrap());
        assert!(message == sent, "{length}");
    }
    let too_long = to.send(&[0; 1_017], LONG);
    assert_eq!(kind(too_long), Some(ErrorKind::InvalidInput));
}

#[test]
fn memory_of_another_size_is_no_ring() {
    for bytes in [1, 512, 575] {
        let small = SharedMemory::new(bytes).unwrap();
        let refused = Producer::attach(&small, Peer::thread());
        assert_eq!(kind(refused), Some(ErrorKind::InvalidInput), "{bytes}");
    }
    let odd = SharedMemory::new(512 + 100).unwrap();
    let to = Producer::attach(&odd, Peer::thread()).unwrap();
    assert_eq!(to.limit(), 64 - 8);
    for bytes in [(1 << 30) + 1, usize::MAX] {
        assert_eq!(kind(ring::memory(bytes)), Some(ErrorKind::InvalidInput));
    }
}

#[test]
fn each_side_has_one_user_ever() {
    let memory = ring::memory(64).unwrap();
    let first = Producer::attach(&memory, Peer::thread()).unwrap();
    let mut child = start("is-refused", &memory);
    assert!(child.wait().unwrap().success());
    let again = Consumer::attach(&memory, Peer::thread());
    assert_eq!(kind(again), Some(ErrorKind::ResourceBusy));
    drop(first);
    let again = Producer::attach(&memory, Peer::thread());
    assert_eq!(kind(again), Some(ErrorKind::ResourceBusy));
}

#[test]
fn what_was_sent_before_the_end_is_received() {
    let (_, mut to, mut from) = both(64);
    to.send(b"one", NO_WAIT).unwrap();
    to.send(b"two", NO_WAIT).unwrap();
    drop(to);
    let mut message = Vec::new();
    for expected in [b"one", b"two"] {
        assert!(from.receive(&mut message, LONG).unwrap());
        assert_eq!(message, expected);
    }
    for _ in 0..2 {
        assert!(!from.receive(&mut message, LONG).unwrap());
    }
}

#[test]
fn a_producer_that_closes_wakes_the_consumer() {
    let received = in_time(|| {
        let (memory, to, from) = both(64);
        let mut from = from.spinning(NO_WAIT);
        let consumer =
            thread::spawn(move || from.receive(&mut Vec::new(), LONG));
        wait_until_set(&memory, CONSUMER + STATUS);
        drop(to);
        consumer.join().unwrap()
    });
    assert!(!received.unwrap());
}

#[test]
fn a_consumer_that_closes_wakes_the_producer() {
    let sent = in_time(|| {
        let (memory, to, from) = both(64);
        let mut to = to.spinning(NO_WAIT);
        to.send(&[0; 56], NO_WAIT).unwrap();
        let producer = thread::spawn(move || to.send(b"more", LONG));
        wait_until_set(&memory, PRODUCER + STATUS);
        drop(from);
        producer.join().unwrap()
    });
    assert_eq!(kind(sent), Some(ErrorKind::BrokenPipe));
}

#[test]
fn a_consumer_that_has_closed_is_told_although_there_is_room() {
    let (_, mut to, from) = both(64);
    drop(from);
    assert_eq!(kind(to.send(b"", LONG)), Some(ErrorKind::BrokenPipe));
}

/// Killed before it is there, while it sends, and while it sleeps: whole
/// messages up to some moment, and then an error.
#[test]
fn a_producer_that_was_killed_is_told() {
    for messages in [0, 1, 2, 30, 1_000, 10_007] {
        in_time(move || {
            let memory = ring::memory(4_096).unwrap();
            let mut child = start("sends-always", &memory);
            let peer = Peer::child(&child).unwrap();
            let mut from = Consumer::attach(&memory, peer).unwrap();
            if messages == 2 {
                wait_until_set(&memory, PRODUCER + STATUS); // the ring is full
            }
            let mut message = Vec::new();
            let mut received = 0_usize;
            let error = loop {
                if received == messages {
                    child.kill().unwrap();
                }
                match from.receive(&mut message, LONG) {
                    Ok(true) => assert_eq!(message, [received as u8; 300]),
                    Ok(false) => panic!("a killed producer closes nothing"),
                    Err(error) => break error,
                }
                received += 1;
            };
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            assert!(received >= messages);
            child.wait().unwrap();
            // Also now, and at once where nobody wants to wait.
            let again = from.receive(&mut message, NO_WAIT);
            assert_eq!(kind(again), Some(ErrorKind::ConnectionReset));
        });
    }
}

#[test]
fn a_consumer_that_was_killed_is_told() {
    for sleeps in [false, true] {
        in_time(move || {
            let memory = ring::memory(4_096).unwrap();
            let mut child = start("waits", &memory);
            let peer = Peer::child(&child).unwrap();
            let mut to = Producer::attach(&memory, peer).unwrap();
            if sleeps {
                wait_until_set(&memory, CONSUMER + STATUS);
            }
            child.kill().unwrap();
            let sends = (0..100).map(|_| to.send(&[0; 1_000], LONG));
            let sends: io::Result<Vec<()>> = sends.collect();
            assert_eq!(kind(sends), Some(ErrorKind::ConnectionReset));
            child.wait().unwrap();
        });
    }
}

#[test]
fn a_peer_that_never_comes_is_told() {
    in_time(|| {
        let memory = ring::memory(4_096).unwrap();
        let mut child = start("dies-at-once", &memory);
        let peer = Peer::child(&child).unwrap();
        let mut from = Consumer::attach(&memory, peer).unwrap();
        let received = from.receive(&mut Vec::new(), LONG);
        assert_eq!(kind(received), Some(ErrorKind::ConnectionReset));
        child.wait().unwrap();
    });
}

/// The child of a child learns that its parent was killed.
#[test]
fn a_parent_that_was_killed_is_told() {
    in_time(|| {
        let memory = ring::memory(4_096).unwrap();
        let (mut told, stdout) = io::pipe().unwrap();
        let mut command = child("starts-another");
        command.stdin(memory.file().try_clone_to_owned().unwrap());
        let mut parent = command.stdout(stdout).spawn().unwrap();
        drop(command); // it has the pipe, too
        wait_until_set(&memory, CONSUMER + STATUS);
        parent.kill().unwrap();
        parent.wait().unwrap();
        let mut text = String::new();
        told.read_to_string(&mut text).unwrap();
        assert!(text.contains("waited: Err(ConnectionReset)"), "{text}");
    });
    let stranger = Peer::parent(process::id());
    assert_eq!(kind(stranger), Some(ErrorKind::ConnectionReset));
}

/// A pipe that ends tells it as well.
#[test]
fn a_pipe_tells_of_the_end() {
    in_time(|| {
        let memory = ring::memory(4_096).unwrap();
        let (reader, writer) = io::pipe().unwrap();
        let peer = Peer::until(reader.into());
        let mut from = Consumer::attach(&memory, peer).unwrap();
        let wait = Duration::from_millis(60);
        let received = from.receive(&mut Vec::new(), wait);
        assert_eq!(kind(received), Some(ErrorKind::TimedOut));
        drop(writer);
        let received = from.receive(&mut Vec::new(), LONG);
        assert_eq!(kind(received), Some(ErrorKind::ConnectionReset));
    });
}

/// A stopped peer is alive: the wait ends all the same.
#[test]
fn a_peer_that_was_stopped_costs_the_timeout() {
    in_time(|| {
        let memory = ring::memory(4_096).unwrap();
        let mut child = start("waits", &memory);
        let peer = Peer::child(&child).unwrap();
        let mut to = Producer::attach(&memory, peer).unwrap();
        wait_until_set(&memory, CONSUMER + STATUS);
        let pid = Pid::from_raw(child.id() as i32);
        kill(pid, Signal::SIGSTOP).unwrap();
        // Not before all of its threads have stopped.
        let stopped = waitpid(pid, Some(WaitPidFlag::WUNTRACED)).unwrap();
        assert_eq!(stopped, WaitStatus::Stopped(pid, Signal::SIGSTOP));
        to.send(&vec![0; to.limit()], NO_WAIT).unwrap();
        let sent = to.send(b"more", Duration::from_millis(200));
        assert_eq!(kind(sent), Some(ErrorKind::TimedOut));
        child.kill().unwrap();
        child.wait().unwrap();
    });
}

#[test]
fn nonsense_for_the_consumer() {
    for at in [1 << 31, u32::MAX, 64 + 8, 4, 2, 12, 13] {
        let (memory, _to, mut from) = both(64);
        word(&memory, PRODUCER).store(at, Relaxed);
        for _ in 0..2 {
            let received = from.receive(&mut Vec::new(), LONG);
            assert_eq!(kind(received), Some(ErrorKind::InvalidData), "{at}");
        }
    }
    for length in [u64::MAX, u64::MAX - 7, 1 << 32, 57, 64, 9] {
        let (memory, _to, mut from) = both(64);
        memory.write(MESSAGES, &length.to_ne_bytes()).unwrap();
        word(&memory, PRODUCER).store(16, Relaxed);
        for _ in 0..2 {
            let received = from.receive(&mut Vec::new(), LONG);
            assert_eq!(
                kind(received),
                Some(ErrorKind::InvalidData),
                "{length}"
            );
        }
    }
}

#[test]
fn nonsense_for_the_producer() {
    for at in [1 << 31, u32::MAX, u32::MAX - 7, 72, 4, 2, 12, 13] {
        let (memory, mut to, _from) = both(64);
        to.send(&[7; 56], NO_WAIT).unwrap(); // or it need not look
        word(&memory, CONSUMER).store(at, Relaxed);
        for _ in 0..2 {
            let sent = to.send(b"", LONG);
            assert_eq!(kind(sent), Some(ErrorKind::InvalidData), "{at}");
        }
    }
}

/// A long message comes in pieces of 32 KiB, behind its length.
#[test]
fn nonsense_in_the_middle_of_a_message() {
    const PIECE: u32 = 32 << 10;
    let nonsense = [
        (8 + PIECE, 8 + PIECE + 1), // closed
        (8 + PIECE, 8 + PIECE - 8), // backwards
        (8 + PIECE, 0),
        (8 + PIECE, 8 + PIECE + 8), // no piece
        (PIECE, PIECE),
        (8, 8),
    ];
    for (at, then) in nonsense {
        let (memory, _to, mut from) = both(4 * PIECE as usize);
        let length = u64::from(3 * PIECE);
        memory.write(MESSAGES, &length.to_ne_bytes()).unwrap();
        word(&memory, PRODUCER).store(at, Relaxed);
        let received = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(30));
                word(&memory, PRODUCER).store(then, Relaxed);
            });
            from.receive(&mut Vec::new(), LONG)
        });
        assert_eq!(kind(received), Some(ErrorKind::InvalidData), "{then}");
    }
}

/// What has come of a message by then is no message.
#[test]
fn a_part_of_a_message_is_none() {
    const PIECE: usize = 32 << 10;
    let (memory, mut to, mut from) = both(4 * PIECE);
    let sent: Vec<u8> = (0..3 * PIECE).map(|n| (n / 7) as u8).collect();
    to.send(&sent, NO_WAIT).unwrap();
    let at = word(&memory, PRODUCER).swap(8 + PIECE as u32, Relaxed);
    let mut message = Vec::new();
    for wait in [NO_WAIT, Duration::from_millis(70)] {
        let received = from.receive(&mut message, wait);
        assert_eq!(kind(received), Some(ErrorKind::TimedOut));
    }
    word(&memory, PRODUCER).store(at, Relaxed);
    assert!(from.receive(&mut message, NO_WAIT).unwrap());
    assert!(message == sent);
}

/// A peer may write whatever it wants, and whenever: a wrong message or an
/// error, in time.
#[test]
fn a_hostile_peer_makes_nobody_panic_or_hang() {
    for mine in [PRODUCER, CONSUMER] {
        in_time(move || {
            let memory = ring::memory(64).unwrap();
            let file = memory.file().try_clone_to_owned().unwrap();
            let hostile = SharedMemory::from_file(file).unwrap();
            let is_over = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| scribble(&hostile, &is_over));
                for _ in 0..300 {
                    word(&memory, mine + TAKEN).store(0, Relaxed);
                    let peer = Peer::thread();
                    let wait = Duration::from_millis(1);
                    // It may also have had a user, says the hostile peer.
                    let outcome = match mine {
                        PRODUCER => Producer::attach(&memory, peer)
                            .and_then(|mut to| to.send(&[7; 20], wait)),
                        _ => Consumer::attach(&memory, peer).and_then(
                            |mut from| {
                                let mut message = Vec::new();
                                from.receive(&mut message, wait)?;
                                assert!(message.len() <= from.limit());
                                Ok(())
                            },
                        ),
                    };
                    use ErrorKind::*;
                    let expected =
                        [InvalidData, TimedOut, BrokenPipe, ResourceBusy];
                    let kind = kind(outcome);
                    assert!(kind.is_none_or(|kind| expected.contains(&kind)));
                }
                is_over.store(true, Relaxed);
            });
        });
    }
}

/// Words that are nearly right, and others, in the whole memory.
fn scribble(memory: &SharedMemory, is_over: &AtomicBool) {
    let mut random = random(11);
    while !is_over.load(Relaxed) {
        let number = random();
        let value = match number % 3 {
            0 => number as u32,
            1 => number as u32 % 128,
            _ => number as u32 % 16 * 8,
        };
        let words = memory.slice::<AtomicU32>(0, memory.len() / 4).unwrap();
        let interesting = [0, 32, 33, 64, 96, 97, 128, 129, 130, 131];
        let at = match random() % 2 {
            0 => interesting[random() as usize % interesting.len()],
            _ => random() as usize % words.len(),
        };
        words[at].store(value, Relaxed);
    }
}

/// The program `ring` in its child's role: the part to copy.
fn start_echo() -> (Child, Link) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ring"));
    command.args(["as-ring", "0", &process::id().to_string()]);
    Link::start(&mut command, 4_096).unwrap()
}

/// It is the caller's, and may live on.
#[test]
fn the_command_of_a_linked_child_keeps_no_memory() {
    let file = |path: PathBuf| fs::metadata(path).map(|of| of.ino()).ok();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ring"));
    command.args(["as-ring", "0", &process::id().to_string()]);
    let (mut child, link) = Link::start(&mut command, 4_096).unwrap();
    let of_child = format!("/proc/{}/fd", child.id());
    let memory = ["0", "1"].map(|fd| file(Path::new(&of_child).join(fd)));
    drop(link);
    assert!(child.wait().unwrap().success());
    let here = fs::read_dir("/proc/self/fd").unwrap();
    let here = here.filter_map(|fd| file(fd.unwrap().path()));
    assert_eq!(here.filter(|fd| memory.contains(&Some(*fd))).count(), 0);
}

#[test]
fn a_linked_child_answers_and_ends_with_the_link() {
    in_time(|| {
        let (mut child, mut link) = start_echo();
        let mut reply = Vec::new();
        for length in [0, 1, 64, 4_088] {
            let message = vec![7; length];
            link.to.send(&message, LONG).unwrap();
            assert!(link.from.receive(&mut reply, LONG).unwrap());
            assert!(reply == message, "{length}");
        }
        drop(link.to);
        assert!(!link.from.receive(&mut reply, LONG).unwrap());
        assert!(child.wait().unwrap().success());
    });
}

#[test]
fn a_linked_child_that_was_killed_is_told() {
    in_time(|| {
        let (mut child, mut link) = start_echo();
        child.kill().unwrap();
        let received = link.from.receive(&mut Vec::new(), LONG);
        assert_eq!(kind(received), Some(ErrorKind::ConnectionReset));
        child.wait().unwrap();
    });
}

#[test]
fn what_is_no_ring_is_no_link() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ring"));
    let parent = process::id().to_string();
    let output = command.args(["as-ring", "0", &parent]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 1);
}
