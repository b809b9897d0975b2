//! What cannot be seen from outside, or only by luck.

use std::process::{Child, Stdio};
use std::{io, os::unix::process::CommandExt};

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
        jobs_done: AtomicU64::new(0),
        options: Options::default(),
    }
}

/// A job that has been sent.
fn in_flight(deadline: Option<Instant>) -> InFlight {
    let (promise, _) = Handle::<u64>::new(false);
    let head = Head { number: 7, place: 0, chunk: false };
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
    lock(&link.state).job = Some(in_flight(Some(now + hour)));
    link.time_has_passed();
    assert_eq!(lock(&link.state).sentence, None);
    assert!(ends_by_itself(worker));

    let mut worker = child();
    let link = link_to(&worker);
    lock(&link.state).job = Some(in_flight(Some(now)));
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
    lock(&link.state).job = Some(in_flight(None));
    link.release();
    assert_eq!(lock(&link.outbox).segment.read(8).unwrap(), b"an order");
    lock(&link.state).job = None;
    link.release();
    assert!(lock(&link.outbox).segment.is_empty());
    assert!(ends_by_itself(worker));
}
