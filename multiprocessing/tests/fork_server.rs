//! A fork server whose jobs hang or are killed, and one whose parent is killed.
//! Without a harness: the server must not have more than one thread.

use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, path::Path, process, thread};

use multiprocessing::fork_server::{ForkServer, serve_forks};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use shared::watchdog::Watchdog;

const HANG: u8 = 250;
const KILLED: u8 = 251;
const PANIC: u8 = 252;
const READ: u8 = 253;
const LIMIT: Duration = Duration::from_secs(20);

fn main() {
    match env::args().nth(1).as_deref() {
        Some("as-server") => return serve_forks(work).unwrap(),
        Some("as-parent") => {
            drop(server(Stdio::inherit()).run(HANG, LIMIT));
            return;
        }
        _ => {}
    }
    let _bound = Watchdog::guard("the fork server", 3 * LIMIT).unwrap();
    each_end_is_told();
    a_job_that_hangs_is_ended();
    nothing_is_left_of_a_killed_parent_in_the_middle_of_a_job();
}

fn work(job: u8) -> u8 {
    match job {
        HANG => {
            println!("{}", process::id());
            loop {
                thread::sleep(LIMIT);
            }
        }
        KILLED => {
            let _ = kill(Pid::this(), Signal::SIGKILL);
            0
        }
        PANIC => panic!("burnt"),
        READ => io::stdin().read(&mut [0]).unwrap().try_into().unwrap(),
        status => status,
    }
}

fn server(stdout: Stdio) -> ForkServer {
    let mut command = Command::new(env::current_exe().unwrap());
    command.arg("as-server").stdout(stdout).stderr(Stdio::null());
    ForkServer::start(command).unwrap()
}

/// A job that is killed by a signal, that panics, that reads.
fn each_end_is_told() {
    let mut server = server(Stdio::null());
    let ends = [
        (7, Some(7)),
        (KILLED, None),
        (PANIC, Some(101)),
        (READ, Some(0)), // and not the next job
        (0, Some(0)),
    ];
    for (job, status) in ends {
        assert_eq!(server.run(job, LIMIT).unwrap().status, status, "{job}");
    }
}

/// The server and the job are killed; the next job is an error, too.
fn a_job_that_hangs_is_ended() {
    let (mut told, tells) = io::pipe().unwrap();
    let mut server = server(tells.into());
    // It has begun, or not yet: ended in both cases.
    for limit in [Duration::ZERO, Duration::from_millis(200)] {
        let why = server.run(HANG, limit).unwrap_err();
        let again = limit > Duration::ZERO;
        assert!(again || why.kind() == io::ErrorKind::TimedOut, "{why}");
    }
    drop(server);
    told.read_to_end(&mut Vec::new()).unwrap(); // nobody has the pipe any more
}

fn nothing_is_left_of_a_killed_parent_in_the_middle_of_a_job() {
    let mut parent = Command::new(env::current_exe().unwrap())
        .arg("as-parent")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = parent.stdout.take().unwrap();
    let mut pid = Vec::new();
    while pid.last() != Some(&b'\n') {
        let mut byte = [0];
        told.read_exact(&mut byte).unwrap(); // forced: the job has begun
        pid.extend(byte);
    }
    parent.kill().unwrap();
    parent.wait().unwrap();
    told.read_to_end(&mut Vec::new()).unwrap(); // server and job have ended
    let pid = String::from_utf8(pid).unwrap();
    while Path::new(&format!("/proc/{}", pid.trim())).exists() {
        thread::yield_now(); // until it is reaped, too
    }
}
