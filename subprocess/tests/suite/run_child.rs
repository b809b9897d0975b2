//! `run_child`: whatever a child does, it returns in time, tells what happened,
//! and leaves nothing.

use std::{
    env, fs,
    future::{Future, poll_fn},
    io::{self, BufRead, BufReader, Write},
    os::fd::AsRawFd,
    os::unix::{
        fs::{DirBuilderExt, PermissionsExt},
        process::{CommandExt, ExitStatusExt},
    },
    process::{self, Command, Stdio},
    task::Poll,
    thread,
    time::Duration,
};

use nix::{
    libc,
    sys::signal::{SigHandler, SigSet, Signal, raise, signal},
    unistd::{Pid, getpgid, getppid, setpgid, setsid},
};
use shared::watchdog::within;
use subprocess::conversation::Conversation;
use subprocess::group::Group;
use subprocess::run_child::{Finished, Limits, Stop, Why, run_child};
use subprocess::run_child_tokio;
use subprocess::subreaper::kill_all_children;

use super::ends::child_test;
use super::ends::drop_child::KillOnDrop;
use crate::support::*;

const MIB: usize = 1 << 20;

/// Longer than any of these tests takes; nothing is measured.
const LONG: Limits = Limits {
    time: Duration::from_secs(60),
    output: 16 * MIB,
    grace: Duration::from_secs(60),
};
const SHORT: Duration = Duration::from_millis(100);

/// This test program again, as a child that does this.
fn child(what: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--ignored", "--exact", "--nocapture", "run_child::as_child"])
        .env("DOES", what);
    command
}

fn run(what: &str, input: &[u8], limits: Limits) -> Finished {
    run_child(&mut child(what), input, limits, &Stop::never()).unwrap()
}

#[test]
#[ignore = "a child of the tests below"]
fn as_child() {
    match env::var("DOES").unwrap().as_str() {
        "exit 7" => process::exit(7),
        "abort" => process::abort(),
        "echo" => {
            let noise = thread::spawn(|| {
                io::stderr().write_all(&vec![b'e'; 4 * MIB]).unwrap();
            });
            io::copy(&mut io::stdin(), &mut io::stdout()).unwrap();
            noise.join().unwrap();
        }
        "ignore input" => {}
        "babble" => loop {
            if io::stdout().write_all(&[b'x'; 4096]).is_err() {
                return;
            }
        },
        "hang" => stay(),
        "hang deafly" => {
            SigSet::all().thread_block().unwrap();
            say_and_stay()
        }
        "leave one" => drop(child("hang").stdin(Stdio::null()).spawn()),
        "leave one far away" => {
            let mut far = child("go away");
            let mut far = far.stdin(Stdio::piped()).spawn().unwrap();
            // It has gone when it closes its input.
            let _ = far.stdin.take().unwrap().write_all(&vec![0; MIB]);
            process::exit(0)
        }
        "go away" => {
            setsid().unwrap();
            let null = fs::File::open("/dev/null").unwrap();
            nix::unistd::dup2_stdin(null).unwrap();
            say_and_stay()
        }
        "change sides" => {
            change_sides();
            stay()
        }
        "change sides and end" => {
            change_sides();
            process::exit(3)
        }
        "become root" => {
            let root = nix::unistd::Uid::from_raw(0);
            let done = nix::unistd::setresuid(root, root, root);
            process::exit(if done.is_ok() { 0 } else { 42 })
        }
        "become root and wait" => {
            let root = nix::unistd::Uid::from_raw(0);
            let done = nix::unistd::setresuid(root, root, root);
            println!("{}", done.is_ok());
            drop(io::copy(&mut io::stdin(), &mut io::sink()));
        }
        "stop" => raise(Signal::SIGSTOP).unwrap(),
        other => panic!("{other}"),
    }
    process::exit(0)
}

fn change_sides() {
    let group = getpgid(Some(getppid())).unwrap();
    setpgid(Pid::from_raw(0), group).unwrap();
}

fn say_and_stay() {
    println!("pid {}", process::id());
    stay()
}

/// Not for ever: a test that fails must leave nothing either.
fn stay() {
    thread::sleep(Duration::from_secs(120));
}

/// The process that said `pid 1234`.
fn told_pid(ran: &Finished) -> i32 {
    let said = String::from_utf8_lossy(&ran.stdout.bytes).into_owned();
    let (_, after) = said.split_once("pid ").expect("it says its number");
    after.lines().next().unwrap().parse().unwrap()
}

fn is_alive(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

/// SUB-01: both directions are full.
#[test]
fn four_mebibytes_in_all_three_directions() {
    let input: Vec<u8> = (0..4 * MIB).map(|n| (n % 251) as u8).collect();
    let ran = run("echo", &input, LONG);
    assert_eq!(ran.why, Why::Ended);
    assert!(ran.status.success(), "{}", ran.status);
    assert!(ran.stdout.bytes.ends_with(&input), "it comes back whole");
    assert!(ran.stderr.total >= 4 * MIB as u64);
    assert!(ran.stdout.complete && ran.stderr.complete);
}

/// SUB-02: a child that does not read.
#[test]
fn input_that_nobody_wants_is_dropped() {
    let ran = run("ignore input", &vec![0; MIB], LONG);
    assert_eq!((ran.why, ran.status.code()), (Why::Ended, Some(0)));
}

#[test]
fn the_end_is_told_as_code_or_signal() {
    let ran = run("exit 7", b"", LONG);
    assert_eq!((ran.status.code(), ran.status.signal()), (Some(7), None));
    let ran = run("abort", b"", LONG);
    assert_eq!((ran.status.code(), ran.status.signal()), (None, Some(6)));
}

/// SUB-29: endless output, and a limit of it.
#[test]
fn output_is_bounded() {
    let limits = Limits { time: Duration::from_secs(1), output: 1000, ..LONG };
    let ran = run("babble", b"", limits);
    assert_eq!(ran.why, Why::TimeUp);
    assert_eq!(ran.stdout.bytes.len(), 1000);
    assert!(ran.stdout.total > 1000);
}

/// SUB-06: a grandchild that holds the pipe delays nobody, and ends.
#[test]
fn what_the_child_has_started_ends_with_it() {
    let mark = new_mark();
    let (name, value) = mark.split_once('=').unwrap();
    let mut command = child("leave one");
    let limits = Limits { grace: SHORT, ..LONG };
    let ran = run_child(command.env(name, value), b"", limits, &Stop::never());
    let ran = ran.unwrap();
    assert_eq!((ran.why, ran.status.code()), (Why::Ended, Some(0)));
    assert!(ran.stdout.complete, "all writers have ended");
    nothing_is_left(&mark);
}

/// SUB-06: one that has left the group stays, but delays nobody either.
#[test]
fn who_has_left_the_group_is_not_waited_for() {
    let limits = Limits { grace: SHORT, ..LONG };
    let ran = run("leave one far away", b"", limits);
    assert_eq!((ran.why, ran.status.code()), (Why::Ended, Some(0)));
    assert!(!ran.stdout.complete);
    let far = told_pid(&ran);
    assert!(is_alive(far));
    nix::sys::signal::kill(Pid::from_raw(far), Signal::SIGKILL).unwrap();
}

/// SUB-24: SIGTERM, grace, SIGKILL.
#[test]
fn a_child_that_blocks_signals_is_killed() {
    let limits = Limits { time: SHORT, output: MIB, grace: SHORT };
    let ran = run("hang deafly", b"", limits);
    assert_eq!(ran.why, Why::TimeUp);
    // A slow start may be killed before it blocks anything: by SIGTERM.
    assert!(matches!(ran.status.signal(), Some(9 | 15)), "{}", ran.status);
}

#[test]
fn a_child_that_hangs_is_ended_by_sigterm() {
    let ran = run("hang", b"", Limits { time: SHORT, ..LONG });
    assert_eq!((ran.why, ran.status.signal()), (Why::TimeUp, Some(15)));
}

/// It is in no group of its own any more, but it is still our child.
#[test]
fn a_child_that_has_left_its_group_is_ended() {
    let limits = Limits { time: Duration::from_secs(1), ..LONG };
    let ran = run("change sides", b"", Limits { grace: SHORT, ..limits });
    assert_eq!(ran.why, Why::TimeUp);
    assert!(matches!(ran.status.signal(), Some(9 | 15)), "{}", ran.status);
}

/// The grace is for SIGTERM. After SIGKILL a child needs a moment, too.
#[test]
fn a_grace_of_nothing_leaves_no_zombie() {
    for time in [SHORT, Duration::ZERO] {
        let limits = Limits { time, output: MIB, grace: Duration::ZERO };
        let ran = run("hang", b"", limits);
        assert_eq!(ran.why, Why::TimeUp);
        assert!(matches!(ran.status.signal(), Some(9 | 15)), "{}", ran.status);
        let ran = run_in_tokio(child("hang"), limits).unwrap();
        assert_eq!(ran.why, run_child_tokio::Why::TimeUp);
        assert!(matches!(ran.status.signal(), Some(9 | 15)), "{}", ran.status);
    }
}

#[test]
fn a_child_that_has_left_its_group_is_ended_in_tokio() {
    let limits = Limits { time: Duration::from_secs(1), ..LONG };
    let limits = Limits { grace: SHORT, ..limits };
    let ran = run_in_tokio(child("change sides"), limits).unwrap();
    assert_eq!(ran.why, run_child_tokio::Why::TimeUp);
    assert!(matches!(ran.status.signal(), Some(9 | 15)), "{}", ran.status);
}

fn run_in_tokio(
    command: Command,
    limits: Limits,
) -> io::Result<run_child_tokio::Finished> {
    let Limits { time, output, grace } = limits;
    let limits = run_child_tokio::Limits { time, output, grace };
    let mut command = tokio::process::Command::from(command);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let run = run_child_tokio::run_child_tokio(&mut command, b"", limits);
    runtime.block_on(run)
}

/// This test program once more, as a process in which only `test` runs.
fn process_for(test: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    let test = format!("run_child::{test}");
    command.args(["--ignored", "--exact", "--nocapture", &test]);
    command
}

/// A process whose parent has blocked SIGCHLD hears of no end by a signal.
#[test]
fn an_end_is_seen_where_sigchld_is_blocked() {
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGCHLD);
    mask.thread_block().unwrap();
    let process = process_for("as_process_with_sigchld_blocked").output();
    mask.thread_unblock().unwrap();
    let process = process.unwrap();
    assert!(process.status.success(), "{process:?}");
}

#[test]
#[ignore = "for a process of its own"]
fn as_process_with_sigchld_blocked() {
    let limits = Limits { time: Duration::from_secs(30), ..LONG };
    let ran = run("exit 7", b"", limits);
    assert_eq!((ran.why, ran.status.code()), (Why::Ended, Some(7)));
    let ran = run_in_tokio(child("exit 7"), limits).unwrap();
    assert_eq!(ran.why, run_child_tokio::Why::Ended);
    assert_eq!(ran.status.code(), Some(7));
}

/// SUB-23: where SIGCHLD is ignored, the system keeps no status. This is an
/// error, and nobody waits for ever.
#[test]
fn where_sigchld_is_ignored_there_is_no_status() {
    let process = process_for("as_process_that_ignores_sigchld").output();
    let process = process.unwrap();
    assert!(process.status.success(), "{process:?}");
}

#[test]
#[ignore = "for a process of its own"]
#[expect(unsafe_code, reason = "there is no safe way to ignore a signal")]
fn as_process_that_ignores_sigchld() {
    // SAFETY: it is no function of ours that will run then.
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigIgn) }.unwrap();
    let ran = run_child(&mut child("exit 7"), b"", LONG, &Stop::never());
    let error = ran.unwrap_err().raw_os_error();
    assert!([Some(libc::ECHILD), Some(libc::ESRCH)].contains(&error));
    let group = Group::spawn(&mut child("exit 7"));
    let error = group.unwrap().wait().unwrap_err().raw_os_error();
    assert_eq!(error, Some(libc::ECHILD));
}

/// The child takes the rights of root, so this user may not signal it; but it
/// ends by itself, and its status counts.
#[test]
fn a_child_of_another_user_that_has_ended_has_a_status() {
    if !nix::unistd::geteuid().is_root() {
        return; // only root can make such a program
    }
    as_setuid_program("run_child::as_ordinary_user");
}

/// Runs a test in a copy of this program that has the rights of root.
fn as_setuid_program(test: &str) {
    let folder = env::temp_dir().join(format!(
        "setuid-{}-{}",
        process::id(),
        test.len()
    ));
    fs::DirBuilder::new().mode(0o755).create(&folder).unwrap();
    let program = folder.join("program");
    fs::copy(env::current_exe().unwrap(), &program).unwrap();
    let mode = fs::Permissions::from_mode(0o4755);
    fs::set_permissions(&program, mode).unwrap();
    let ordinary = Command::new(&program)
        .args(["--ignored", "--exact", "--nocapture"])
        .arg(test)
        .uid(65_534)
        .gid(65_534)
        .current_dir("/")
        .output();
    fs::remove_dir_all(&folder).unwrap();
    let ordinary = ordinary.unwrap();
    assert!(ordinary.status.success(), "{ordinary:?}");
}

#[test]
#[ignore = "for a process of its own"]
fn as_ordinary_user() {
    // Now the user is an ordinary one for good: exec of the same program gives
    // the child the rights of root again.
    let user = nix::unistd::Uid::from_raw(65_534);
    nix::unistd::setresuid(user, user, user).unwrap();
    let ran = run("become root", b"", LONG);
    if ran.status.code() == Some(42) {
        return; // no such rights in this folder (nosuid)
    }
    assert_eq!((ran.why, ran.status.code()), (Why::Ended, Some(0)));
    let ran = run_in_tokio(child("become root"), LONG).unwrap();
    assert_eq!(ran.status.code(), Some(0));
    let group = Group::spawn(&mut child("become root"));
    assert_eq!(group.unwrap().wait().unwrap().code(), Some(0));
    let nobody = nix::sys::wait::waitpid(None, None).unwrap_err();
    assert_eq!(nobody, nix::errno::Errno::ECHILD, "no zombie");
}

/// No guard waits for ever for a child that it may not kill.
#[test]
fn a_child_of_another_user_hangs_no_guard() {
    as_setuid_program("run_child::as_ordinary_user_with_guards");
}

#[test]
#[ignore = "for a process of its own"]
#[expect(clippy::zombie_processes, reason = "all are waited for at the end")]
fn as_ordinary_user_with_guards() {
    let user = nix::unistd::Uid::from_raw(65_534);
    nix::unistd::setresuid(user, user, user).unwrap();
    let (input, keep) = io::pipe().unwrap();
    let mut guest = child("become root and wait");
    guest.stdin(input).stdout(Stdio::piped());
    let mut guest = guest.spawn().unwrap();
    let lines = BufReader::new(guest.stdout.take().unwrap()).lines();
    let said = lines.map_while(Result::ok).find(|line| line.len() < 6);
    if said.as_deref() != Some("true") {
        return; // no such rights in this folder (nosuid)
    }
    let guard = KillOnDrop(guest);
    within(Duration::from_secs(20), move || drop(guard)).unwrap();
    drop(keep); // it ends

    let mut guest = child("become root and wait");
    let guest = Conversation::start(&mut guest).unwrap();
    until_some(|| children_are_of_root().then_some(()));
    within(Duration::from_secs(20), move || drop(guest)).unwrap();

    // One that has ended and that we may not kill does not save the others.
    let _ended = child("become root").spawn().unwrap();
    let _runs = child("hang").spawn().unwrap();
    let killed = kill_all_children(Duration::from_secs(20)).unwrap();
    assert_eq!(killed, 4);
}

/// What has another user does not let us read much, but that.
fn children_are_of_root() -> bool {
    let list = fs::read_to_string("/proc/thread-self/children").unwrap();
    list.split_whitespace().all(|pid| {
        let status = fs::read_to_string(format!("/proc/{pid}/status"));
        status.is_ok_and(|status| status.contains("\nUid:\t0\t0\t0\t"))
    })
}

/// A child that reads is told the end of its input.
#[test]
fn a_group_that_is_waited_for_has_no_more_input() {
    let mut reads = child("echo");
    reads.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut group = Group::spawn(&mut reads).unwrap();
    assert!(group.child().stdin.is_some());
    let status = within(Duration::from_secs(20), move || group.wait());
    assert!(status.unwrap().unwrap().success());
}

/// A busy runtime has not looked before the time was up.
#[test]
fn a_child_that_has_ended_in_time_is_said_to() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let limits = run_child_tokio::Limits {
        time: Duration::from_millis(1),
        output: MIB,
        grace: Duration::from_secs(10),
    };
    let mark = new_mark();
    let (name, value) = mark.split_once('=').unwrap();
    let mut command = child("exit 7");
    command.env(name, value);
    let mut command = tokio::process::Command::from(command);
    let ran = runtime.block_on(async {
        let run = run_child_tokio::run_child_tokio(&mut command, b"", limits);
        let mut run = std::pin::pin!(run);
        let once = poll_fn(|context| Poll::Ready(run.as_mut().poll(context)));
        assert!(once.await.is_pending(), "a child is not that quick");
        // Nothing else runs on this thread until the child has ended.
        until_some(|| marked(&mark).is_empty().then_some(()));
        thread::sleep(limits.time);
        run.await.unwrap()
    });
    assert_eq!(ran.status.code(), Some(7));
    assert_eq!(ran.why, run_child_tokio::Why::Ended);
}

/// An error, and the signals end this process as before.
#[test]
fn without_descriptors_no_signal_is_taken_over() {
    let test = "run_child::as_process_without_descriptors";
    let ran = child_test(test).output().unwrap();
    assert_eq!(ran.status.signal(), Some(15), "{ran:?}");
}

#[test]
#[ignore = "for a process of its own"]
fn as_process_without_descriptors() {
    use nix::sys::resource::{Resource::RLIMIT_NOFILE, setrlimit};
    let free = fs::File::open("/dev/null").unwrap().as_raw_fd() as u64;
    setrlimit(RLIMIT_NOFILE, free + 3, free + 3).unwrap();
    assert!(Stop::listen().is_err());
    raise(Signal::SIGTERM).unwrap();
}

/// A leader that has left its group, and has ended or still runs.
#[test]
fn a_leader_that_has_left_its_group_is_waited_for() {
    let mut moved = child("change sides and end");
    let mut group = Group::spawn(&mut moved).unwrap();
    assert_eq!(group.wait().unwrap().code(), Some(3));

    let mark = new_mark();
    let (name, value) = mark.split_once('=').unwrap();
    let mut moved = child("change sides");
    moved.env(name, value).stdout(Stdio::piped());
    let group = Group::spawn(&mut moved).unwrap();
    wait_for(&mark, "as_child");
    within(Duration::from_secs(20), move || drop(group)).unwrap();
    nothing_is_left(&mark);
}

/// A stopped child does not take SIGTERM before it goes on.
#[test]
fn a_stopped_child_is_killed() {
    let limits = Limits { time: SHORT, output: MIB, grace: SHORT };
    let ran = run("stop", b"", limits);
    assert_eq!(ran.why, Why::TimeUp);
    assert!(matches!(ran.status.signal(), Some(9 | 15)), "{}", ran.status);
}

/// SUB-09: a program that is not there leaves nothing behind.
#[test]
fn a_missing_program_is_an_error_and_no_child() {
    let mut missing = Command::new("/no/such/program");
    for _ in 0..100 {
        let ran = run_child(&mut missing, b"x", LONG, &Stop::never());
        assert_eq!(ran.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}

/// One signal stops this run and all that follow.
#[test]
fn a_signal_stops_the_run() {
    let mut wrapper = Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "run_child::as_wrapper"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(wrapper.stdout.as_mut().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().contains("listening")));
    let pid = Pid::from_raw(wrapper.id() as i32);
    nix::sys::signal::kill(pid, Signal::SIGTERM).unwrap();
    let output = wrapper.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("Stopped by 15: Stopped, Stopped"), "{said}");
}

/// It listens for signals, and runs two children that hang.
#[test]
#[ignore = "a child of the test above"]
fn as_wrapper() {
    let stop = Stop::listen().unwrap();
    let mut why = Vec::new();
    println!("listening");
    for _ in 0..2 {
        let ran = run_child(&mut child("hang"), b"", LONG, &stop).unwrap();
        why.push(format!("{:?}", ran.why));
    }
    println!("Stopped by {}: {}", stop.signal().unwrap(), why.join(", "));
}
