//! How child processes are started, how they end, and what is left of them; the
//! parts to copy, when something goes wrong.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::process::ExitStatusExt;
use std::panic::catch_unwind;
use std::process::{Child, Command, Stdio};
use std::{thread, time::Duration, time::Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use shared::watchdog::within;

use crate::support::*;

#[path = "../../src/bin/usage/break_even.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod break_even;
#[path = "../../src/bin/usage/cpu_bound.rs"]
#[expect(dead_code, reason = "as above")]
mod cpu_bound;
#[path = "../../src/bin/usage/exit_status.rs"]
#[expect(dead_code, reason = "as above")]
mod exit_status;
#[path = "../../src/bin/usage/last_resort.rs"]
#[expect(dead_code, reason = "as above")]
mod last_resort;
#[path = "../../src/bin/usage/process_cost.rs"]
#[expect(dead_code, reason = "as above")]
mod process_cost;

use exit_status::{Ended, how_it_ended};

const EXIT_STATUS: &str = env!("CARGO_BIN_EXE_exit_status");
const LIMIT: Duration = Duration::from_mins(2);

/// A child that ends in this way; see the program.
fn child(way: &str) -> Child {
    Command::new(EXIT_STATUS)
        .args(["as-child", way])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits, and not for ever.
fn wait(mut child: Child) -> (Ended, Child) {
    let waited = move || (how_it_ended(child.wait().unwrap()), child);
    within(LIMIT, waited).expect("it ends")
}

/// MP-01: a code, a panic and a signal are told apart; to wait twice is fine.
#[test]
fn the_end_of_a_child_is_told() {
    for (way, code) in [("return", 0), ("exit(7)", 7), ("panic", 101)] {
        let (ended, mut child) = wait(child(way));
        assert_eq!(ended, Ended::Code(code), "{way}");
        assert_eq!(how_it_ended(child.wait().unwrap()), ended, "{way}");
        assert_eq!(how_it_ended(child.try_wait().unwrap().unwrap()), ended);
    }
    // (Not SIGINT: who starts the tests may have it ignored.)
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        let killed = child("wait");
        kill(Pid::from_raw(killed.id() as i32), signal).unwrap();
        let (ended, mut killed) = wait(killed);
        assert_eq!(ended, Ended::Signal(signal as i32));
        assert_eq!(how_it_ended(killed.wait().unwrap()), ended);
        // A process with this number may be another one now: std knows it.
        killed.kill().unwrap();
    }
}

/// MP-02: a look at a live child returns at once, and does not end it.
#[test]
fn a_look_at_a_live_child_does_not_wait() {
    let mut live = child("wait");
    let looked = move || (live.try_wait().unwrap(), live.try_wait(), live);
    let (first, second, mut live) = within(LIMIT, looked).unwrap();
    assert_eq!((first, second.unwrap()), (None, None));
    let pid = live.id();
    assert!(state_of(pid).is_some_and(|state| state != 'Z'), "alive");
    drop(live.stdin.take()); // then it ends by itself: it was not reaped
    let (ended, _) = wait(live);
    assert_eq!(ended, Ended::Code(0));
    assert_eq!(state_of(pid), None);
}

/// MP-03: of a hundred children at once each has its own status.
#[test]
fn a_hundred_children_end_as_they_should() {
    let ways = [("return", 0), ("exit(7)", 7), ("panic", 101)];
    let ways = || ways.into_iter().cycle().take(100);
    let children: Vec<_> = ways().map(|(way, _)| child(way)).collect();
    for (child, (way, code)) in children.into_iter().zip(ways()) {
        assert_eq!(wait(child).0, Ended::Code(code), "{way}");
    }
}

/// MP-03: killed before they have done anything.
#[test]
fn a_hundred_children_are_killed_just_after_their_start() {
    let children = (0..100).map(|_| {
        let mut child = child("wait");
        child.kill().unwrap();
        child
    });
    for child in children.collect::<Vec<_>>() {
        assert_eq!(wait(child).0, Ended::Signal(9));
    }
}

/// SEC-15: no zombie is left after a normal end, a kill, a failed start.
#[test]
fn no_zombie_is_left() {
    let mut pids = Vec::new();
    for way in ["return", "exit(7)", "panic", "wait"] {
        let mut child = child(way);
        pids.push(child.id());
        if way == "wait" {
            child.kill().unwrap();
        }
        // It ends, and is a zombie as long as nobody waits for it.
        comes(|| state_of(child.id()) == Some('Z'));
        wait(child);
    }
    for pid in pids {
        assert_eq!(state_of(pid), None);
    }
    for wrong in ["/does/not/exist", "/etc/passwd", "/"] {
        let failed = Command::new(wrong).stdin(Stdio::piped()).spawn();
        assert!(failed.is_err(), "{wrong}");
    }
    // Other tests have children, too, and wait for them a moment later.
    for zombie in zombies() {
        comes(|| !zombies().contains(&zombie));
    }
}

/// `R`, `S`, `Z` for a zombie; `None` if there is no such child of ours.
fn state_of(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut after_name = stat.rsplit_once(") ")?.1.split(' ');
    let state = after_name.next()?.chars().next();
    let parent: u32 = after_name.next()?.parse().ok()?;
    state.filter(|_| parent == std::process::id())
}

fn zombies() -> Vec<u32> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let pids = all.filter_map(|one| one.file_name().to_str()?.parse().ok());
    pids.filter(|pid| state_of(*pid) == Some('Z')).collect()
}

fn comes(what: impl Fn() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !what() {
        assert!(Instant::now() < deadline, "it does not come");
        thread::sleep(Duration::from_millis(1));
    }
}

/// The guard counts levels in the environment, so it holds in every child.
#[test]
fn a_careless_worker_is_stopped() {
    let role = env!("CARGO_BIN_EXE_role");
    let run_at = |level: &str, arguments: &[&str]| {
        run_with(role, arguments, |command| {
            command.env("WORKER_DEPTH", level);
        })
    };
    for (level, begun) in [("0", 4), ("2", 2), ("3", 1), ("nonsense", 4)] {
        let ran = run_at(level, &["--role=careless"]);
        assert!(ran.status.success(), "{ran:?}");
        assert_eq!(ran.stdout.matches("main begins").count(), begun);
        assert_eq!(ran.stdout.matches("refused").count(), 1, "{ran:?}");
    }
    let ran = run_at("3", &[]);
    assert_eq!(ran.status.code(), Some(1));
    let told = "Error: a worker on level 3 may start no other\n";
    assert_eq!(ran.stderr, told);
    // A role that does not exist is no first process.
    let ran = run_at("0", &["--role=nobody"]);
    assert_eq!(ran.status.code(), Some(2), "{ran:?}");
}

#[test]
fn a_worker_answers_until_its_input_ends() {
    let worker = || {
        let mut worker = Command::new(env!("CARGO_BIN_EXE_break_even"));
        worker.arg("as-worker").stdin(Stdio::piped()).stdout(Stdio::piped());
        worker.spawn().unwrap()
    };
    let mut calls = worker();
    for steps in [0, 1, 10, 1_000] {
        // 10 is a line break: standard output sends it in two pieces.
        let result = break_even::call(&mut calls, steps).unwrap();
        assert_eq!(result, shared::chopped(steps, steps));
    }
    assert_eq!(wait(calls).0, Ended::Code(0));

    let mut cut = worker();
    cut.stdin.as_mut().unwrap().write_all(&[7; 3]).unwrap();
    assert_eq!(wait(cut).0, Ended::Code(0));

    let mut killed = worker();
    killed.kill().unwrap();
    comes(|| state_of(killed.id()) == Some('Z'));
    let error = break_even::call(&mut killed, 7).unwrap_err();
    assert_eq!(wait(killed).0, Ended::Signal(9));
    // A child that another test starts just now may hold the pipe for a moment:
    // then the answer is missing.
    let kinds = [ErrorKind::BrokenPipe, ErrorKind::UnexpectedEof];
    assert!(kinds.contains(&error.kind()), "{error}");

    let mut no_pipes = child("return");
    let error = break_even::call(&mut no_pipes, 7).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    wait(no_pipes);
}

#[test]
fn threads_return_results_in_order_and_pass_panics_on() {
    let items: Vec<u64> = (0..50).collect();
    let doubled = cpu_bound::on_a_thread_each(&items, |n| 2 * n);
    assert!(doubled.into_iter().eq((0..100).step_by(2)));
    let none = cpu_bound::on_a_thread_each(&[0; 0], |n: &u64| *n);
    assert!(none.is_empty());
    let one_panics = catch_unwind(|| {
        cpu_bound::on_a_thread_each(&[1, 2, 3], |n| match n {
            2 => std::panic::resume_unwind(Box::new("bad input")),
            n => *n,
        })
    });
    let text = one_panics.unwrap_err();
    assert_eq!(shared::panic_text(&*text), "bad input");
}

#[test]
fn a_sum_wraps_around_and_passes_panics_on() {
    let sum = last_resort::sum_on_all_cores(0..1_000, |n| n);
    assert_eq!(sum, 499_500);
    assert_eq!(
        last_resort::sum_on_all_cores(0..2, |n| n.wrapping_sub(1)),
        u64::MAX
    );
    assert_eq!(last_resort::sum_on_all_cores(0..3, |_| u64::MAX), u64::MAX - 2);
    assert_eq!(last_resort::sum_on_all_cores(5..5, |n| n), 0);
    let panics = catch_unwind(|| {
        last_resort::sum_on_all_cores(0..9, |_| {
            std::panic::resume_unwind(Box::new("bad input"))
        })
    });
    assert!(panics.is_err());
}

#[test]
fn memory_is_told_of_a_live_process_only() {
    let own = std::process::id();
    let [pss, rss] = ["Pss:", "Rss:"]
        .map(|figure| process_cost::memory_of(own, figure).unwrap());
    assert!(0 < pss && pss <= rss, "{pss} {rss}");
    assert!(process_cost::memory_of(own, "Nonsense:").is_err());
    let (_, ended) = wait(child("return"));
    assert!(process_cost::memory_of(ended.id(), "Pss:").is_err());
}

#[test]
fn without_python_its_program_says_so() {
    let ran = run_with(env!("CARGO_BIN_EXE_gil"), &[], |command| {
        command.env("PATH", "/does/not/exist");
    });
    assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
    assert!(ran.stdout.starts_with("python3 is not here"), "{ran:?}");
}

/// Whenever it is killed, its children end.
#[test]
fn nothing_is_left_of_a_killed_program() {
    for program in [
        EXIT_STATUS,
        env!("CARGO_BIN_EXE_role"),
        env!("CARGO_BIN_EXE_gil"),
        env!("CARGO_BIN_EXE_process_cost"),
        env!("CARGO_BIN_EXE_cpu_bound"),
        env!("CARGO_BIN_EXE_break_even"),
        env!("CARGO_BIN_EXE_last_resort"),
        env!("CARGO_BIN_EXE_ready_made"),
        env!("CARGO_BIN_EXE_ready_made_ends"),
    ] {
        for ms in [1, 4, 16, 64, 256] {
            let (mut child, mark) = start(program, &[]);
            thread::sleep(Duration::from_millis(ms)); // at any moment
            child.kill().unwrap();
            let status = child.wait().unwrap();
            let ended = status.success() || status.signal() == Some(9);
            assert!(ended, "{program}: {status}");
            nothing_is_left(&mark);
        }
    }
}
