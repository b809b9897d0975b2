//! How processes end: by a crash, a signal, a limit, a deadline, or with their
//! parent; and what is left of them, which is nothing.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, UdpSocket};
use std::os::unix::{net::UnixStream, process::ExitStatusExt};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};
use std::{collections::BTreeSet, env, fs, num::NonZero};
use std::{io::BufRead, io::BufReader, process, thread};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use rustix::process::{WaitId, WaitIdOptions, waitid};
use shared::oven::Faults;
use shared::watchdog::within;

use crate::support::*;

#[path = "../../src/bin/cons/crash_loop.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod crash_loop;
#[path = "../../src/bin/pros/hard_kill.rs"]
#[expect(dead_code, reason = "as above")]
mod hard_kill;
#[path = "../../src/bin/pros/leak_returned.rs"]
#[expect(dead_code, reason = "as above")]
mod leak_returned;
#[path = "../../src/bin/cons/not_reaped.rs"]
#[expect(dead_code, reason = "as above")]
mod not_reaped;

const CRASH_LOOP: &str = env!("CARGO_BIN_EXE_crash_loop");
const HARD_KILL: &str = env!("CARGO_BIN_EXE_hard_kill");
const KITCHENS: &str = env!("CARGO_BIN_EXE_kitchens");
const ORPHANS: &str = env!("CARGO_BIN_EXE_orphans");
const ORPHANS_WAYS: &str = env!("CARGO_BIN_EXE_orphans_ways");
const SANDBOX: &str = env!("CARGO_BIN_EXE_sandbox");
const SANDBOX_WAYS: &str = env!("CARGO_BIN_EXE_sandbox_ways");
const WORKER_CRASH: &str = env!("CARGO_BIN_EXE_worker_crash");

const LIMIT: Duration = Duration::from_secs(20);

fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Runs a test that is for itself alone, in a process of its own.
fn alone_in_a_process(test: &str) {
    let own = env::current_exe().unwrap();
    let test = format!("ends::{test}");
    let arguments = ["--ignored", "--exact", "--nocapture", &test];
    let ran = run(own.to_str().unwrap(), &arguments);
    assert!(ran.status.success(), "{ran:?}");
    assert!(ran.stdout.contains("1 passed"), "{ran:?}");
}

/// MP-05, MP-06: ten workers of one parent have as many descriptors each, and
/// none of them has one of another worker.
#[test]
fn a_worker_inherits_its_own_channel_and_nothing_else() {
    let oven = lit_oven(Faults { stall: 1.0, ..Faults::default() }).to_string();
    let (mut program, mark) = start(KITCHENS, &["--oven", &oven]);
    let workers = wait_for_all(&mark, "as-kitchen", 10);
    // What this process has inherited itself goes on to all others.
    let ours = files_of(process::id() as i32).into_iter().filter(|(fd, _)| {
        let info = fs::read_to_string(format!("/proc/self/fdinfo/{fd}"));
        let flags = info.unwrap_or_default();
        let flags = flags.lines().find_map(|l| l.strip_prefix("flags:"));
        let flags = flags.and_then(|f| u32::from_str_radix(f.trim(), 8).ok());
        *fd > 2 && flags.is_some_and(|flags| flags & 0o2_000_000 == 0)
    });
    let ours: Vec<_> = ours.collect();
    let mut pipes = Vec::new();
    for worker in workers {
        // Its socket comes last: then it has opened all that it ever does.
        let files = until_some(|| {
            let mut files = files_of(worker);
            files.retain(|file| !ours.contains(file));
            let socket = |(_, file): &(i32, String)| file.starts_with("socket");
            files.iter().any(socket).then_some(files)
        });
        let numbers: Vec<i32> = files.iter().map(|(fd, _)| *fd).collect();
        assert_eq!(numbers, [0, 1, 2, 3], "{files:?}");
        let own = files.into_iter().take(2).map(|(_, file)| file);
        pipes.extend(own.inspect(|file| assert!(file.starts_with("pipe:"))));
    }
    let different: BTreeSet<_> = pipes.iter().collect();
    assert_eq!((pipes.len(), different.len()), (20, 20), "{pipes:?}");
    program.kill().unwrap();
    program.wait().unwrap();
    nothing_is_left(&mark);
}

/// What a process has open: number, and what it is.
fn files_of(pid: i32) -> Vec<(i32, String)> {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let files = files.flatten().filter_map(|file| {
        let number = file.file_name().to_str()?.parse().ok()?;
        let what = fs::read_link(file.path()).ok()?;
        Some((number, what.to_str()?.to_string()))
    });
    let mut files: Vec<_> = files.collect();
    files.sort();
    files
}

/// SEC-01: an idle worker sees the end of its pipe.
#[test]
fn an_idle_worker_ends_with_its_parent() {
    let pipe = ["as-parent", "pipe", "idle"];
    assert!(worker_of_killed_parent_ends(ORPHANS_WAYS, &pipe));
    let signal = ["as-parent", "PDEATHSIG", "idle"];
    assert!(worker_of_killed_parent_ends(ORPHANS_WAYS, &signal));
}

/// SEC-02: a busy worker reads nothing.
#[test]
fn a_busy_worker_ends_with_its_parent() {
    let signal = ["as-parent", "PDEATHSIG"];
    assert!(worker_of_killed_parent_ends(ORPHANS, &signal));
}

/// Whether it does so before its watchdog would end it, after 5 s.
fn worker_of_killed_parent_ends(program: &str, arguments: &[&str]) -> bool {
    let mut parent = command(program, arguments);
    let mut parent =
        parent.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut pid = String::new();
    let from = parent.stdout.take().unwrap();
    BufReader::new(from).read_line(&mut pid).unwrap();
    let worker = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    let end = pidfd_open(worker, PidfdFlags::empty()).unwrap();
    parent.kill().unwrap();
    parent.wait().unwrap();
    let limit = Timespec { tv_sec: 4, tv_nsec: 0 };
    poll(&mut [PollFd::new(&end, PollFlags::IN)], Some(&limit)).unwrap() == 1
}

/// SEC-02: also where a real program is killed in the middle of its work.
#[test]
fn stuck_workers_end_with_a_killed_program() {
    for (program, role) in [(HARD_KILL, "as-job"), (ORPHANS, "as-worker")] {
        let (mut child, mark) = start(program, &[]);
        wait_for(&mark, role);
        child.kill().unwrap();
        child.wait().unwrap();
        nothing_is_left(&mark);
    }
}

/// SEC-03: the signal is not sent for an end that was before.
#[test]
fn a_worker_whose_parent_is_gone_does_not_begin() {
    let nobody = process::id().wrapping_add(1).to_string();
    let late = ["as-worker", "PDEATHSIG", &nobody];
    let ended = ended_within(4, command(ORPHANS, &late)); // no watchdog yet
    assert_eq!(ended.unwrap().code(), Some(1));
    let late = ["isolated-job", "square", "3", &nobody];
    let ran = run(WORKER_CRASH, &late);
    assert_eq!(ran.status.code(), Some(1));
    assert_eq!(ran.stderr, "Error: its parent is gone\n");
    let ran = run(HARD_KILL, &["as-job", "2", &nobody]);
    assert_eq!(ran.status.code(), Some(1));
    assert_eq!(ran.stderr, "Error: the parent has ended\n");
}

fn ended_within(seconds: u64, mut command: Command) -> Option<ExitStatus> {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    hard_kill::join_until(command.spawn().unwrap(), deadline).unwrap()
}

/// SEC-13.
#[test]
fn a_cleared_environment_is_empty() {
    let mut worker = command(ORPHANS_WAYS, &["as-worker", "pipe", "idle"]);
    worker.env("SECRET", "1").env_clear().stdin(Stdio::piped());
    let mut worker = worker.spawn().unwrap();
    let environment = fs::read(format!("/proc/{}/environ", worker.id()));
    assert_eq!(environment.unwrap(), b"");
    drop(worker.stdin.take());
    assert!(worker.wait().unwrap().success());
}

/// SEC-15: after an end, a crash, a deadline and a failed start.
#[test]
fn nothing_stays_as_a_zombie() {
    alone_in_a_process("every_child_is_reaped");
}

#[test]
#[ignore = "looks at all children of this process: see above"]
fn every_child_is_reaped() {
    let busy = ["as-worker", "nothing", "busy"];
    assert!(ended_within(0, command(ORPHANS_WAYS, &busy)).is_none());
    let failed = ended_within(20, command(CRASH_LOOP, &["as-worker"]));
    assert_eq!(failed.unwrap().code(), Some(3));
    let done = command(CRASH_LOOP, &["--help"]).spawn().unwrap();
    ended(&done); // and its deadline has passed, too: it is not killed
    let status = hard_kill::join_until(done, Instant::now());
    assert!(status.unwrap().unwrap().success());
    let child = command(ORPHANS_WAYS, &busy).spawn().unwrap();
    let panics = std::panic::catch_unwind(|| {
        let _child = not_reaped::Reaped(child);
        panic!("burnt");
    });
    assert!(panics.is_err());
    let most = NonZero::new(2).unwrap();
    let jobs = ["1".to_string(), "x".to_string()];
    for worker in [command(CRASH_LOOP, &["as-worker"]), Command::new("/no")] {
        let done = leak_returned::in_fresh_workers(worker, &jobs, most);
        assert!(done.is_err());
    }
    let mut restarts = restarts(3, Duration::MAX);
    crash_loop::supervise(
        || command(CRASH_LOOP, &["as-worker"]).spawn(),
        &mut restarts,
    )
    .unwrap();
    assert_eq!(
        rustix::process::wait(rustix::process::WaitOptions::NOHANG).err(),
        Some(rustix::io::Errno::CHILD)
    );
}

/// A child that reads to the end of its input does not wait for us.
#[test]
fn a_join_closes_the_input_of_the_child() {
    let mut reads = command(ORPHANS_WAYS, &["as-worker", "pipe", "idle"]);
    reads.stdin(Stdio::piped());
    let status = ended_within(4, reads); // no watchdog yet
    assert!(status.unwrap().success());
}

/// Waits for the end of a child, and leaves its exit status to others.
fn ended(child: &process::Child) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(Pid::from_child(child)), options).unwrap();
}

/// A worker that reads nothing, and one that does not answer each job.
#[test]
fn a_worker_that_dies_is_an_error_and_no_hang() {
    let jobs = vec!["7".repeat(1_000); 1_000]; // more than a pipe holds
    let most = NonZero::new(1_000).unwrap();
    let died = within(LIMIT, move || {
        let worker = command(CRASH_LOOP, &["as-worker"]);
        leak_returned::in_fresh_workers(worker, &jobs, most)
    });
    let died = died.unwrap().unwrap_err().to_string();
    assert!(died.contains("exit status: 3"), "{died}");
    let silent = command(CRASH_LOOP, &["--help"]);
    let jobs = ["1".to_string()];
    let few = leak_returned::in_fresh_workers(silent, &jobs, most);
    assert!(few.is_err());
    let none = Command::new("/nowhere");
    let nothing = leak_returned::in_fresh_workers(none, &[], most).unwrap();
    assert!(nothing.is_empty());
}

fn restarts(budget: u32, healthy: Duration) -> crash_loop::Restarts {
    crash_loop::Restarts {
        budget,
        pause: Duration::from_millis(10),
        longest: Duration::from_millis(70),
        healthy,
        used: 0,
    }
}

#[test]
fn a_budget_is_given_back_by_a_long_life_only() {
    const MS: fn(u64) -> Duration = Duration::from_millis;
    let mut limits = restarts(5, MS(100));
    let pauses = |limits: &mut crash_loop::Restarts, lived| {
        let pauses = std::iter::from_fn(|| limits.after(lived)).take(99);
        pauses.map(|pause| pause.as_millis()).collect::<Vec<_>>()
    };
    assert_eq!(pauses(&mut limits, MS(99)), [10, 20, 40, 70, 70]);
    assert_eq!(limits.after(MS(99)), None);
    assert_eq!(limits.after(MS(100)), Some(MS(10)), "it was healthy");
    assert_eq!(pauses(&mut limits, MS(0)), [20, 40, 70, 70]);
    assert_eq!(pauses(&mut limits, MS(200)), [10; 99]);
    let mut never = restarts(0, MS(100));
    assert_eq!(never.after(Duration::MAX), None);
    let mut long = restarts(u32::MAX, Duration::MAX);
    assert_eq!(pauses(&mut long, MS(0)).last(), Some(&70), "no overflow");
}

#[test]
fn a_supervisor_counts_its_starts() {
    for (argument, starts_wanted, code) in
        [("as-worker", 4, 3), ("--help", 1, 0)]
    {
        let mut starts = 0;
        let start = || {
            starts += 1;
            command(CRASH_LOOP, &[argument]).spawn()
        };
        let end = crash_loop::supervise(start, &mut restarts(3, LIMIT));
        assert_eq!((starts, end.unwrap().code()), (starts_wanted, Some(code)));
    }
    let none = || Command::new("/nowhere").spawn();
    assert!(crash_loop::supervise(none, &mut restarts(3, LIMIT)).is_err());
}

/// A process that is started for a job as the program itself would do it.
fn job(argument: &str) -> Output {
    let own = process::id().to_string();
    let given = ["isolated-job", "square", argument, &own];
    Command::new(WORKER_CRASH).args(given).output().unwrap()
}

#[test]
fn a_job_gives_its_result_its_signal_or_its_status() {
    let done = within(LIMIT, || ["3", "4", "", "-1", "3 "].map(job));
    let [done, crashed, empty, wrong, space] = done.unwrap();
    for done in [done, space] {
        assert!(done.status.success());
        assert_eq!(done.stdout, b"9");
    }
    assert_eq!(crashed.status.signal(), Some(6));
    assert_eq!(crashed.stdout, b"");
    for failed in [empty, wrong] {
        assert_eq!((failed.status.code(), failed.stdout.len()), (Some(1), 0));
    }
}

/// No `serve` for that name: no job, no new processes without end.
#[test]
fn a_job_that_is_not_served_is_refused() {
    let ran = run(WORKER_CRASH, &["isolated-job", "cube", "3", "1"]);
    assert!(!ran.status.success(), "{ran:?}");
}

/// What stays allowed in the sandbox, and what does not.
#[test]
fn a_sandboxed_process_goes_on() {
    alone_in_a_process("the_sandbox_of_this_process");
    if !fs::exists("/proc/sys/kernel/seccomp").unwrap() {
        return;
    }
    for way in ["process with seccomp", "process with landlock and seccomp"] {
        let ran = run(SANDBOX_WAYS, &["as-program", way, "1"]);
        assert!(ran.stdout.starts_with("refused, refused, "), "{ran:?}");
    }
    // A parser that is in order does its work, and one that panics ends.
    for (input, status, result) in [("1", Some(0), "0"), ("x", Some(101), "")] {
        let mut parser = Command::new(SANDBOX)
            .args(["as-parser", "sandbox"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut to = parser.stdin.take().unwrap();
        to.write_all(input.as_bytes()).unwrap();
        drop(to);
        let output = parser.wait_with_output().unwrap();
        assert_eq!(output.status.code(), status);
        assert_eq!(output.stdout, result.as_bytes());
    }
}

#[test]
#[ignore = "restricts all of this process: see above"]
fn the_sandbox_of_this_process() {
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    let (near, far) = UnixStream::pair().unwrap();
    let bound = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (open_to_all, connected, anybody) = (bound(), bound(), bound());
    let anybody = anybody.local_addr().unwrap();
    connected.connect(anybody).unwrap();
    if multiprocessing::sandbox::enter().is_err() {
        return; // this kernel has no seccomp
    }
    // Not allowed: an error, and no end.
    let refused = Some(rustix::io::Errno::PERM.raw_os_error());
    let open = fs::File::open("/dev/null").unwrap_err();
    let socket = UnixStream::pair().unwrap_err();
    let thread = thread::Builder::new().spawn(|| ()).unwrap_err();
    let program = Command::new("/proc/self/exe").spawn().unwrap_err();
    // A socket that is open sends to its peer, but to nobody else.
    let address = open_to_all.send_to(b"x", anybody).unwrap_err();
    for error in [open, socket, thread, program, address] {
        assert_eq!(error.raw_os_error(), refused, "{error}");
    }
    // Allowed: what is open, memory, a panic, a wait.
    writer.write_all(b"seven").unwrap();
    let mut five = [0; 5];
    reader.read_exact(&mut five).unwrap();
    assert_eq!(&five, b"seven");
    connected.send(b"x").unwrap();
    (&near).write_all(b"x").unwrap();
    (&far).read_exact(&mut five[..1]).unwrap();
    let large = std::hint::black_box(vec![1_u8; 64 << 20]);
    drop(large);
    let panic = std::panic::catch_unwind(|| panic!("burnt"));
    assert!(panic.is_err());
    let moment = Timespec { tv_sec: 0, tv_nsec: 1_000 };
    let ready = poll(&mut [PollFd::new(&near, PollFlags::IN)], Some(&moment));
    assert_eq!(ready, Ok(0));
    thread::sleep(Duration::from_micros(1));
    let own = rustix::process::getpid();
    let signal =
        rustix::process::kill_process(own, rustix::process::Signal::CONT);
    assert_eq!(signal, Err(rustix::io::Errno::PERM));
}
