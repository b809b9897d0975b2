//! Streams, a child in tokio, forwarded signals, a pseudo-terminal.

use std::fs::{self, File};
use std::future::{Future, poll_fn};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::task::Poll;
use std::time::{Duration, Instant};
use std::{env, path::Path, pin::pin, process, thread};

use nix::sys::signal::SigSet;
use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid,
};
use shared::watchdog::within;
use subprocess::run_child::{Limits, Stop, Why, run_child};
use subprocess::run_child_tokio;

use crate::support::*;

#[path = "../../src/bin/usage/child_ctrl_c.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod child_ctrl_c;
#[path = "../../src/bin/usage/paused_timer.rs"]
#[expect(dead_code, reason = "as above")]
mod paused_timer;
#[path = "../../src/bin/usage/stdio.rs"]
#[expect(dead_code, reason = "as above")]
mod stdio;
#[path = "../../src/bin/usage/tty.rs"]
#[expect(dead_code, reason = "as above")]
mod tty;

const FORWARD_SIGNALS: &str = env!("CARGO_BIN_EXE_forward_signals");
const PAUSED_TIMER: &str = env!("CARGO_BIN_EXE_paused_timer");
const RUN_CHILD: &str = env!("CARGO_BIN_EXE_run_child");
const RUN_CHILD_TOKIO: &str = env!("CARGO_BIN_EXE_run_child_tokio");
const STDIO: &str = env!("CARGO_BIN_EXE_stdio");
const TTY: &str = env!("CARGO_BIN_EXE_tty");

const LIMIT: Duration = Duration::from_secs(20);

fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// With this time limit, and all of the output.
fn limits(time: Duration) -> Limits {
    Limits { time, output: 1 << 30, grace: Duration::from_millis(100) }
}

/// As `run_child`, in tokio.
fn in_tokio(
    command: Command,
    input: &[u8],
    time: Duration,
) -> run_child_tokio::Finished {
    let limits = run_child_tokio::Limits {
        time,
        output: 1 << 30,
        grace: Duration::from_millis(100),
    };
    let mut command = tokio::process::Command::from(command);
    let run = run_child_tokio::run_child_tokio(&mut command, input, limits);
    runtime().block_on(run).unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap()
}

/// Runs a test that is for itself alone, in a process of its own.
fn alone_in_a_process(test: &str) {
    let own = env::current_exe().unwrap();
    let test = format!("usage::{test}");
    let arguments = ["--ignored", "--exact", "--nocapture", &test];
    let ran = run(own.to_str().unwrap(), &arguments);
    assert!(ran.status.success(), "{ran:?}");
    assert!(ran.stdout.contains("1 passed"), "{ran:?}");
}

/// SUB-01, SUB-14: 4 MiB to the child, and 4 MiB from it on both streams; the
/// bytes are no UTF-8, and come back as they were.
#[test]
fn all_streams_full_at_the_same_time() {
    let input: Vec<u8> = (0..=u8::MAX).cycle().take(4 << 20).collect();
    assert!(String::from_utf8(input.clone()).is_err());
    let child = || command(STDIO, &["as-child"]);
    let wanted = input.clone();
    let all = within(LIMIT, move || {
        let std = stdio::output_with_input(&mut child(), &input).unwrap();
        let never = Stop::never();
        let ours = run_child(&mut child(), &input, limits(LIMIT), &never);
        let ours = ours.unwrap();
        let tokio = in_tokio(child(), &input, LIMIT);
        assert!(ours.stdout.complete && ours.stderr.complete);
        assert!(tokio.stdout.complete && tokio.stderr.complete);
        [
            (std.status, std.stdout, std.stderr),
            (ours.status, ours.stdout.bytes, ours.stderr.bytes),
            (tokio.status, tokio.stdout.bytes, tokio.stderr.bytes),
        ]
    });
    for (status, stdout, stderr) in all.unwrap() {
        assert_eq!(status.code(), Some(3));
        assert!(stdout == wanted && stderr == wanted);
    }
}

/// SUB-02: the broken pipe is no error, and does not end the parent.
#[test]
fn a_child_that_does_not_read_gives_its_status() {
    let codes = within(LIMIT, || {
        let input = vec![b'x'; 1 << 20];
        let child = || command(RUN_CHILD, &["as-child", "fails"]);
        let std = stdio::output_with_input(&mut child(), &input).unwrap();
        let never = Stop::never();
        let ours = run_child(&mut child(), &input, limits(LIMIT), &never);
        let tokio = in_tokio(child(), &input, LIMIT);
        [std.status, ours.unwrap().status, tokio.status].map(|s| s.code())
    });
    assert_eq!(codes.unwrap(), [Some(3); 3]);
}

/// SUB-03: the writing thread ends with the child.
#[test]
fn a_blocked_writer_ends_when_the_child_is_killed() {
    let parent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = parent.local_addr().unwrap().to_string();
    let writer = thread::spawn(move || {
        let mut child =
            command(RUN_CHILD_TOKIO, &["as-child", "hangs", &address]);
        child.env("SUB_03", "it");
        stdio::output_with_input(&mut child, &vec![b'x'; 1 << 20])
    });
    let _connection = parent.accept().unwrap(); // it runs, and never reads
    let child = wait_for("SUB_03=it", "as-child hangs");
    kill_process(Pid::from_raw(child).unwrap(), Signal::KILL).unwrap();
    let output = within(LIMIT, move || writer.join().unwrap());
    assert_eq!(output.unwrap().unwrap().status.signal(), Some(9));
}

/// SUB-04: after the time limit, ours does not carry on. It ends the child, and
/// returns all that came before.
#[test]
fn what_came_before_the_time_limit_is_kept() {
    let test = "usage::a_child_that_writes_and_hangs";
    let arguments = ["--ignored", "--exact", "--nocapture", test];
    let child = move || {
        let own = env::current_exe().unwrap();
        let mut child = command(own.to_str().unwrap(), &arguments);
        child.env("SUB_04", "it");
        child
    };
    let time = Duration::from_secs(2);
    let both = within(LIMIT, move || {
        let never = Stop::never();
        let ours = run_child(&mut child(), b"", limits(time), &never).unwrap();
        assert_eq!(ours.why, Why::TimeUp);
        let tokio = in_tokio(child(), b"", time);
        assert_eq!(tokio.why, run_child_tokio::Why::TimeUp);
        [ours.stdout.bytes, tokio.stdout.bytes]
    });
    for bytes in both.unwrap() {
        assert_eq!(bytes.iter().filter(|b| **b == b'#').count(), 256 << 10);
    }
}

#[test]
#[ignore = "a child of the test above"]
fn a_child_that_writes_and_hangs() {
    if env::var_os("SUB_04").is_none() {
        return;
    }
    io::stdout().write_all(&[b'#'; 256 << 10]).unwrap();
    shared::role::ready_until_parent_ends().unwrap();
}

/// SUB-05: also a child that does not read its input is ended at its limit. (The
/// rest of the input is dropped.)
#[test]
fn the_time_limit_bounds_a_blocked_write() {
    let parent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = parent.local_addr().unwrap().to_string();
    let ended = within(LIMIT, move || {
        let child =
            || command(RUN_CHILD_TOKIO, &["as-child", "hangs", &address]);
        let input = vec![b'x'; 1 << 20];
        let (time, never) = (Duration::from_millis(300), Stop::never());
        let ours = run_child(&mut child(), &input, limits(time), &never);
        let tokio = in_tokio(child(), &input, time);
        assert_eq!(tokio.why, run_child_tokio::Why::TimeUp);
        [ours.unwrap().status.signal(), tokio.status.signal()]
    });
    assert_eq!(ended.unwrap(), [Some(15); 2]);
}

/// SUB-16: to nothing, to a file, both outputs to one pipe (`2>&1`), and
/// the errors alone to one.
#[test]
fn streams_go_where_they_are_sent() {
    let child = || {
        let mut child = command(STDIO, &["as-child"]);
        child.stdin(Stdio::piped()).stderr(Stdio::null());
        child
    };
    let feed = |mut child: Child| {
        child.stdin.take().unwrap().write_all(b"seven\n").unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(3));
        output.stdout
    };
    assert_eq!(feed(child().stdout(Stdio::null()).spawn().unwrap()), b"");
    assert_eq!(
        feed(child().stdout(Stdio::piped()).spawn().unwrap()),
        b"seven\n"
    );

    let path = format!("{}/sub_16", env!("CARGO_TARGET_TMPDIR"));
    feed(child().stdout(File::create(&path).unwrap()).spawn().unwrap());
    assert_eq!(fs::read(&path).unwrap(), b"seven\n");
    fs::remove_file(&path).unwrap();

    let (mut reader, writer) = io::pipe().unwrap();
    let mut both = child();
    both.stdout(writer.try_clone().unwrap()).stderr(writer);
    feed(both.spawn().unwrap());
    drop(both); // the command has the ends to write to
    let mut output = Vec::new();
    reader.read_to_end(&mut output).unwrap();
    assert_eq!(output, b"seven\nseven\n");

    let (mut reader, writer) = io::pipe().unwrap();
    let mut swapped = command(STDIO, &["as-wrong"]);
    swapped.stdout(Stdio::null()).stderr(writer);
    let status = swapped.spawn().unwrap().wait().unwrap();
    drop(swapped);
    let mut errors = String::new();
    reader.read_to_string(&mut errors).unwrap();
    assert_eq!((status.code(), errors.lines().count()), (Some(2), 1));
}

/// SUB-17.
#[test]
#[expect(unsafe_code, reason = "nothing else closes them before the start")]
fn programs_start_without_standard_streams() {
    for program in [STDIO, RUN_CHILD_TOKIO, FORWARD_SIGNALS, TTY] {
        let mut command = command(program, &[]);
        // SAFETY: `close` is async-signal-safe, and the process is replaced by
        // a program that does not expect these three to be open.
        unsafe {
            command.pre_exec(|| {
                (0..3).for_each(|fd| rustix::io::close(fd));
                Ok(())
            });
        }
        let status = command.spawn().unwrap().wait().unwrap();
        assert!(status.success(), "{program}: {status}");
    }
}

fn no_child() {
    let any =
        WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    assert_eq!(waitid(WaitId::All, any).err(), Some(Errno::CHILD));
}

/// SUB-25, SUB-26.
#[test]
fn a_cancelled_child_is_gone() {
    alone_in_a_process("every_cancelled_child_is_reaped");
}

#[test]
#[ignore = "looks at all children of this process: see above"]
fn every_cancelled_child_is_reaped() {
    let parent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = parent.local_addr().unwrap().to_string();
    let limits =
        run_child_tokio::Limits { time: LIMIT, output: 1 << 30, grace: LIMIT };
    let child = |what: &str| {
        let child = command(RUN_CHILD_TOKIO, &["as-child", what, &address]);
        tokio::process::Command::from(child)
    };
    runtime().block_on(async {
        drop(run_child_tokio::run_child_tokio(&mut child("x"), b"", limits));
        no_child(); // it has not even begun
        // At its start, and some time later.
        for ms in 0..20 {
            let mut child = child("stays");
            let run = run_child_tokio::run_child_tokio(&mut child, b"", limits);
            let time = Duration::from_millis(ms);
            assert!(tokio::time::timeout(time, run).await.is_err());
            no_child();
        }
        // While it is blocked: nobody reads its output.
        let mut child = child("babbles");
        {
            let run = run_child_tokio::run_child_tokio(&mut child, b"", limits);
            let mut run = pin!(run);
            let pending = poll_fn(|context| {
                Poll::Ready(run.as_mut().poll(context).is_pending())
            });
            assert!(pending.await);
            let own = format!("/proc/{}/task", process::id());
            until(|| children(&own).iter().any(|pid| state(*pid) == "S"));
        }
        no_child();
    });
    // A runtime that ends drops its tasks.
    let runtime = runtime();
    let mut child = child("stays");
    runtime.spawn(async move {
        let _ = run_child_tokio::run_child_tokio(&mut child, b"", limits).await;
    });
    runtime.block_on(tokio::task::yield_now());
    drop(runtime);
    no_child();
}

/// The children of the process with these tasks.
fn children(tasks: &str) -> Vec<i32> {
    let tasks = fs::read_dir(tasks).unwrap().flatten();
    let lists = tasks.filter_map(|task| {
        fs::read_to_string(task.path().join("children")).ok()
    });
    let lists: String = lists.collect();
    lists.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

/// State, parent, group and session of a process.
fn stat(pid: i32) -> [String; 4] {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    let stat = stat.unwrap_or_default();
    let (_, stat) = stat.rsplit_once(") ").unwrap_or_default();
    let mut words = stat.split(' ').map(str::to_string);
    std::array::from_fn(|_| words.next().unwrap_or_default())
}

fn state(pid: i32) -> String {
    let [state, ..] = stat(pid);
    state
}

fn until(mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < LIMIT);
        thread::sleep(Duration::from_millis(1));
    }
}

/// What its parent has blocked stays blocked in a program, if it does nothing
/// against it. SIGQUIT (Ctrl+\\) is passed on as the others are.
#[test]
fn a_wrapper_hears_signals_that_its_parent_has_blocked() {
    let blocked = SigSet::all();
    for quit in [false, true] {
        blocked.thread_block().unwrap();
        let mut wrapper = command(FORWARD_SIGNALS, &["as-wrapper", "forwards"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        blocked.thread_unblock().unwrap();
        let mut ready = String::new();
        let said = wrapper.stdout.take().unwrap();
        BufReader::new(said).read_line(&mut ready).unwrap();
        let input = wrapper.stdin.take();
        let wanted = match quit {
            true => {
                let pid = Pid::from_child(&wrapper);
                kill_process(pid, Signal::QUIT).unwrap();
                128 + 3
            }
            false => {
                drop(input); // the child ends by itself
                0
            }
        };
        let status = within(LIMIT, move || wrapper.wait().unwrap()).unwrap();
        assert_eq!(status.code(), Some(wanted));
    }
}

/// A child that does not end at the end of its input is killed.
#[test]
fn a_child_apart_has_a_grace_to_end() {
    let mut ends = command(FORWARD_SIGNALS, &["as-child"]);
    let ends = child_ctrl_c::spawn_apart(ends.stdout(Stdio::null())).unwrap();
    let group = stat(ends.id() as i32)[2].clone();
    assert_eq!(group, ends.id().to_string());
    assert!(child_ctrl_c::end(ends, LIMIT).unwrap().success());

    let parent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = parent.local_addr().unwrap().to_string();
    let mut hangs = command(RUN_CHILD_TOKIO, &["as-child", "hangs", &address]);
    let hangs = child_ctrl_c::spawn_apart(&mut hangs).unwrap();
    let _connection = parent.accept().unwrap(); // as long as it is open
    let status = child_ctrl_c::end(hangs, Duration::ZERO).unwrap();
    assert_eq!(status.signal(), Some(9));
}

/// SUB-28: SIGPIPE ends a child as it should, and files that it makes have the
/// mode that the parent wants. Rust's own programs ignore SIGPIPE before
/// `main`, so this child is one in C.
#[test]
fn a_child_has_sigpipe_and_our_umask() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let program = folder.join(format!("sub-28-{}", process::id()));
    let source = "
        #include <signal.h>
        #include <stdio.h>
        #include <sys/stat.h>
        int main(void) {
            struct sigaction action;
            sigaction(SIGPIPE, 0, &action);
            printf(\"%d %o\\n\", action.sa_handler == SIG_DFL, umask(0));
            return 0;
        }";
    let mut cc = Command::new("cc"); // Rust links with it
    cc.args(["-x", "c", "-", "-o"]).arg(&program);
    let limits = limits(LIMIT);
    let built = run_child(&mut cc, source.as_bytes(), limits, &Stop::never());
    assert!(built.unwrap().status.success());
    let ran =
        run_child(&mut Command::new(&program), b"", limits, &Stop::never());
    fs::remove_file(&program).unwrap();
    let ours = fs::read_to_string("/proc/self/status").unwrap();
    let ours = ours.lines().find_map(|line| line.strip_prefix("Umask:"));
    let ours = u32::from_str_radix(ours.unwrap().trim(), 8).unwrap();
    let seen = String::from_utf8(ran.unwrap().stdout.bytes).unwrap();
    assert_eq!(seen, format!("1 {ours:o}\n"));
}

/// SUB-28: a group of its own, in our session.
#[test]
fn a_child_leads_a_group() {
    let parent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = parent.local_addr().unwrap().to_string();
    let run = thread::spawn(move || {
        let mut child =
            command(RUN_CHILD_TOKIO, &["as-child", "hangs", &address]);
        child.env("SUB_28", "it");
        in_tokio(child, b"", LIMIT)
    });
    let connection = parent.accept().unwrap();
    let child = wait_for("SUB_28=it", "as-child hangs");
    let [_, _, group, session] = stat(child);
    assert_eq!(group, child.to_string());
    let [_, _, _, ours] = stat(process::id() as i32);
    assert_eq!(session, ours);
    drop(connection); // so the child ends
    assert!(run.join().unwrap().status.success());
}

/// SUB-28: in a pseudo-terminal a child leads a session, and hears SIGHUP when
/// the terminal is gone.
#[test]
fn a_child_of_a_terminal_leads_a_session() {
    let child = command(FORWARD_SIGNALS, &["as-child"]);
    let size = pty_process::Size::new(30, 100);
    let (mut child, pty) = tty::spawn_in_pty(child.into(), size).unwrap();
    let mut lines = BufReader::new(tty::PtyReader(pty)).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    let [_, _, _, session] = stat(child.id() as i32);
    assert_eq!(session, child.id().to_string());
    drop(lines);
    let status = within(LIMIT, move || child.wait().unwrap());
    let status = status.unwrap();
    // Or the read of its input, which is the terminal, fails first.
    let ended = status.signal() == Some(1) || status.code() == Some(1);
    assert!(ended, "{status}");
}

/// The end of a terminal is no error, and nothing before it is lost.
#[test]
fn a_terminal_is_read_to_its_end() {
    for _ in 0..5 {
        let child = command(RUN_CHILD, &["as-child", "babbles"]);
        let size = pty_process::Size::new(30, 100);
        let (mut child, pty) = tty::spawn_in_pty(child.into(), size).unwrap();
        let output = within(LIMIT, move || {
            let mut output = Vec::new();
            tty::PtyReader(pty).read_to_end(&mut output).unwrap();
            output
        });
        assert_eq!(output.unwrap(), vec![b'x'; 1 << 20]);
        assert!(child.wait().unwrap().success());
    }
}

/// Ctrl+Z stops both, and both go on; then SIGTERM, and the usual code.
#[test]
fn a_wrapper_stops_and_goes_on_with_its_child() {
    let (mut wrapper, mark) =
        start_with(FORWARD_SIGNALS, &["as-wrapper", "forwards"], |command| {
            command.stdin(Stdio::piped()).stdout(Stdio::piped());
        });
    let mut ready = String::new();
    let said = wrapper.stdout.take().unwrap();
    BufReader::new(said).read_line(&mut ready).unwrap();
    let child = wait_for(&mark, "as-child");
    let pid = Pid::from_child(&wrapper);
    for _ in 0..3 {
        kill_process(pid, Signal::TSTP).unwrap();
        until(|| state(pid.as_raw_nonzero().get()) == "T");
        until(|| state(child) == "T");
        kill_process(pid, Signal::CONT).unwrap();
        until(|| state(child) == "S");
    }
    let stdin = wrapper.stdin.take();
    kill_process(pid, Signal::HUP).unwrap();
    let status = within(LIMIT, move || wrapper.wait().unwrap());
    assert_eq!(status.unwrap().code(), Some(129));
    drop(stdin);
    nothing_is_left(&mark);
}

#[test]
fn a_paused_timer_does_not_count() {
    let ms = Duration::from_millis(20);
    let mut timer = paused_timer::PausedTimer::start(LIMIT);
    thread::sleep(ms);
    timer.pause();
    let left = timer.left();
    assert!(left <= LIMIT - ms);
    thread::sleep(ms);
    timer.pause();
    assert_eq!(timer.left(), left);
    timer.resume();
    thread::sleep(ms);
    timer.resume();
    assert!(timer.left() <= left - ms);
    let over = paused_timer::PausedTimer::start(Duration::ZERO);
    assert!(over.left().is_zero());
}

/// Killed at any time, the programs leave nothing.
#[test]
fn killed_programs_leave_nothing() {
    for program in [STDIO, TTY, RUN_CHILD_TOKIO, FORWARD_SIGNALS, PAUSED_TIMER]
    {
        for ms in [0, 2, 5, 10, 20, 50, 100, 200] {
            let (mut child, mark) = start(program, &[]);
            thread::sleep(Duration::from_millis(ms)); // one time or another
            child.kill().unwrap();
            child.wait().unwrap();
            nothing_is_left(&mark);
        }
    }
}
