//! What a child costs: the yardstick, the limit of its output, a larger pipe.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::{fs::PermissionsExt, process::ExitStatusExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, process::Child, process::Command, process::Stdio, thread};

use rustix::pipe::fcntl_getpipe_size;
use shared::watchdog::within;
use subprocess::bare::Bare;

use crate::support::*;

#[path = "../../src/bin/cons/child_cost.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod child_cost;
#[path = "../../src/bin/cons/child_cost_calls.rs"]
#[expect(dead_code, reason = "as above")]
pub mod child_cost_calls;
#[path = "../../src/bin/pros/output_limit.rs"]
#[expect(dead_code, reason = "as above")]
mod output_limit;
#[path = "../../src/bin/pros/throughput.rs"]
#[expect(dead_code, reason = "as above")]
mod throughput;

use child_cost::run_checked;
use child_cost_calls::find_program;
use output_limit::read_capped;
use throughput::widen;

const CHILD_COST: &str = env!("CARGO_BIN_EXE_child_cost");
const CHILD_COST_CALLS: &str = env!("CARGO_BIN_EXE_child_cost_calls");
const OUTPUT_LIMIT: &str = env!("CARGO_BIN_EXE_output_limit");
const THROUGHPUT: &str = env!("CARGO_BIN_EXE_throughput");

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn the_programs_are_well_behaved() {
    let programs = [
        (CHILD_COST, include_str!("../../src/bin/cons/child_cost.rs")),
        (
            CHILD_COST_CALLS,
            include_str!("../../src/bin/cons/child_cost_calls.rs"),
        ),
        (OUTPUT_LIMIT, include_str!("../../src/bin/pros/output_limit.rs")),
        (THROUGHPUT, include_str!("../../src/bin/pros/throughput.rs")),
    ];
    for (program, source) in programs {
        assert!(source.contains("flags([]);"));
        let ran = run(program, &["--nonsense"]);
        assert_eq!(ran.status.code(), Some(2), "{ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
        assert_eq!(ran.stdout, "");
    }
}

/// A program that writes 64 MiB.
fn writer() -> Child {
    let mut command = Command::new(OUTPUT_LIMIT);
    command.args(["as-writer", "Rust"]).stdout(Stdio::piped());
    command.spawn().unwrap()
}

/// SUB-29: below the limit nothing is lost; above it the rest is counted. Here
/// also at the limit, and beside a peer that writes one byte at a time.
#[test]
fn output_below_the_limit_is_whole_and_the_rest_is_counted() {
    let text: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
    for limit in [0, 1, 99_999, 100_000, 100_001, usize::MAX] {
        let capped = read_capped(&text[..], limit).unwrap();
        assert_eq!(capped.bytes, text[..limit.min(text.len())]);
        assert_eq!(capped.total, 100_000);
    }
    let (from, mut to) = io::pipe().unwrap();
    let slow = thread::spawn(move || {
        (b'a'..=b'z').for_each(|byte| to.write_all(&[byte]).unwrap());
    });
    let capped = within(LIMIT, || read_capped(from, 3).unwrap()).unwrap();
    slow.join().unwrap();
    assert_eq!((&capped.bytes[..], capped.total), (&b"abc"[..], 26));
}

/// SUB-29: an error of the output is an error here, and no end.
#[test]
fn output_that_cannot_be_read_is_an_error() {
    struct Broken(bool);
    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if std::mem::replace(&mut self.0, true) {
                return Err(ErrorKind::InvalidData.into());
            }
            buffer[0] = b'x';
            Ok(1)
        }
    }
    for limit in [0, 1, 9] {
        let error = read_capped(Broken(false), limit).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }
}

/// SUB-29: two callers at the same time, each with 64 MiB and a limit; both
/// children come to their normal end. A child that is killed has an end, too.
#[test]
fn children_that_write_without_end_are_bounded() {
    let readers = [1, 2].map(|mib: usize| {
        move || {
            let mut child = writer();
            let pipe = child.stdout.take().unwrap();
            let capped = read_capped(pipe, mib << 20).unwrap();
            assert!(child.wait().unwrap().success());
            (capped.bytes.len(), capped.total)
        }
    });
    let [one, two] = readers.map(thread::spawn);
    assert_eq!(one.join().unwrap(), (1 << 20, 64 << 20));
    assert_eq!(two.join().unwrap(), (2 << 20, 64 << 20));

    let mut child = writer();
    let mut pipe = child.stdout.take().unwrap();
    pipe.read_exact(&mut [0; 4_096]).unwrap();
    child.kill().unwrap();
    let rest = within(LIMIT, || read_capped(pipe, 10).unwrap()).unwrap();
    assert!(rest.total < 64 << 20, "{rest:?}");
    assert_eq!(child.wait().unwrap().signal(), Some(9));
}

/// SUB-26: the reader is dropped while the child is blocked in `write`: the
/// child ends, and so does the wait for it.
#[test]
fn a_child_that_is_blocked_in_write_ends_when_its_reader_is_dropped() {
    for (kind, code, signal) in
        [("Rust", Some(32), None), ("C", None, Some(13))]
    {
        let mut command = Command::new(OUTPUT_LIMIT);
        command.args(["as-writer", kind]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let pipe = child.stdout.take().unwrap();
        let deadline = Instant::now() + LIMIT;
        let full = fcntl_getpipe_size(&pipe).unwrap() as u64;
        while rustix::io::ioctl_fionread(&pipe).unwrap() < full {
            assert!(Instant::now() < deadline);
            thread::yield_now();
        }
        drop(pipe);
        let status = within(LIMIT, move || child.wait().unwrap()).unwrap();
        assert_eq!((status.code(), status.signal()), (code, signal));
    }
}

#[test]
fn a_pipe_is_widened_as_far_as_it_may() {
    let (from, to) = io::pipe().unwrap();
    assert_eq!(widen(&from, 1).unwrap(), 64 << 10, "never smaller");
    assert_eq!(widen(&from, 256 << 10).unwrap(), 256 << 10);
    assert_eq!(fcntl_getpipe_size(&to).unwrap(), 256 << 10, "both ends");
    assert_eq!(widen(&from, 128 << 10).unwrap(), 256 << 10);
    let file = fs::File::open("/proc/self/exe").unwrap();
    assert!(widen(&file, 1 << 20).is_err(), "not a pipe");
}

#[test]
fn a_checked_run_tells_program_and_status() {
    let child = || Command::new(CHILD_COST);
    run_checked(child().arg("as-child")).unwrap();
    let failed = run_checked(child().arg("--nonsense").stderr(Stdio::null()));
    let text = failed.unwrap_err().to_string();
    assert_eq!(text, format!("{CHILD_COST}: exit status: 2"));
    let missing = run_checked(&mut Command::new("/no/such/program"));
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn a_program_is_found_as_the_system_finds_it() {
    let exact = find_program(CHILD_COST.as_ref());
    assert_eq!(exact.as_deref(), Some(Path::new(CHILD_COST)));
    assert_eq!(find_program("/proc/self/status".as_ref()), None, "no program");
    assert_eq!(find_program("/proc".as_ref()), None, "a folder");
    assert_eq!(find_program("no-such-program".as_ref()), None);
    let folders = std::env::var_os("PATH").unwrap();
    let first = std::env::split_paths(&folders)
        .flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .find(is_program)
        .unwrap();
    assert_eq!(find_program(first.file_name().unwrap()), Some(first));
}

fn is_program(path: &PathBuf) -> bool {
    let data = fs::metadata(path);
    data.is_ok_and(|d| d.is_file() && d.permissions().mode() & 0o111 == 0o111)
}

#[test]
fn bare_posix_spawn_tells_of_a_missing_program() {
    let missing = Bare::new(Path::new("/no/such/program"), &[]).unwrap();
    assert_eq!(missing.run().unwrap_err().kind(), ErrorKind::NotFound);
    let folder = Bare::new(Path::new("/proc"), &[]).unwrap();
    assert_eq!(folder.run().unwrap_err().kind(), ErrorKind::PermissionDenied);
    let zero = Bare::new(Path::new(CHILD_COST), &["a\0b"]);
    assert_eq!(zero.unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn bare_posix_spawn_tells_the_exit_status() {
    let run = |argument| {
        Bare::new(Path::new(CHILD_COST), &[argument]).unwrap().run().unwrap()
    };
    assert_eq!(run("as-child").code(), Some(0));
    assert_eq!(run("--nonsense").code(), Some(2), "its argument came");
}

/// In a process of its own: other tests open files meanwhile.
#[test]
fn bare_posix_spawn_leaks_no_descriptor_and_no_zombie() {
    let own = std::env::current_exe().unwrap();
    let test = "costs::two_hundred_bare_children";
    let arguments = ["--ignored", "--exact", test];
    let ran = run(own.to_str().unwrap(), &arguments);
    assert!(ran.status.success(), "{ran:?}");
    assert!(ran.stdout.contains("1 passed"), "{ran:?}");
}

#[test]
#[ignore = "for a process of its own"]
fn two_hundred_bare_children() {
    let open = || -> BTreeSet<_> {
        let files = fs::read_dir("/proc/self/fd").unwrap();
        files.map(|file| file.unwrap().file_name()).collect()
    };
    let good = Bare::new(Path::new(CHILD_COST), &["as-child"]).unwrap();
    let missing = Bare::new(Path::new("/no/such/program"), &[]).unwrap();
    let before = open();
    for _ in 0..200 {
        assert!(good.run().unwrap().success());
        missing.run().unwrap_err();
    }
    assert_eq!(open(), before);
    let thread = fs::read_link("/proc/thread-self").unwrap();
    let children =
        fs::read_to_string(Path::new("/proc").join(thread).join("children"));
    assert_eq!(children.unwrap_or_default(), "", "no child, no zombie");
}
