//! What holds for workers that are processes.

use std::{
    env, fs, io,
    panic::catch_unwind,
    path::PathBuf,
    process::{self, Command},
};

use futures_pool::{Executor, Job, ProcessPool, init, job};
use nix::{
    sys::socket::MsgFlags,
    unistd::{Pid, getpgid, getsid},
};
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{
    cases,
    jobs::*,
    support::{interface::*, *},
};

cases! {
    both: []
    once: [
        all_workers_are_there_from_the_beginning
        each_worker_has_a_session_of_its_own
        a_value_that_cannot_be_decoded_fails_alone
        a_damaged_message_breaks_the_pool
        a_worker_that_exits_breaks_the_pool
        a_worker_that_exits_can_be_replaced
        a_worker_that_crashes_breaks_the_pool
        a_process_that_a_dead_worker_left_is_killed
        what_a_job_prints_does_not_disturb
        a_job_reads_nothing_from_standard_input
        a_job_that_is_not_listed_is_refused
        no_job_is_listed_twice
    ]
}

pub fn jobs() -> Vec<Job> {
    vec![
        job(read),
        job(write),
        job(scribble),
        job(leave),
        job(crash),
        job(crash_and_leave),
        job(print),
        job(ask),
    ]
}

fn all_workers_are_there_from_the_beginning(_: Folder) {
    for _ in 0..200 {
        assert_eq!(ProcessPool::of(4).pids().len(), 4);
    }
}

/// SEC-21.
fn each_worker_has_a_session_of_its_own(_: Folder) {
    let pool = ProcessPool::of(2);
    for worker in pool.pids() {
        let worker = Pid::from_raw(worker as i32);
        assert_eq!(getsid(Some(worker)), Ok(worker));
        assert_eq!(getpgid(Some(worker)), Ok(worker));
    }
}

/// D1: an argument by the worker, or a result by the pool.
fn a_value_that_cannot_be_decoded_fails_alone(_: Folder) {
    let pool = one();
    let worker = pool.submit(who, 0).result();
    assert_not_decoded(&pool.submit(read, Code::Bad).result());
    assert_not_decoded(&pool.submit(write, 1).result());
    assert_panicked(&pool.submit(read, Code::Worse).result());
    assert_panicked(&pool.submit(write, 2).result());
    (1..3).for_each(|n| drop(pool.submit(write, n))); // nobody asks
    assert_eq!(pool.submit(read, Code::Good).result(), Ok(0));
    assert_eq!(pool.submit(who, 0).result(), worker);
}

/// Can be written, but not read, if it is bad.
#[derive(Debug, PartialEq, Serialize)]
enum Code {
    Good,
    Bad,
    Worse,
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Code, D::Error> {
        match u32::deserialize(reader)? {
            0 => Ok(Code::Good),
            1 => Err(de::Error::custom("bad")),
            _ => panic!("worse"),
        }
    }
}

fn read(code: Code) -> u64 {
    code as u64
}

fn write(n: u64) -> Code {
    [Code::Good, Code::Bad, Code::Worse].into_iter().nth(n as usize).unwrap()
}

/// D1: nobody knows what else would be misread.
fn a_damaged_message_breaks_the_pool(_: Folder) {
    let pool = one();
    let broken = pool.submit(scribble, 0).result();
    assert_broken(&broken, "protocol violation");
    let later = pool.submit(square, 1).result();
    assert_eq!(cause_of(later), cause_of(broken));
}

/// Sends what is no message where messages are expected.
fn scribble(_: u64) {
    let own = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let is_socket = |path: &PathBuf| {
        let target = fs::read_link(path).unwrap_or_default();
        target.to_string_lossy().starts_with("socket:")
    };
    let replies = own.map(|entry| entry.path()).find(is_socket).unwrap();
    let replies = replies.file_name().unwrap().to_str().unwrap();
    let replies = replies.parse().unwrap();
    nix::sys::socket::send(replies, &[0xFF; 8], MsgFlags::empty()).unwrap();
}

/// D2, D6: even if it leaves politely.
fn a_worker_that_exits_breaks_the_pool(folder: Folder) {
    for status in [0, 99] {
        let pool = one();
        let leaves = pool.submit(leave, (folder.clone(), status));
        let pending = pool.submit(square, 1);
        folder.put(format!("go-{status}"));
        let broken = leaves.result();
        assert_broken(&broken, &format!("exit status: {status}"));
        let cause = cause_of(broken);
        assert_eq!(cause_of(pending.result()), cause);
        assert_eq!(cause_of(pool.submit(square, 1).result()), cause);
    }
}

fn leave((folder, status): Ticket) -> u64 {
    folder.wait_for(format!("go-{status}"));
    process::exit(status as i32)
}

/// D2: the other way, when that is asked for.
fn a_worker_that_exits_can_be_replaced(folder: Folder) {
    let pool = replacing(1);
    let leaves = pool.submit(leave, (folder.clone(), 0));
    let pending = pool.submit(square, 3);
    folder.put("go-0");
    assert_broken(&leaves.result(), "exit status: 0");
    assert_eq!(pending.result(), Ok(9));
}

/// CRASH-02, CRASH-03.
fn a_worker_that_crashes_breaks_the_pool(_: Folder) {
    let pool = one();
    let crashes = pool.submit(crash, 0);
    let pending: Vec<_> = (0..5).map(|n| pool.submit(square, n)).collect();
    let broken = crashes.result();
    assert_broken(&broken, "signal: 6");
    let cause = cause_of(broken);
    for handle in pending {
        assert_eq!(cause_of(handle.result()), cause);
    }
    assert_eq!(cause_of(pool.submit(square, 1).result()), cause);
}

fn crash(_: u64) -> u64 {
    process::abort()
}

/// Nobody tells that process to end.
fn a_process_that_a_dead_worker_left_is_killed(folder: Folder) {
    let pool = one();
    let crashes = pool.submit(crash_and_leave, folder.clone());
    assert_broken(&crashes.result(), "signal: 6");
    drop(pool);
    let left = fs::read_to_string(folder.path("left")).unwrap();
    until("its end", || is_dead(left.parse().unwrap()));
}

/// Starts a process that outlives it, then dies.
fn crash_and_leave(folder: Folder) {
    let mut left = Command::new(env::current_exe().unwrap());
    let left = left.arg(LEFT).arg(folder.path("")).spawn().unwrap();
    fs::write(folder.path("left"), left.id().to_string()).unwrap();
    folder.wait_for("started-0");
    process::abort()
}

const LEFT: &str = "as-leftover";

/// Plays its role, if this program has one: true, and `main` is to return.
pub fn plays_a_role() -> bool {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [role, folder] = &arguments[..] else {
        return false;
    };
    let is_left = role == LEFT;
    if is_left {
        Folder::at(folder).hold(0);
    }
    is_left
}

fn what_a_job_prints_does_not_disturb(_: Folder) {
    let pool = one();
    assert_eq!(pool.submit(print, 3).result(), Ok(3));
}

fn print(n: u64) -> u64 {
    println!("this is not a message");
    n
}

fn a_job_reads_nothing_from_standard_input(_: Folder) {
    let pool = one();
    assert_eq!(pool.submit(ask, 0).result(), Ok(0));
    assert_eq!(pool.submit(square, 2).result(), Ok(4));
}

/// How many bytes it reads from standard input.
fn ask(_: u64) -> usize {
    io::stdin().read_line(&mut String::new()).unwrap()
}

fn a_job_that_is_not_listed_is_refused(_: Folder) {
    fn unlisted(n: u64) -> u64 {
        n
    }
    let pool = one();
    let refused = pool.submit(unlisted, 1).result().unwrap_err();
    assert!(unlisted_job(&refused).unwrap().contains("unlisted"));
    assert_eq!(pool.submit(square, 2).result(), Ok(4));
}

fn no_job_is_listed_twice(_: Folder) {
    let twice = catch_unwind(|| init([job(square), job(fail), job(square)]));
    let payload = twice.unwrap_err();
    let message = payload.downcast_ref::<String>().unwrap();
    assert!(message.contains("square` is in the list twice"), "{message}");
}
