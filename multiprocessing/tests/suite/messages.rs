//! Messages, files and ends that go from one process to another: whole, in
//! order, or an error. The rows are those of the list of scenarios.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::{net::UnixStream, process::ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use std::{fs, thread};

use multiprocessing::SharedMemory;
use multiprocessing::frames::{receive, send};
use multiprocessing::queue::{Receiver, Sender, queue};
use nix::sys::pthread::{Pthread, pthread_kill, pthread_self};
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use serde::{Serialize, Serializer};
use serde_bytes::ByteBuf;
use shared::watchdog::within;

#[path = "../../src/bin/usage/hand_over.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod hand_over;
#[path = "../../src/bin/usage/interleaved.rs"]
#[expect(dead_code, reason = "as above")]
mod interleaved;
#[path = "../../src/bin/usage/join_first.rs"]
#[expect(dead_code, reason = "as above")]
mod join_first;
#[path = "../../src/bin/usage/local_socket.rs"]
#[expect(dead_code, reason = "as above")]
mod local_socket;
#[path = "../../src/bin/usage/messages.rs"]
#[expect(dead_code, reason = "as above")]
mod message_ways;
#[path = "../../src/bin/usage/pass_fd.rs"]
#[expect(dead_code, reason = "as above")]
mod pass_fd;
#[path = "../../src/bin/usage/peer_dies.rs"]
#[expect(dead_code, reason = "as above")]
mod peer_dies;
#[path = "../../src/bin/usage/queue.rs"]
#[expect(dead_code, reason = "as above")]
mod producers;
#[path = "../../src/bin/usage/send_values.rs"]
#[expect(dead_code, reason = "as above")]
mod send_values;
#[path = "../../src/bin/usage/wait_for_all.rs"]
#[expect(dead_code, reason = "as above")]
mod wait_for_all;

use pass_fd::{receive_fd, send_fd};
use wait_for_all::wait_for_any;

const LIMIT: Duration = Duration::from_secs(60);
const MOST: usize = 64 << 20;
const AT_ONCE: Option<Duration> = Some(Duration::ZERO);

fn kind<T>(outcome: io::Result<T>) -> ErrorKind {
    outcome.err().expect("it is refused").kind()
}

/// The jobs of the workers of `send_values`.
#[derive(Serialize)]
enum Job {
    Sum(Vec<u64>),
    End,
    DieInside,
}

fn worker() -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_send_values"));
    command.arg("as-worker").stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().unwrap()
}

/// MP-07: empty, small, around the room of a pipe and of a socket, 16 MiB.
#[test]
fn values_of_all_sizes_arrive_whole() {
    let mut sizes = vec![0, 1, 4_096, 212_992, 16 << 20];
    sizes.extend(4_085..4_100);
    sizes.extend(65_520..65_545);
    let sizes = Arc::new(sizes);
    let through = |mut to: Box<dyn Write + Send>,
                   from: Box<dyn Read + Send>| {
        let ours = Arc::clone(&sizes);
        let sender = thread::spawn(move || {
            for (n, size) in ours.iter().enumerate() {
                let value = ByteBuf::from(vec![n as u8; *size]);
                send(&mut to, &value, MOST).unwrap();
            }
        });
        let (sizes, mut from) = (Arc::clone(&sizes), from);
        within(LIMIT, move || {
            for (n, size) in sizes.iter().enumerate() {
                let value: ByteBuf = receive(&mut from, MOST).unwrap().unwrap();
                assert_eq!(value.len(), *size);
                assert!(value.iter().all(|byte| *byte == n as u8));
            }
            assert_eq!(receive::<ByteBuf>(&mut from, MOST).unwrap(), None);
        })
        .unwrap();
        sender.join().unwrap();
    };
    let (from, to) = io::pipe().unwrap();
    through(Box::new(to), Box::new(from));
    let (from, to) = UnixStream::pair().unwrap();
    through(Box::new(to), Box::new(from));
}

/// MP-07: many small values do not merge.
#[test]
fn many_small_values_arrive_one_by_one() {
    let (mut from, mut to) = io::pipe().unwrap();
    let sender = thread::spawn(move || {
        (0..10_000_u32).for_each(|n| send(&mut to, &n, 8).unwrap());
    });
    let all = within(LIMIT, move || {
        let next = || receive::<u32>(&mut from, 8).unwrap();
        std::iter::from_fn(next).collect::<Vec<_>>()
    });
    assert!(all.unwrap().into_iter().eq(0..10_000));
    sender.join().unwrap();
}

/// MP-07, for the queue: it keeps boundaries, of an empty message, too.
#[test]
fn a_queue_keeps_the_boundaries_of_messages() {
    let (sender, mut receiver) = queue(400_000).unwrap();
    for size in [0, 0, 1, 4_095, 4_096, 65_536, 0, 100_000] {
        sender.send(&vec![5; size], AT_ONCE).unwrap();
        let message = receiver.receive(AT_ONCE).unwrap().unwrap();
        assert_eq!(message, vec![5; size]);
    }
}

/// MP-08: a peer that has ended is told apart from one that is silent, and what
/// it has sent before is received.
#[test]
fn closed_is_not_empty() {
    let (sender, mut receiver) = queue(10_000).unwrap();
    assert_eq!(kind(receiver.receive(AT_ONCE)), ErrorKind::WouldBlock);
    sender.send(b"last", AT_ONCE).unwrap();
    drop(sender);
    assert_eq!(receiver.receive(AT_ONCE).unwrap().unwrap(), b"last");
    assert_eq!(receiver.receive(AT_ONCE).unwrap(), None);
    assert_eq!(receiver.receive(None).unwrap(), None);

    let (mut from, mut to) = io::pipe().unwrap();
    send(&mut to, &7, MOST).unwrap();
    drop(to);
    assert_eq!(receive::<i32>(&mut from, MOST).unwrap(), Some(7));
    assert_eq!(receive::<i32>(&mut from, MOST).unwrap(), None);
}

/// MP-08: to send to nobody is an error, and this test is still alive.
#[test]
fn nobody_receives() {
    let (from, to) = io::pipe().unwrap();
    drop(from);
    assert_eq!(kind(send(to, &7, MOST)), ErrorKind::BrokenPipe);
    let (ours, its) = UnixStream::pair().unwrap();
    drop(its);
    assert_eq!(kind(send(&ours, &7, MOST)), ErrorKind::BrokenPipe);
    assert_eq!(kind(send_fd(&ours, &ours)), ErrorKind::BrokenPipe);
    let (sender, receiver) = queue(10_000).unwrap();
    drop(receiver);
    assert_eq!(kind(sender.send(b"x", None)), ErrorKind::BrokenPipe);
}

/// MP-08: a producer that waits because the queue is full learns that the
/// consumer is gone.
#[test]
fn a_full_queue_without_a_consumer_is_an_error() {
    let (sender, receiver) = queue(10_000).unwrap();
    while sender.send(&[0; 1_000], AT_ONCE).is_ok() {}
    let waits = thread::spawn(move || sender.send(&[0; 1_000], None));
    drop(receiver);
    let end = within(LIMIT, || waits.join().unwrap()).unwrap();
    assert!(
        [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset]
            .contains(&kind(end))
    );
}

/// MP-08, MP-09: a worker process that is killed while we wait for it, and one
/// that dies inside a frame.
#[test]
fn the_end_of_a_worker_process_is_told() {
    let mut killed = worker();
    let mut answers = killed.stdout.take().unwrap();
    let waits = thread::spawn(move || receive::<u64>(&mut answers, MOST));
    let jobs = killed.stdin.take().unwrap(); // `wait` would close it
    killed.kill().unwrap();
    let end = within(LIMIT, || waits.join().unwrap()).unwrap();
    assert_eq!(end.unwrap(), None);
    assert_eq!(killed.wait().unwrap().signal(), Some(9));
    assert_eq!(kind(send(jobs, &Job::End, MOST)), ErrorKind::BrokenPipe);

    let mut dies = worker();
    send(dies.stdin.as_ref().unwrap(), &Job::DieInside, MOST).unwrap();
    let end = receive::<u64>(dies.stdout.as_mut().unwrap(), MOST);
    assert_eq!(kind(end), ErrorKind::UnexpectedEof);
    dies.wait().unwrap();
}

/// MP-09: at each byte.
#[test]
fn an_end_inside_a_frame_is_an_error() {
    let mut frame = Vec::new();
    send(&mut frame, &"a value".to_string(), MOST).unwrap();
    for cut in 1..frame.len() {
        let end = receive::<String>(&frame[..cut], MOST);
        assert_eq!(kind(end), ErrorKind::UnexpectedEof, "{cut}");
    }
    assert_eq!(receive::<String>(&frame[..0], MOST).unwrap(), None);
}

/// Whoever is on the other side: no panic, and no memory for what is only
/// announced.
#[test]
fn nonsense_is_an_error() {
    let huge = [&u32::MAX.to_le_bytes()[..], &[0; 9]].concat();
    let end = receive::<ByteBuf>(&huge[..], usize::MAX);
    assert_eq!(kind(end), ErrorKind::UnexpectedEof);
    let end = receive::<ByteBuf>(&huge[..], MOST);
    assert_eq!(kind(end), ErrorKind::InvalidData);
    let mut two_values = Vec::new();
    send(&mut two_values, &(1_u8, 2_u8), MOST).unwrap();
    let end = receive::<u8>(&two_values[..], MOST);
    assert_eq!(kind(end), ErrorKind::InvalidData);
    let end = receive::<String>(&[2, 0, 0, 0, 1, 0xff][..], MOST);
    assert_eq!(kind(end), ErrorKind::InvalidData);
}

/// Lets SIGUSR1 interrupt system calls.
fn let_signals_interrupt() {
    extern "C" fn nothing(_: i32) {}
    let action = signal::SigAction::new(
        signal::SigHandler::Handler(nothing),
        signal::SaFlags::empty(), // no SA_RESTART
        signal::SigSet::empty(),
    );
    #[expect(unsafe_code, reason = "a signal handler")]
    // SAFETY: the handler does nothing.
    unsafe { signal::sigaction(Signal::SIGUSR1, &action) }.unwrap();
}

/// Runs `work` while signals hit its thread without a pause.
fn under_signals<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let_signals_interrupt();
    let (tell, who) = mpsc::channel::<Pthread>();
    let (done, stop) = (Arc::new(AtomicBool::new(false)), mpsc::channel());
    let (release, released) = stop;
    let flag = Arc::clone(&done);
    let worker = thread::spawn(move || {
        tell.send(pthread_self()).unwrap();
        let outcome = work();
        flag.store(true, SeqCst);
        released.recv().unwrap(); // its id is valid until it ends
        outcome
    });
    let thread = who.recv().unwrap();
    let begun = Instant::now();
    while !done.load(SeqCst) {
        pthread_kill(thread, Signal::SIGUSR1).unwrap();
        thread::sleep(Duration::from_micros(50));
        assert!(begun.elapsed() < LIMIT, "it hangs");
    }
    release.send(()).unwrap();
    worker.join().unwrap()
}

/// What is asked for at once would be given back at each signal, for ever.
#[test]
fn signals_do_not_keep_memory_from_being_made() {
    let memory = || multiprocessing::SharedMemory::new(64 << 20).unwrap();
    assert_eq!(under_signals(memory).len(), 64 << 20);
}

/// MP-10: signals interrupt receiving and sending; the data is intact.
#[test]
fn signals_do_not_cut_values() {
    let value =
        || ByteBuf::from((0..300_000).map(|n| n as u8).collect::<Vec<_>>());
    let (mut from, mut to) = UnixStream::pair().unwrap();
    let sender = thread::spawn(move || {
        under_signals(move || {
            (0..20).for_each(|_| send(&mut to, &value(), MOST).unwrap());
        });
    });
    let received = under_signals(move || {
        let next = || receive::<ByteBuf>(&mut from, MOST).unwrap();
        std::iter::from_fn(next).collect::<Vec<_>>()
    });
    sender.join().unwrap();
    assert_eq!(received.len(), 20);
    assert!(received.iter().all(|received| *received == value()));
}

/// MP-10: the same for the queue, for descriptors, and for `poll`.
#[test]
fn signals_do_not_disturb_queues_descriptors_and_poll() {
    let (sender, mut receiver) = queue(20_000).unwrap();
    let producer = thread::spawn(move || {
        under_signals(move || {
            for n in 0..500_u32 {
                sender.send(&n.to_le_bytes().repeat(500), None).unwrap();
            }
        });
    });
    under_signals(move || {
        for n in 0..500_u32 {
            let message = receiver.receive(None).unwrap().unwrap();
            assert_eq!(message, n.to_le_bytes().repeat(500));
        }
        assert_eq!(receiver.receive(None).unwrap(), None);
    });
    producer.join().unwrap();

    let (ours, its) = UnixStream::pair().unwrap();
    let receiver = thread::spawn(move || {
        under_signals(move || {
            let next = || receive_fd(&its).unwrap();
            std::iter::from_fn(next).count()
        })
    });
    under_signals(move || {
        (0..200).for_each(|_| send_fd(&ours, &io::stdin()).unwrap());
    });
    assert_eq!(receiver.join().unwrap(), 200);

    let (silent, _open) = io::pipe().unwrap();
    under_signals(move || {
        let (begun, limit) = (Instant::now(), Duration::from_millis(50));
        let ready = wait_for_any(&[silent.as_fd()], limit).unwrap();
        assert_eq!(ready, [0; 0]);
        assert!(begun.elapsed() >= limit);
    });
}

/// MP-10: a worker process that is stopped and continued all the time.
#[test]
fn a_stopped_worker_loses_nothing() {
    let mut worker = worker();
    let pid = Pid::from_raw(worker.id().cast_signed());
    let (mut jobs, mut answers) =
        (worker.stdin.take().unwrap(), worker.stdout.take().unwrap());
    let sender = thread::spawn(move || {
        for n in 0..2_000 {
            send(&mut jobs, &Job::Sum(vec![n, 1]), MOST).unwrap();
        }
    });
    let receiver = thread::spawn(move || {
        let next = || receive::<u64>(&mut answers, MOST).unwrap();
        std::iter::from_fn(next).collect::<Vec<_>>()
    });
    let begun = Instant::now();
    while !receiver.is_finished() {
        signal::kill(pid, Signal::SIGSTOP).unwrap();
        signal::kill(pid, Signal::SIGCONT).unwrap();
        thread::sleep(Duration::from_micros(200));
        assert!(begun.elapsed() < LIMIT, "it hangs");
    }
    sender.join().unwrap();
    assert!(receiver.join().unwrap().into_iter().eq(1..=2_000));
    assert!(worker.wait().unwrap().success());
}

/// MP-11: full and empty, at once and with a limit; the count is right.
#[test]
fn a_queue_is_bounded() {
    let (sender, mut receiver) = queue(50_000).unwrap();
    let mut sent = 0_u32;
    let message = |n: u32| [&n.to_le_bytes()[..], &[0; 1_000]].concat();
    while sender.send(&message(sent), AT_ONCE).is_ok() {
        sent += 1;
        assert!(sent < 1_000, "it has no bound");
    }
    assert!(sent > 10, "{sent}");
    let limit = Duration::from_millis(30);
    let begun = Instant::now();
    let full = sender.send(&message(sent), Some(limit));
    assert_eq!(kind(full), ErrorKind::WouldBlock);
    assert!(begun.elapsed() >= limit);
    for n in 0..5 * sent {
        // One out, one in: there is room again.
        let first = receiver.receive(AT_ONCE).unwrap().unwrap();
        assert_eq!(first, message(n));
        sender.send(&message(sent + n), AT_ONCE).unwrap();
    }
    for n in 5 * sent..6 * sent {
        let first = receiver.receive(AT_ONCE).unwrap().unwrap();
        assert_eq!(first, message(n));
    }
    let begun = Instant::now();
    let empty = receiver.receive(Some(limit));
    assert_eq!(kind(empty), ErrorKind::WouldBlock);
    assert!(begun.elapsed() >= limit);
}

/// MP-11: who waits for room, or for a message, goes on when there is one.
#[test]
fn waiting_in_a_queue_ends() {
    let (sender, mut receiver) = queue(5_000).unwrap();
    let total = 2_000_u32;
    let producer = thread::spawn(move || {
        (0..total).for_each(|n| sender.send(&n.to_le_bytes(), None).unwrap());
    });
    let all = within(LIMIT, move || {
        let next = || receiver.receive(Some(LIMIT)).unwrap();
        std::iter::from_fn(next).collect::<Vec<_>>()
    });
    assert!(
        all.unwrap()
            .into_iter()
            .eq((0..total).map(|n| n.to_le_bytes().to_vec()))
    );
    producer.join().unwrap();
}

/// MP-12: what cannot be encoded, or is too large, does not stop the others.
#[test]
fn a_bad_value_does_not_stop_the_next_one() {
    struct Bad;
    impl Serialize for Bad {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            let mut begun = to.serialize_tuple(2)?;
            serde::ser::SerializeTuple::serialize_element(&mut begun, &1)?;
            Err(serde::ser::Error::custom("half of it is encoded"))
        }
    }
    let (mut from, mut to) = io::pipe().unwrap();
    assert_eq!(kind(send(&mut to, &Bad, MOST)), ErrorKind::InvalidInput);
    let long = "x".repeat(100);
    assert_eq!(kind(send(&mut to, &long, 100)), ErrorKind::InvalidInput);
    send(&mut to, &"next".to_string(), 100).unwrap();
    drop(to);
    let next = receive::<String>(&mut from, 100).unwrap();
    assert_eq!(next.as_deref(), Some("next"));
    assert_eq!(receive::<String>(&mut from, 100).unwrap(), None);

    let (sender, mut receiver) = queue(3_000).unwrap();
    for n in 0..100 {
        assert!(sender.send(&[0; 1 << 20], AT_ONCE).is_err());
        sender.send(&[n], AT_ONCE).unwrap(); // no room was lost
        assert_eq!(receiver.receive(AT_ONCE).unwrap().unwrap(), [n]);
    }
}

/// MP-14: large messages of several producers are whole, and each producer's
/// are in order. (Threads with a descriptor each: the kernel sees no
/// difference.)
#[test]
fn several_producers_do_not_interleave() {
    let (sender, mut receiver) = queue(100_000).unwrap();
    let producers: Vec<_> = (0..4_u8)
        .map(|name| {
            let own = Sender(sender.0.try_clone().unwrap());
            thread::spawn(move || {
                for n in 0..50 {
                    own.send(&[name, n].repeat(30_000), None).unwrap();
                }
            })
        })
        .collect();
    drop(sender);
    let counts = within(LIMIT, move || {
        let mut next = [0; 4];
        while let Some(message) = receiver.receive(None).unwrap() {
            let [name, n, ..] = message[..] else { panic!("it is short") };
            assert!(message == [name, n].repeat(30_000));
            assert_eq!(n, next[usize::from(name)], "of {name}");
            next[usize::from(name)] += 1;
        }
        next
    });
    assert_eq!(counts.unwrap(), [50; 4]);
    producers.into_iter().for_each(|producer| producer.join().unwrap());
}

/// MP-14: a producer process that is killed leaves whole messages, and the
/// queue ends.
#[test]
fn a_killed_producer_leaves_whole_messages() {
    for _ in 0..10 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_queue"));
        command.args(["as-producer", "7"]);
        let started = producers::start_producers(vec![command], 50_000);
        let (mut receiver, mut producers) = started.unwrap();
        let mut next = 0;
        while let Some(message) = receiver.receive(Some(LIMIT)).unwrap() {
            assert!(message == [7, next].repeat(10_000));
            if next == 0 {
                producers[0].kill().unwrap();
            }
            next += 1;
        }
        assert!((1..100).contains(&next), "{next}");
        assert_eq!(producers[0].wait().unwrap().signal(), Some(9));
    }
}

/// MP-14: producers that cannot be started leave nobody who waits.
#[test]
fn a_queue_without_its_producers_is_an_error() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_queue"));
    command.args(["as-producer", "0"]).stderr(Stdio::null());
    let commands = vec![command, Command::new("/nowhere/at/all")];
    let started = within(LIMIT, || producers::start_producers(commands, 9_000));
    assert!(started.unwrap().is_err());
}

/// MP-14: in a pipe, short messages are whole, and long ones are refused.
#[test]
fn short_messages_of_several_writers_stay_whole_in_a_pipe() {
    let (mut from, to) = io::pipe().unwrap();
    let long = interleaved::write_atomic(&to, &[0; 4_097]);
    assert_eq!(kind(long), ErrorKind::InvalidInput);
    let writers: Vec<_> = (0..4_u8)
        .map(|name| {
            let own = to.try_clone().unwrap();
            thread::spawn(move || {
                under_signals(move || {
                    for n in 0..100 {
                        let message = [name, n].repeat(2_048);
                        interleaved::write_atomic(&own, &message).unwrap();
                    }
                });
            })
        })
        .collect();
    drop(to);
    let bytes = within(LIMIT, move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        bytes
    });
    let bytes = bytes.unwrap();
    assert_eq!(bytes.len(), 4 * 100 * 4_096);
    let mut next = [0; 4];
    for message in bytes.chunks(4_096) {
        let [name, n] = [message[0], message[1]];
        assert!(message == [name, n].repeat(2_048));
        assert_eq!(n, next[usize::from(name)], "of {name}");
        next[usize::from(name)] += 1;
    }
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    let (from, to) = io::pipe().unwrap();
    drop(from);
    let gone = interleaved::write_atomic(&to, b"x");
    assert_eq!(kind(gone), ErrorKind::BrokenPipe);
}

/// A worker that is asked answers; one that has ended, or dies inside a frame,
/// is told apart; what cannot be sent does not stop the next job.
#[test]
fn a_worker_is_asked_until_it_ends() {
    let mut worker = worker();
    let (mut to, mut from) =
        (worker.stdin.take().unwrap(), worker.stdout.take().unwrap());
    let mut ask = |job| send_values::ask::<_, u64>(&mut to, &mut from, &job);
    for n in 0..100 {
        let long = ask(Job::Sum(vec![n; 1_001]));
        assert_eq!(kind(long), ErrorKind::InvalidInput);
        assert_eq!(ask(Job::Sum(vec![n, 1])).unwrap(), Some(n + 1));
    }
    assert_eq!(ask(Job::End).unwrap(), None);
    assert!(worker.wait().unwrap().success());
    assert_eq!(kind(ask(Job::End)), ErrorKind::BrokenPipe);
}

/// MP-08: a process at the other end of a socket that is silent, that has
/// ended, and that dies inside a frame.
#[test]
fn an_answer_is_awaited_no_longer_than_the_limit() {
    let limit = Duration::from_millis(30);
    let (ours, its) = UnixStream::pair().unwrap();
    let begun = Instant::now();
    let silent = peer_dies::ask_within::<_, u8>(&ours, &7, limit);
    assert_eq!(kind(silent), ErrorKind::WouldBlock);
    assert!(begun.elapsed() >= limit);
    let full = within(LIMIT, move || {
        let large = ByteBuf::from(vec![0; 1 << 19]);
        let ask = || peer_dies::ask_within::<_, u8>(&ours, &large, limit);
        kind(ask()) // the peer receives nothing
    });
    assert_eq!(full, Ok(ErrorKind::WouldBlock));
    drop(its);

    let (ours, its) = UnixStream::pair().unwrap();
    send(&its, &8_u8, 9).unwrap();
    let answer = peer_dies::ask_within::<_, u8>(&ours, &7, LIMIT);
    assert_eq!(answer.unwrap(), 8);
    assert_eq!(receive::<i32>(&its, 9).unwrap(), Some(7));
    (&its).write_all(&[8, 0]).unwrap();
    its.shutdown(std::net::Shutdown::Write).unwrap();
    let cut = peer_dies::ask_within::<_, u8>(&ours, &7, LIMIT);
    assert_eq!(kind(cut), ErrorKind::UnexpectedEof);
    let ended = peer_dies::ask_within::<_, u8>(&ours, &7, LIMIT);
    assert_eq!(kind(ended), ErrorKind::UnexpectedEof);
    drop(its);
    let gone = peer_dies::ask_within::<_, u8>(&ours, &7, LIMIT);
    assert_eq!(kind(gone), ErrorKind::BrokenPipe);
}

/// The end of a child that is connected by a socket is told.
#[test]
fn the_end_of_a_child_ends_its_socket() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_messages"));
    command.arg("as-frames");
    let started = message_ways::start_with_socket(command);
    let (mut child, socket) = started.unwrap();
    send(&socket, "text", 9).unwrap();
    assert_eq!(receive::<usize>(&socket, 9).unwrap(), Some(4));
    child.kill().unwrap();
    let end = within(LIMIT, move || receive::<usize>(&socket, 9));
    assert_eq!(end.unwrap().unwrap(), None);
    child.wait().unwrap();
}

/// MP-04: only what is ready; an end counts; the limit holds.
#[test]
fn only_what_is_ready_is_named() {
    let (mut one, mut to_one) = io::pipe().unwrap();
    let (two, to_two) = io::pipe().unwrap();
    let look = |one: &io::PipeReader, limit| {
        wait_for_any(&[one.as_fd(), two.as_fd()], limit).unwrap()
    };
    assert_eq!(look(&one, Duration::ZERO), [0; 0]);
    to_one.write_all(b"x").unwrap();
    assert_eq!(look(&one, LIMIT), [0]);
    drop(to_two);
    assert_eq!(look(&one, LIMIT), [0, 1]);
    one.read_exact(&mut [0]).unwrap();
    assert_eq!(look(&one, LIMIT), [1]);
    assert_eq!(wait_for_any(&[], Duration::ZERO).unwrap(), [0; 0]);
    assert_eq!(wait_for_any(&[two.as_fd()], Duration::MAX).unwrap(), [0]);
}

/// What a child writes is read, however much it is, and it leaves no zombie.
#[test]
fn output_is_read_before_the_end_is_awaited() {
    let memory = SharedMemory::new(8).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_join_first"));
    command.args(["as-writer", "3000000"]);
    command.stdin(memory.file().try_clone_to_owned().unwrap());
    let ran = within(LIMIT, move || join_first::read_then_wait(&mut command));
    let (output, status) = ran.unwrap().unwrap();
    assert_eq!(output, vec![b'x'; 3_000_000]);
    assert!(status.success());
    assert_eq!(memory.view::<AtomicU64>(0).unwrap().load(SeqCst), 3_000_000);
}

/// A file that is received is open, belongs to this process, and is not
/// inherited by others.
#[test]
fn a_descriptor_is_received_whole() {
    let (ours, its) = UnixStream::pair().unwrap();
    let (mut from, to) = io::pipe().unwrap();
    send_fd(&ours, &to).unwrap();
    send_fd(&ours, &from).unwrap();
    drop((to, ours));
    let mut to = io::PipeWriter::from(receive_fd(&its).unwrap().unwrap());
    let flags = rustix::io::fcntl_getfd(&to).unwrap();
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
    to.write_all(b"x").unwrap();
    drop(to);
    let mut text = String::new();
    from.read_to_string(&mut text).unwrap();
    assert_eq!(text, "x");
    assert!(receive_fd(&its).unwrap().is_some());
    assert!(receive_fd(&its).unwrap().is_none());
}

/// A peer that sends no file, or two: an error, nothing stays open, and the next
/// file is received.
#[test]
fn other_than_one_descriptor_is_refused() {
    let (mut ours, its) = UnixStream::pair().unwrap();
    let (mut from, to) = io::pipe().unwrap();
    ours.write_all(b"f").unwrap();
    assert_eq!(kind(receive_fd(&its)), ErrorKind::InvalidData);
    for count in [2, 3, 9] {
        let files = vec![to.as_fd(); count];
        let mut space =
            [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(9))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        assert!(control.push(SendAncillaryMessage::ScmRights(&files)));
        let byte = [IoSlice::new(b"f")];
        let flags = SendFlags::empty();
        rustix::net::sendmsg(&ours, &byte, &mut control, flags).unwrap();
        assert!(receive_fd(&its).is_err(), "{count}");
    }
    send_fd(&ours, &to).unwrap();
    assert!(receive_fd(&its).unwrap().is_some());
    drop(to);
    let end = within(LIMIT, move || from.read(&mut [0]).unwrap());
    assert_eq!(end, Ok(0), "a copy of the descriptor is still open");
}

/// A next version that fails, or is too slow, leaves the old one as it was.
#[test]
fn the_old_version_goes_on_if_the_next_one_fails() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let next = |argument: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hand_over"));
        command.arg(argument).stderr(Stdio::null());
        command
    };
    let missing = Command::new("/nowhere/at/all");
    assert!(hand_over::hand_over(&listener, missing, LIMIT).is_err());
    assert!(hand_over::hand_over(&listener, next("--wrong"), LIMIT).is_err());
    let mut slow = Command::new(env!("CARGO_BIN_EXE_peer_dies"));
    slow.args(["as-silent", ""]);
    let limit = Duration::from_millis(50);
    assert!(hand_over::hand_over(&listener, slow, limit).is_err());
    let mut client =
        TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    listener.accept().unwrap().0.write_all(b"old").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "old");

    let next = hand_over::hand_over(&listener, next("as-next"), LIMIT);
    let mut next = next.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut client = TcpStream::connect(address).unwrap();
    answer.clear();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "new");
    next.kill().unwrap();
    next.wait().unwrap();
}

/// A client that connects all the time, while the versions change, is always
/// served: first by the old version, then by the new one.
#[test]
fn no_client_is_refused_while_versions_change() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let client = thread::spawn(move || {
        let mut answers = Vec::new();
        while answers.iter().filter(|answer| *answer == "new").count() < 100 {
            let connection = TcpStream::connect(address).unwrap();
            answers.push(io::read_to_string(connection).unwrap());
        }
        answers
    });
    for _ in 0..100 {
        listener.accept().unwrap().0.write_all(b"old").unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_hand_over"));
    command.arg("as-next");
    let next = hand_over::hand_over(&listener, command, LIMIT);
    drop(listener);
    let answers = within(LIMIT, || client.join().unwrap()).unwrap();
    let mut next = next.unwrap();
    next.kill().unwrap();
    next.wait().unwrap();
    assert_eq!(answers.len(), 200, "each is served once");
    assert!(answers[..100].iter().all(|answer| answer == "old"));
    assert!(answers[100..].iter().all(|answer| answer == "new"));
}

/// SEC-07: a child that lives and never connects is killed at the limit.
#[test]
fn a_child_that_does_not_connect_is_killed() {
    let (_keep, stdin) = UnixStream::pair().unwrap();
    let (mut said, stdout) = io::pipe().unwrap();
    let start = move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_interleaved"));
        command.args(["as-producer", "7"]).stdin(OwnedFd::from(stdin));
        command.stdout(stdout);
        local_socket::start_connected(&mut command, Duration::ZERO).map(drop)
    };
    let started = within(LIMIT, start).unwrap();
    assert_eq!(kind(started), ErrorKind::TimedOut);
    // The command is dropped, and nobody else has the end of this pipe.
    let end = within(LIMIT, move || said.read_to_end(&mut Vec::new()));
    assert!(end.unwrap().is_ok(), "the child has ended");
}

/// SEC-07: a stranger who knows the name is not let in; the end of the child is
/// told.
#[test]
fn a_stranger_is_not_let_in() {
    // This child lives until its stdin ends, and never connects.
    let (keep, stdin) = UnixStream::pair().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_interleaved"));
    command.args(["as-producer", "7"]).stdin(OwnedFd::from(stdin));
    let (mut said, stdout) = io::pipe().unwrap();
    command.stdout(stdout);
    let parent = thread::spawn(move || {
        local_socket::start_connected(&mut command, LIMIT).map(drop)
    });
    let begun = Instant::now();
    let mut stranger = loop {
        let all = fs::read_to_string("/proc/net/unix").unwrap();
        let name = format!("worker-{}-", std::process::id());
        let found = all.split_whitespace().find(|word| word.contains(&name));
        let found = found.map(|word| word.trim_start_matches('@').to_string());
        match found.map(|name| local_socket::connect_to_parent(&name)) {
            Some(Ok(stranger)) => break stranger,
            _ => assert!(begun.elapsed() < LIMIT, "there is no such name"),
        }
    };
    let end = within(LIMIT, move || stranger.read(&mut [0]));
    assert!(matches!(end, Ok(Ok(0))), "{end:?}");
    said.read_exact(&mut [0]).unwrap(); // the child is still there
    assert!(!parent.is_finished());
    drop((keep, said));
    let end = within(LIMIT, || parent.join().unwrap()).unwrap();
    assert_eq!(kind(end), ErrorKind::ConnectionAborted);
}

/// SEC-07: the sockets of a queue have no name.
#[test]
fn a_queue_has_no_name() {
    let (Sender(one), Receiver(two)) = queue(1_000).unwrap();
    for end in [one, two] {
        let socket = UnixStream::from(end);
        assert!(socket.local_addr().unwrap().is_unnamed());
        assert!(socket.peer_addr().unwrap().is_unnamed());
    }
}

/// SEC-12: no file of a socket is left over.
#[test]
fn no_file_of_a_socket_stays() {
    let folder = env!("CARGO_TARGET_TMPDIR").to_string() + "/messages";
    let _ = fs::remove_dir_all(&folder); // of an earlier run
    fs::create_dir_all(&folder).unwrap();
    for program in [
        env!("CARGO_BIN_EXE_messages"),
        env!("CARGO_BIN_EXE_peer_dies"),
        env!("CARGO_BIN_EXE_local_socket"),
    ] {
        let mut command = Command::new(program);
        command.env("TMPDIR", &folder).current_dir(&folder);
        assert!(command.output().unwrap().status.success(), "{program}");
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    fs::remove_dir(&folder).unwrap();
}
