//! Pipes, limits and files of children: nothing hangs, nothing is lost, and
//! nothing is left.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::{fs::OpenOptionsExt, fs::PermissionsExt};
use std::os::unix::{process::CommandExt, process::ExitStatusExt};
use std::path::PathBuf;
use std::process::{self, Command, Output, Stdio};
use std::time::Duration;
use std::{env, thread};

use nix::sys::signal::{SigHandler::SigIgn, Signal, kill, signal};
use nix::unistd::{Pid, mkdtemp};
use shared::watchdog::within;
use subprocess::run_child::{Limits, Stop, Why, run_child};

use crate::support::*;

#[path = "../../src/bin/cons/child_timeout.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod child_timeout;
#[path = "../../src/bin/cons/leaked_pipe.rs"]
#[expect(dead_code, reason = "as above")]
mod leaked_pipe;
#[path = "../../src/bin/cons/pipe_deadlock.rs"]
#[expect(dead_code, reason = "as above")]
mod pipe_deadlock;
#[path = "../../src/bin/cons/stdin_eof.rs"]
#[expect(dead_code, reason = "as above")]
mod stdin_eof;
#[path = "../../src/bin/cons/stdin_inherited.rs"]
#[expect(dead_code, reason = "as above")]
mod stdin_inherited;
#[path = "../../src/bin/cons/text_busy.rs"]
#[expect(dead_code, reason = "as above")]
mod text_busy;
#[path = "../../src/bin/cons/text_busy_ways.rs"]
#[expect(dead_code, reason = "as above")]
mod text_busy_ways;

const CHILD_TIMEOUT: &str = env!("CARGO_BIN_EXE_child_timeout");
const PIPE_DEADLOCK: &str = env!("CARGO_BIN_EXE_pipe_deadlock");
const STDIN_EOF: &str = env!("CARGO_BIN_EXE_stdin_eof");
const TEXT_BUSY: &str = env!("CARGO_BIN_EXE_text_busy");
const TEXT_BUSY_WAYS: &str = env!("CARGO_BIN_EXE_text_busy_ways");

const LIMIT: Duration = Duration::from_secs(20);

/// A child of this test that waits until its standard input ends, or that ends
/// at once.
fn child(what: &str) -> Command {
    let mut command = Command::new(STDIN_EOF);
    command.args(["as-child", what]);
    command
}

/// SUB-02: 1 MiB that nobody reads; the status is the child's own.
#[test]
fn input_that_nobody_reads_is_no_error() {
    let output = within(LIMIT, || with_mebibyte(&mut child("ends")));
    assert!(output.unwrap().unwrap().status.success());
    // A child that fails, after it has read nothing: wrong usage.
    let output =
        within(LIMIT, || with_mebibyte(Command::new(STDIN_EOF).arg("--salt")));
    let output = output.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8(output.stderr).unwrap().lines().count(), 1);
}

fn with_mebibyte(command: &mut Command) -> io::Result<Output> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn()?;
    let writer =
        stdin_eof::write_in_background(&mut child, vec![b'x'; 1 << 20]);
    let output = child.wait_with_output();
    writer?.join().unwrap()?;
    output
}

/// SUB-02: the bare write is an error, and this process is still alive.
#[test]
fn a_write_to_an_ended_child_is_an_error() {
    let mut ended = child("ends").stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = ended.stdin.take().unwrap();
    ended.wait().unwrap();
    // A child of another test may have the other end for a moment.
    let error = until_some(|| stdin.write_all(b"x").err());
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

#[test]
fn a_command_that_cannot_start_is_an_error() {
    let mut none = Command::new("/nowhere");
    let error = text_busy::spawn_retrying(&mut none, LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

/// Both streams are far larger than a pipe, in the order that stalls.
#[test]
fn both_streams_are_read_at_the_same_time() {
    let read = within(LIMIT, || {
        let mut child = Command::new(PIPE_DEADLOCK)
            .args(["as-child", "5000000"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let read = pipe_deadlock::read_both(&mut child).unwrap();
        assert!(child.wait().unwrap().success());
        // A second call has nothing to read.
        let nothing = pipe_deadlock::read_both(&mut child).unwrap();
        assert!(nothing.iter().all(Vec::is_empty));
        read.map(|bytes| bytes.len())
    });
    assert_eq!(read.unwrap(), [5_000_000; 2]);
}

#[test]
fn a_child_for_each_line_and_none_reads_the_others() {
    let lines = "one\ntwo\n\nfour";
    let mut seen = Vec::new();
    let succeeded =
        stdin_inherited::run_for_each_line(lines.as_bytes(), |line: &str| {
            seen.push(line.to_string());
            // It reads to the end of its input, and this is at once.
            Ok(child(if line == "two" { "--salt" } else { "reads" }))
        });
    assert_eq!(succeeded.unwrap(), 4);
    assert_eq!(seen, ["one", "two", "", "four"]);
    let not_utf8: &[u8] = b"one\n\xff\n";
    let start = |_: &str| Ok(child("ends"));
    assert!(stdin_inherited::run_for_each_line(not_utf8, start).is_err());
    let start = |_: &str| Ok(Command::new("/nowhere"));
    assert!(stdin_inherited::run_for_each_line(&b"one"[..], start).is_err());
}

/// A limit neither kills nor reaps, and can be followed by another one.
#[test]
fn a_wait_with_a_limit_leaves_the_child_alone() {
    let mut waits = child("reads").stdin(Stdio::piped()).spawn().unwrap();
    for limit in [Duration::ZERO, Duration::from_millis(20)] {
        let status = child_timeout::wait_timeout(&mut waits, limit).unwrap();
        assert_eq!(status, None);
    }
    drop(waits.stdin.take());
    let ended = within(LIMIT, move || {
        let forever = Duration::MAX;
        let first = child_timeout::wait_timeout(&mut waits, forever).unwrap();
        let again = child_timeout::wait_timeout(&mut waits, Duration::ZERO);
        (first, again.unwrap())
    });
    let (first, again) = ended.unwrap();
    assert!(first.unwrap().success());
    assert_eq!(first, again);
    let mut killed = child("reads").stdin(Stdio::piped()).spawn().unwrap();
    killed.kill().unwrap();
    let status = child_timeout::wait_timeout(&mut killed, LIMIT).unwrap();
    assert_eq!(status.unwrap().signal(), Some(9));
}

/// SUB-06: a grandchild has the output; the group ends at the limit, and what
/// was written before is there.
#[test]
fn a_grandchild_does_not_hold_up_a_limit() {
    let ran = within(LIMIT, || {
        let mut command = Command::new(CHILD_TIMEOUT);
        command.args(["as-family", "child"]);
        // Its input does not end: the pipe is ours.
        let (stdin, _leash) = io::pipe().unwrap();
        command.stdin(stdin).stdout(Stdio::piped()).process_group(0);
        let mut family = command.spawn().unwrap();
        let mut stdout = family.stdout.take().unwrap();
        let mut begin = [0; 1];
        stdout.read_exact(&mut begin).unwrap(); // the grandchild is there
        let limit = Duration::from_millis(20);
        let status = child_timeout::wait_timeout(&mut family, limit);
        assert_eq!(status.unwrap(), None);
        let group = Pid::from_raw(family.id() as i32);
        nix::sys::signal::killpg(group, Signal::SIGKILL).unwrap();
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap(); // ends
        assert_eq!(family.wait().unwrap().signal(), Some(9));
        rest
    });
    assert!(ran.unwrap().ends_with('\n'));
}

/// SUB-24: SIGTERM, the grace, and SIGKILL for a child that ignores SIGTERM.
#[test]
#[expect(unsafe_code, reason = "a child that ignores a signal from the start")]
fn a_child_that_ignores_sigterm_is_killed() {
    for (ignores, ended_by) in [(true, 9), (false, 15)] {
        let ran = within(LIMIT, move || {
            let mut hangs = Command::new(env!("CARGO_BIN_EXE_run_child"));
            hangs.args(["as-child", "hangs"]);
            if ignores {
                let ignore = || {
                    // SAFETY: it is no function of ours that will run then.
                    let old = unsafe { signal(Signal::SIGTERM, SigIgn) };
                    Ok(old.map(drop)?)
                };
                // SAFETY: a system call, and nothing else.
                unsafe { hangs.pre_exec(ignore) };
            }
            let [time, grace] = [50, 100].map(Duration::from_millis);
            let limits = Limits { time, output: 9, grace };
            run_child(&mut hangs, b"", limits, &Stop::never()).unwrap()
        });
        let ran = ran.unwrap();
        assert_eq!(ran.why, Why::TimeUp);
        assert_eq!(ran.status.signal(), Some(ended_by));
    }
}

/// The writer of a pipe, the reader is not one, and nobody after its end.
#[test]
fn the_writers_of_a_pipe_are_found() {
    let pids = |pipe: &io::PipeReader, wanted: &[u32]| {
        until_some(|| {
            let writers = leaked_pipe::writers_of(pipe).unwrap();
            writers
                .iter()
                .map(|one| one.pid)
                .eq(wanted.iter().copied())
                .then_some(writers)
        })
    };
    let (reader, writer) = io::pipe().unwrap();
    pids(&reader, &[process::id()]);
    let mut command = child("reads");
    let mut other =
        command.stdin(Stdio::piped()).stdout(writer).spawn().unwrap();
    drop(command); // our copy of the writer
    let writers = pids(&reader, &[other.id()]);
    assert_eq!(writers[0].name, "stdin_eof");
    other.wait().unwrap(); // closes its input first
    pids(&reader, &[]);
}

/// It gives up at its limit, and starts what is not busy any more.
#[test]
fn a_busy_program_is_tried_again_but_not_for_ever() {
    let folder = TestFolder::new();
    let path = folder.0.join("program");
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o700);
    let mut open = options.open(&path).unwrap();
    open.write_all(b"#!/proc/self/exe --help\n").unwrap();
    let short = Duration::from_millis(20);
    let mut command = Command::new(&path);
    let error = text_busy::spawn_retrying(&mut command, short).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ExecutableFileBusy);
    // Here it is open in this very process: each try fails until it is closed.
    let started = within(LIMIT, move || {
        let closer = thread::spawn(move || drop(open));
        let child =
            text_busy::spawn_retrying(command.stdout(Stdio::null()), LIMIT / 2);
        closer.join().unwrap();
        child.unwrap().wait().unwrap()
    });
    assert!(started.unwrap().success());
}

/// In a process of its own: all children of a process have to use the lock.
#[test]
fn the_lock_keeps_writes_and_starts_apart() {
    let own = env::current_exe().unwrap();
    let test = "pipes::writes_and_starts_with_the_lock";
    let arguments = ["--ignored", "--exact", test];
    let ran = run(own.to_str().unwrap(), &arguments);
    assert!(ran.status.success(), "{ran:?}");
    assert!(ran.stdout.contains("1 passed"), "{ran:?}");
}

#[test]
#[ignore = "for a process of its own: see above"]
fn writes_and_starts_with_the_lock() {
    let folder = TestFolder::new();
    let write_and_run = |path: PathBuf| {
        for _ in 0..20 {
            text_busy_ways::write_program(&path, b"#!/proc/self/exe --help\n")
                .unwrap();
            let mut command = Command::new(&path);
            let mut child =
                text_busy_ways::spawn(command.stdout(Stdio::null())).unwrap();
            child.wait().unwrap();
            fs::remove_file(&path).unwrap();
        }
    };
    thread::scope(|scope| {
        for number in 0..4 {
            let path = folder.0.join(number.to_string());
            scope.spawn(move || write_and_run(path));
        }
    });
}

struct TestFolder(PathBuf);

impl TestFolder {
    fn new() -> TestFolder {
        TestFolder(mkdtemp(&env::temp_dir().join("pipes-XXXXXX")).unwrap())
    }

    /// What is in it, if it is one thing.
    fn inside(&self) -> Option<PathBuf> {
        let mut files = fs::read_dir(&self.0).unwrap();
        files.next().map(|file| file.unwrap().path())
    }
}

impl Drop for TestFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// SEC-08: a folder for one user, with a new name each time, and removed also
/// if this program or its helper is killed.
#[test]
fn a_private_folder_is_removed_whoever_is_killed() {
    let folder = TestFolder::new();
    let mut names = Vec::new();
    for victim in ["", "text_busy_ways", "as-keeper"] {
        let (mut program, mark) = start_with(TEXT_BUSY_WAYS, &[], |command| {
            command.env("TMPDIR", &folder.0);
        });
        let remover = wait_for(&mark, "as-keeper");
        let inside = until_some(|| folder.inside());
        // Now the program knows its name, too.
        until_some(|| fs::read_dir(&inside).ok()?.flatten().next());
        let mode = fs::metadata(&inside).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        names.push(inside);
        let pid = match victim {
            "" => None,
            "as-keeper" => Some(remover),
            _ => Some(program.id() as i32),
        };
        if let Some(pid) = pid {
            kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
        }
        let status = program.wait().unwrap();
        assert_eq!(status.success(), victim != "text_busy_ways", "{status}");
        nothing_is_left(&mark);
        assert_eq!(folder.inside(), None, "{victim}");
    }
    names.dedup();
    assert_eq!(names.len(), 3);
}

/// A program that is killed in the middle leaves no child behind.
#[test]
fn nothing_is_left_of_a_killed_program() {
    let ways = env!("CARGO_BIN_EXE_child_timeout_ways");
    for program in [CHILD_TIMEOUT, ways] {
        let (mut child, mark) = start(program, &[]);
        wait_for(&mark, "grandchild"); // for a second it is there
        child.kill().unwrap();
        child.wait().unwrap();
        nothing_is_left(&mark);
    }
    // These are done in a moment: killed at different points of it.
    let folder = TestFolder::new();
    let leaked_pipe = env!("CARGO_BIN_EXE_leaked_pipe");
    for program in [PIPE_DEADLOCK, STDIN_EOF, TEXT_BUSY, leaked_pipe] {
        for millis in [1, 2, 3, 5, 8, 13] {
            let (mut child, mark) = start_with(program, &[], |command| {
                command.env("TMPDIR", &folder.0);
            });
            thread::sleep(Duration::from_millis(millis));
            child.kill().unwrap();
            child.wait().unwrap();
            nothing_is_left(&mark);
            assert_eq!(folder.inside(), None);
        }
    }
}
