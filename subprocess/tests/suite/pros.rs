//! The parts to copy of the section `pros`: what they promise, under fault.

use std::{
    env, fs, io,
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use subprocess::run_child::{Limits, Stop, Why, run_child};

use subprocess::conversation::Conversation;

use crate::support::*;

#[path = "../../src/bin/pros/many_children.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod many_children;
#[path = "../../src/bin/pros/pipeline.rs"]
#[expect(dead_code, reason = "as above")]
mod pipeline;
#[path = "../../src/bin/pros/progress_lines.rs"]
#[expect(dead_code, reason = "as above")]
mod progress_lines;
#[path = "../../src/bin/usage/takeout.rs"]
#[expect(dead_code, reason = "as above")]
mod takeout;

const LONG: Duration = Duration::from_secs(60);

/// This test program again, as a child that does this.
fn child(what: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--ignored", "--exact", "--nocapture", "pros::as_child"])
        .env("DOES", what)
        .stderr(Stdio::null());
    command
}

fn missing() -> Command {
    Command::new("/no/such/program")
}

#[test]
#[ignore = "a child of the tests below"]
fn as_child() {
    let mut output = io::stdout();
    match env::var("DOES").unwrap().as_str() {
        "nothing" => {}
        "fail" => std::process::exit(3),
        "hang" => drop(io::copy(&mut io::stdin(), &mut io::sink())),
        "strange bytes" => {
            output.write_all(b"a\xff\nlast, without an end").unwrap();
            output.flush().unwrap();
            std::process::exit(0); // the harness would write more
        }
        "long line" => {
            output.write_all(&vec![b'x'; 100_000]).unwrap();
            output.write_all(b"\n").unwrap();
        }
        "65536 bytes" => {
            output.write_all(b"\n").unwrap(); // after words of the harness
            output.write_all(&[b'x'; 65_536]).unwrap();
            output.write_all(b"\nend\n").unwrap();
            output.flush().unwrap();
            std::process::exit(0);
        }
        "long word" => {
            write!(output, "\nx{}\nend\n", "é".repeat(70_000)).unwrap();
            output.flush().unwrap();
            std::process::exit(0);
        }
        "near the limit" => near_the_limit(),
        other => panic!("{other}"),
    }
}

#[test]
fn each_child_is_run_and_told_in_order() {
    let mut commands =
        vec![child("nothing"), missing(), child("fail"), child("nothing")];
    for command in &mut commands {
        command.stdout(Stdio::null());
    }
    let ends = many_children::run_all(commands, 2);
    let codes = ends.iter().map(|end| end.as_ref().ok()?.code());
    assert_eq!(codes.collect::<Vec<_>>(), [Some(0), None, Some(3), Some(0)]);
    assert_eq!(ends[1].as_ref().unwrap_err().kind(), io::ErrorKind::NotFound);
    assert!(many_children::run_all(Vec::new(), 2).is_empty());
}

/// SUB-27: a pipeline whose right side cannot start leaves nothing.
#[test]
fn a_pipeline_that_cannot_start_leaves_nothing() {
    let mark = new_mark();
    let (name, value) = mark.split_once('=').unwrap();
    let mut left = child("hang");
    left.env(name, value);
    let error = pipeline::pipeline(vec![left, missing()]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    nothing_is_left(&mark);
}

/// A limit that no clock reaches is none.
#[test]
fn a_limit_may_be_the_longest_duration() {
    let caterer = env!("CARGO_BIN_EXE_caterer");
    let orders = vec![b"no order".to_vec()];
    let ran = takeout::run_each(caterer.as_ref(), orders, Duration::MAX);
    assert_eq!(ran.unwrap()[0].status.code(), Some(1));
}

/// SUB-27: the status of each is told.
#[test]
fn a_failure_in_the_middle_is_seen() {
    // They write nothing to standard output: its reader may have ended.
    let child = |way| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_code_or_signal"));
        command.args(["as-child", way]).stderr(Stdio::null());
        command
    };
    let commands = vec![child("exit 0"), child("exit 3"), child("exit 0")];
    let (_, statuses) = pipeline::pipeline(commands).unwrap();
    let codes: Vec<_> = statuses.iter().map(|status| status.code()).collect();
    assert_eq!(codes, [Some(0), Some(3), Some(0)]);
    let (output, statuses) = pipeline::pipeline(Vec::new()).unwrap();
    assert!(output.is_empty() && statuses.is_empty());
}

/// SUB-14: output that is no UTF-8, and a last line without an end.
#[test]
fn all_lines_come_whatever_their_bytes() {
    let mut lines = Vec::new();
    let status =
        progress_lines::run_lines(&mut child("strange bytes"), |line| {
            lines.push(line.to_string());
            Ok(())
        });
    assert!(status.unwrap().success());
    // The harness of this test has printed a line of its own.
    let own = lines.iter().rev().take(2).rev().collect::<Vec<_>>();
    assert_eq!(own[0].split_at(own[0].len() - 4).1, "a\u{fffd}");
    assert_eq!(own[1], "last, without an end");
}

#[test]
fn a_long_line_comes_in_pieces() {
    let mut pieces = Vec::new();
    let status = progress_lines::run_lines(&mut child("long line"), |line| {
        pieces.extend(line.contains("xxx").then_some(line.len()));
        Ok(())
    });
    assert!(status.unwrap().success());
    assert!(pieces.len() >= 2 && pieces.iter().all(|n| *n <= 1 << 16));
}

/// Exactly as long as a piece; and a piece that would end inside a character.
#[test]
fn long_lines_are_not_changed() {
    let lines_of = |what: &str| {
        let mut pieces = Vec::new();
        progress_lines::run_lines(&mut child(what), |line| {
            pieces.push(line.to_string());
            Ok(())
        })
        .unwrap();
        let begin = pieces.iter().position(|line| line.starts_with('x'));
        pieces.split_off(begin.unwrap())
    };
    let pieces = lines_of("65536 bytes");
    assert_eq!(pieces, ["x".repeat(65_536), "end".to_string()]);
    let pieces = lines_of("long word");
    assert_eq!(pieces.concat(), format!("x{}end", "é".repeat(70_000)));
}

#[test]
fn an_error_of_the_caller_ends_the_child() {
    let mark = new_mark();
    let (name, value) = mark.split_once('=').unwrap();
    let mut command = child("hang");
    let (input, _word) = io::pipe().unwrap();
    command.env(name, value).stdin(input);
    let ended = progress_lines::run_lines(&mut command, |_| {
        Err(io::ErrorKind::StorageFull.into())
    });
    assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::StorageFull);
    drop(command);
    nothing_is_left(&mark);
}

#[test]
fn a_question_without_an_answer_is_the_last_one() {
    // It never ends its line, and nothing else is said unasked.
    let mut hangs = Command::new(env!("CARGO_BIN_EXE_run_child"));
    let mut hangs =
        Conversation::start(hangs.args(["as-child", "hangs"])).unwrap();
    let kinds = [(); 3].map(|()| {
        let answer = hangs.ask("?", Duration::from_millis(50));
        answer.unwrap_err().kind()
    });
    use io::ErrorKind::{BrokenPipe, TimedOut};
    assert_eq!(kinds, [TimedOut, BrokenPipe, BrokenPipe]);
}

/// A child that reads nothing blocks nobody, and one that never ends its line
/// needs no memory without end.
#[test]
fn questions_and_answers_are_bounded() {
    let mut hangs = Conversation::start(&mut child("hang")).unwrap();
    let error = hangs.ask(&"?".repeat(1 << 20), LONG).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);

    let mut babbles = Command::new(env!("CARGO_BIN_EXE_run_child"));
    let mut babbles =
        Conversation::start(babbles.args(["as-child", "babbles"])).unwrap();
    let error = babbles.ask("?", LONG).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

#[test]
fn a_child_that_has_ended_answers_nothing() {
    let mut gone = Command::new(env!("CARGO_BIN_EXE_converse"));
    let mut gone = Conversation::start(gone.arg("--salt")).unwrap();
    let error = (0..20).find_map(|_| gone.ask("?", LONG).err()).unwrap();
    let kinds = [io::ErrorKind::UnexpectedEof, io::ErrorKind::BrokenPipe];
    assert!(kinds.contains(&error.kind()), "{error}");
}

/// SUB-22: many waiters, one killer, and all see the same status.
#[test]
fn all_waiters_of_a_duct_handle_see_the_same_end() {
    let own = env::current_exe().unwrap();
    let arguments = ["--ignored", "--exact", "--nocapture", "pros::as_child"];
    let (input, _word) = io::pipe().unwrap();
    let child = duct::cmd(own, arguments).env("DOES", "hang");
    let child = child.stdin_file(input).stdout_null().unchecked();
    let child = child.start().unwrap();
    std::thread::scope(|scope| {
        let waiters: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| child.wait().unwrap().status))
            .collect();
        child.kill().unwrap();
        for waiter in waiters {
            use std::os::unix::process::ExitStatusExt;
            assert_eq!(waiter.join().unwrap().signal(), Some(9));
        }
    });
}

/// SUB-18: 15 runs with 10 descriptors left, also of a missing program.
#[test]
fn few_free_descriptors_are_enough() {
    let ran = child("near the limit").output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
}

fn near_the_limit() {
    let open = || fs::read_dir("/proc/self/fd").unwrap().count();
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, open() as u64 + 10, most).unwrap();
    let before = open();
    let limits = Limits { time: LONG, output: 1000, grace: LONG };
    for _ in 0..15 {
        let ran =
            run_child(&mut child("nothing"), b"x", limits, &Stop::never());
        assert_eq!(ran.unwrap().why, Why::Ended);
        run_child(&mut missing(), b"x", limits, &Stop::never()).unwrap_err();
    }
    assert_eq!(open(), before);
}
