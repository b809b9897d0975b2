//! How children end, and that nothing of them stays.

use std::{
    env, fs, io,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{self, Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use shared::watchdog::within;
use subprocess::cgroup::Cgroup;
use subprocess::group::Group;
use subprocess::run_child::{Limits, Stop, run_child};
use subprocess::subreaper::kill_all_children;

use crate::support::*;

#[path = "../../src/bin/cons/drop_child.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
pub mod drop_child;
#[path = "../../src/bin/cons/reaper.rs"]
#[expect(dead_code, reason = "as above")]
mod reaper;
#[path = "../../src/bin/cons/zombies.rs"]
#[expect(dead_code, reason = "as above")]
mod zombies;
#[path = "../../src/bin/cons/zombies_libraries.rs"]
#[expect(dead_code, reason = "as above")]
mod zombies_libraries;

const LONG: Duration = Duration::from_secs(60);

/// This test program again, as a child that does this.
fn child(what: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--ignored", "--exact", "--nocapture", "ends::as_child"])
        .env("DOES", what)
        .stdout(Stdio::null());
    command
}

#[test]
#[ignore = "a child of the tests below"]
fn as_child() {
    match env::var("DOES").unwrap().as_str() {
        "end" => {}
        "fail" => std::process::exit(3),
        "hang" => std::thread::sleep(2 * LONG),
        "close output" => {
            nix::unistd::dup2_stdout(fs::File::open("/dev/null").unwrap())
                .unwrap();
            std::thread::sleep(2 * LONG)
        }
        "leave one" => drop(child("hang").spawn().unwrap()),
        other => panic!("{other}"),
    }
}

fn marked_command(what: &str, mark: &str) -> Command {
    let (name, value) = mark.split_once('=').unwrap();
    let mut command = child(what);
    command.env(name, value);
    command
}

/// SUB-07: what the leader has started ends with the group.
#[test]
fn a_group_is_killed_whole() {
    for kill in [true, false] {
        let mark = new_mark();
        let mut command = marked_command("leave one", &mark);
        let mut group = Group::spawn(&mut command).unwrap();
        match kill {
            // The leader ends by itself, and leaves one.
            true => assert!(group.wait().unwrap().success()),
            false => drop(group),
        }
        nothing_is_left(&mark);
    }
}

/// SUB-21: a kill after the end is no error, and reaches nobody else.
#[test]
fn a_kill_after_the_end_is_no_error() {
    let mut group = Group::spawn(&mut child("fail")).unwrap();
    assert_eq!(group.wait().unwrap().code(), Some(3));
    assert_eq!(group.kill().unwrap().code(), Some(3));
    assert_eq!(group.wait().unwrap().code(), Some(3));
    let mut ended = child("fail").spawn().unwrap();
    ended.wait().unwrap();
    ended.kill().unwrap_or(()); // of std: an error in old versions
    assert_eq!(ended.wait().unwrap().code(), Some(3));
}

/// SUB-08, SUB-20: dropped, a child is killed and no zombie stays.
#[test]
fn a_dropped_guard_leaves_nothing() {
    let mark = new_mark();
    let started = marked_command("hang", &mark).spawn().unwrap();
    let pid = started.id();
    drop(drop_child::KillOnDrop(started));
    nothing_is_left(&mark);
    assert!(!fs::exists(format!("/proc/{pid}")).unwrap(), "a zombie");
}

/// SUB-20: a thread waits for what nobody waits for.
#[test]
fn a_forgotten_child_is_no_zombie() {
    let pid = zombies::spawn_and_forget(child("end")).unwrap();
    let gone = move || {
        while fs::exists(format!("/proc/{pid}")).unwrap() {
            std::thread::yield_now();
        }
    };
    assert!(within(LONG, gone).is_ok());
    let missing = zombies::spawn_and_forget(Command::new("/no/such/program"));
    assert_eq!(missing.unwrap_err().kind(), io::ErrorKind::NotFound);
}

/// All that are in a cgroup end with it, and its folder is removed. (Mostly
/// only root may make one; for others there is nothing to see here.)
#[test]
fn a_dropped_cgroup_leaves_nothing() {
    let Ok(cgroup) = Cgroup::new() else { return };
    let mark = new_mark();
    let (name, value) = mark.split_once('=').unwrap();
    let mut command = child("leave one");
    command.env(name, value);
    let mut leaves = cgroup.spawn(command).unwrap();
    assert!(leaves.wait().unwrap().success());
    let pid = marked(&mark)[0].0; // the one that was left
    let line = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
    let line = line.lines().find(|line| line.starts_with("0::")).unwrap();
    assert!(line.contains(&format!("children-{}", process::id())), "{line}");

    let other = cgroup.spawn(child("hang")).unwrap();
    let missing = cgroup.spawn(Command::new("/no/such/program"));
    assert_eq!(missing.unwrap_err().kind(), io::ErrorKind::NotFound);
    cgroup.kill().unwrap();
    let status = { other }.wait().unwrap();
    assert_eq!(status.signal(), Some(Signal::SIGKILL as i32));
    nothing_is_left(&mark);
    let debug = format!("{cgroup:?}");
    let folder = debug.split('"').nth(1).unwrap();
    fs::create_dir(Path::new(folder).join("inner")).unwrap();
    drop(cgroup);
    assert!(!Path::new(folder).exists());
}

/// The thread that waits keeps no end of a pipe that was for the child.
#[test]
fn a_forgotten_child_has_its_pipes_alone() {
    let (mut reader, writer) = io::pipe().unwrap();
    let mut command = child("close output");
    command.stdout(writer);
    let pid = zombies::spawn_and_forget(command).unwrap();
    let ended = within(LONG / 3, move || {
        io::copy(&mut reader, &mut io::sink()).unwrap();
    });
    kill(Pid::from_raw(pid as i32), Signal::SIGKILL).unwrap();
    assert!(ended.is_ok(), "the pipe has no end");
}

/// The list of children is one for each thread, and threads end.
#[test]
fn children_are_found_while_threads_end() {
    let ran = child_test("ends::as_process_whose_threads_end").output();
    let ran = ran.unwrap();
    assert!(ran.status.success(), "{ran:?}");
}

/// In a process of its own: others' children are not ours to wait for.
#[test]
#[ignore = "a child of the test above"]
fn as_process_whose_threads_end() {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let _ = std::thread::spawn(|| {}).join();
            }
        });
        let looks = (0..2_000).map(|_| {
            assert!(!zombies_libraries::has_children()?);
            assert_eq!(reaper::reap_orphans(&[])?, 0);
            assert_eq!(kill_all_children(LONG)?, 0);
            io::Result::Ok(())
        });
        let errors: Vec<_> = looks.filter_map(Result::err).collect();
        stop.store(true, Ordering::Relaxed);
        assert!(errors.is_empty(), "{} errors: {:?}", errors.len(), errors[0]);
    });
}

/// SUB-09, SEC-14, SEC-15: 200 runs and 1024 missing programs leave no
/// descriptor, no thread and no child.
#[test]
fn many_runs_leave_nothing() {
    let ran = child_test("ends::as_many_runs").status().unwrap();
    assert!(ran.success());
}

pub fn child_test(name: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "--nocapture", name]);
    command.stdout(Stdio::null());
    command
}

/// In a process of its own: other tests start children, too.
#[test]
#[ignore = "a child of the test above"]
fn as_many_runs() {
    let count = |what: &str| {
        fs::read_dir(format!("/proc/self/{what}")).unwrap().count()
    };
    let before = [count("fd"), count("task")];
    let limits = Limits { time: LONG, output: 1000, grace: LONG };
    for _ in 0..200 {
        let ran = run_child(&mut child("end"), b"", limits, &Stop::never());
        assert!(ran.unwrap().status.success());
    }
    for _ in 0..1024 {
        let mut missing = Command::new("/no/such/program");
        let error = run_child(&mut missing, b"x", limits, &Stop::never());
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
    assert_eq!([count("fd"), count("task")], before);
    let no_child = nix::sys::wait::waitpid(None, None).unwrap_err();
    assert_eq!(no_child, nix::errno::Errno::ECHILD);
}

/// SUB-23: where SIGCHLD is ignored, nobody keeps a status: an error, no hang.
#[test]
fn a_status_that_somebody_has_taken_is_an_error() {
    let mut started: Child = child("end").spawn().unwrap();
    let pid = Pid::from_raw(started.id() as i32);
    nix::sys::wait::waitpid(pid, None).unwrap(); // as a reaper does
    let error = started.wait().unwrap_err();
    assert_eq!(error.raw_os_error(), Some(nix::libc::ECHILD));
    assert!(kill(pid, None::<Signal>).is_err(), "it is gone");
}
