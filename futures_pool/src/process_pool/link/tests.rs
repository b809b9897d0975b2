//! What cannot be seen from outside, or only by luck.

use std::process::{Child, Stdio};
use std::sync::{Barrier, atomic::AtomicBool};
use std::{io, os::unix::process::CommandExt, thread};

use super::super::order::Call;
use super::super::worker::Head;
use super::*;
use crate::handle::Handle;

/// A process that ends when its standard input does, in a group of its own.
fn child() -> Child {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["process_pool::link::tests::child_reads", "--exact"]);
    child.arg("--ignored").process_group(0);
    child.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
}

#[test]
#[ignore = "it is the child of the other tests"]
fn child_reads() {
    io::copy(&mut io::stdin(), &mut io::sink()).unwrap();
}

/// Whether it was alive until now.
fn ends_by_itself(mut child: Child) -> bool {
    drop(child.stdin.take());
    child.wait().unwrap().success()
}

/// A link to a process that is no worker.
fn link_to(child: &Child) -> Link {
    let kind = SocketType::SEQPACKET;
    let flags = SocketFlags::CLOEXEC;
    let ends = socketpair(AddressFamily::UNIX, kind, flags, None).unwrap();
    let pid = Pid::from_child(child);
    Link {
        pid: child.id(),
        socket: ends.0,
        process: pidfd_open(pid, PidfdFlags::empty()).unwrap(),
        outbox: Mutex::new(Outbox::new(Segment::create().unwrap())),
        state: Mutex::default(),
        reaped: Mutex::default(),
        started: Instant::now(),
        jobs_done: AtomicU64::new(0),
        options: Options::default(),
    }
}

/// A job that has been sent.
fn in_flight(number: u64, deadline: Option<Instant>) -> InFlight {
    let (promise, _) = Handle::<u64>::new(false);
    let head = Head { number, place: 0, chunk: false };
    InFlight { order: Call::new(head, 7_u64, promise), deadline }
}

#[test]
fn a_process_that_has_the_number_of_a_reaped_worker_is_not_killed() {
    let mut worker = child();
    let mut link = link_to(&worker);
    let exit = link.reap(&mut worker, Duration::ZERO);
    assert_eq!(exit, WorkerExit::Signal(9));
    let other = child();
    link.pid = other.id(); // by now it is its number
    link.kill();
    assert!(ends_by_itself(other));
}

#[test]
fn a_job_is_not_ended_before_its_own_time_has_passed() {
    let worker = child();
    let link = link_to(&worker);
    let now = Instant::now();
    // The reader wakes up at the time that it has computed when it was idle.
    let hour = Duration::from_secs(3_600);
    lock(&link.state).job = Some(in_flight(7, Some(now + hour)));
    link.time_has_passed();
    assert_eq!(lock(&link.state).sentence, None);
    assert!(ends_by_itself(worker));

    let mut worker = child();
    let link = link_to(&worker);
    lock(&link.state).job = Some(in_flight(7, Some(now)));
    link.time_has_passed();
    assert_eq!(lock(&link.state).sentence, Some(Sentence::TimeLimit));
    assert!(!worker.wait().unwrap().success());
}

#[test]
fn memory_is_kept_while_a_job_is_in_flight() {
    let worker = child();
    let link = link_to(&worker);
    lock(&link.outbox).segment.write(0, b"an order").unwrap();
    // It was sent after the reader had seen that there was no job.
    lock(&link.state).job = Some(in_flight(7, None));
    link.release();
    assert_eq!(lock(&link.outbox).segment.read(8).unwrap(), b"an order");
    lock(&link.state).job = None;
    link.release();
    assert!(lock(&link.outbox).segment.is_empty());
    assert!(ends_by_itself(worker));
}

/// Its reader completes it at the same time, and sends the next one: at once
/// when nobody has the lock any more.
#[test]
fn only_the_job_that_is_meant_is_stopped() {
    let mut worker = child();
    let link = link_to(&worker);
    for _ in 0..5_000 {
        let job = Some(in_flight(7, None));
        *lock(&link.state) = State { job, ..State::default() };
        let (start, over) = (Barrier::new(2), AtomicBool::new(false));
        let stopped = thread::scope(|all| {
            all.spawn(|| {
                let next = in_flight(8, None);
                start.wait();
                let mut seen = false; // that it is being looked for
                let mut state = loop {
                    match link.state.try_lock() {
                        Ok(state) if seen || over.load(Relaxed) => break state,
                        Ok(_) => {}
                        Err(_) => seen = true,
                    }
                };
                if state.sentence.is_none() {
                    state.job = Some(next);
                }
            });
            start.wait();
            let stopped = link.stop(7);
            over.store(true, Relaxed);
            stopped
        });
        let state = lock(&link.state);
        let number = state.job.as_ref().map(|job| job.order.number());
        assert_eq!(number, Some(if stopped { 7 } else { 8 }));
        assert_eq!(state.sentence.is_some(), stopped);
    }
    worker.kill().unwrap();
    worker.wait().unwrap();
}
