//! No program of this chapter leaves anything behind: no process, no zombie, no
//! pipe that a stranger holds, no file. This test is a subreaper, so each
//! process that a program leaves becomes a child of the test, wherever it has
//! moved to: it is found even if it holds no stream and has its own session.
//!
//! It is a program of its own: its children are those of the program under test.

#[path = "../../../shared/tests/support/mod.rs"]
mod support;

use std::{
    env, fs,
    io::{self, Read},
    os::fd::{AsRawFd, RawFd},
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::{Mutex, MutexGuard},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process,
    set_child_subreaper, wait, waitid,
};

use support::built_example;

/// Nothing here takes longer.
const LIMIT: Duration = Duration::from_secs(120);

/// What a program has left.
#[derive(Debug, Default, PartialEq, Eq)]
struct Left {
    /// Command lines of processes that are alive. (One that has SIGKILL pending
    /// has been killed.)
    processes: Vec<String>,
    /// Command lines of those that hold its standard output or standard error.
    holders: Vec<String>,
    /// In its temporary folder, and in `/dev/shm`.
    files: Vec<String>,
    /// Of this test: more than before.
    descriptors: usize,
}

/// How a program under test comes to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    ByItself,
    /// SIGKILL, as soon as it has a child.
    Killed,
}

#[test]
fn programs_leave_nothing() {
    let _one = one_at_a_time();
    for (program, arguments) in programs() {
        let left = what_is_left(&program, &arguments, End::ByItself);
        assert_eq!(left, Left::default(), "{}", program.display());
    }
}

/// SIGKILL lets nobody clean up: the children have to notice. So there is time.
#[test]
fn killed_programs_leave_nothing() {
    let _one = one_at_a_time();
    for (program, arguments) in programs() {
        let left = what_is_left(&program, &arguments, End::Killed);
        assert_eq!(left.processes, [""; 0], "{}", program.display());
        assert_eq!(left.holders, [""; 0], "{}", program.display());
    }
}

#[test]
fn planted_leaks_are_found() {
    let _one = one_at_a_time();
    let leaky =
        built_example(env!("CARGO_BIN_EXE_takeout"), "subprocess", "leaky");
    let left =
        |what: &str| what_is_left(&leaky, &[what.to_string()], End::ByItself);
    assert_eq!(left("nothing"), Left::default());
    let stays = format!("{} stay", leaky.display());
    let orphan = left("orphan");
    assert_eq!(orphan.processes, [stays.as_str()]);
    assert_eq!(orphan.holders, [""; 0], "nextest sees no leak here");
    let pipe = left("pipe");
    assert_eq!(pipe.processes, [stays.as_str()]);
    assert_eq!(pipe.holders, [stays.as_str()]);
    assert_eq!(left("file").files, ["left behind"]);
}

/// The children of this process are those of one program only.
fn one_at_a_time() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    let one = ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    set_child_subreaper(Some(rustix::process::getpid())).unwrap();
    one
}

/// All programs of the crate, and how their headers run them.
fn programs() -> Vec<(PathBuf, Vec<String>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let paths = manifest.lines().filter_map(|line| {
        let path = line.strip_prefix("path = \"")?.strip_suffix('"')?;
        path.starts_with("src/bin/").then(|| folder.join(path))
    });
    let one = |path: PathBuf| {
        let source = fs::read_to_string(&path).unwrap();
        let command = source.lines().find(|line| line.contains(" --bin "));
        let arguments = command.and_then(|line| line.split_once(" -- "));
        let arguments = arguments.map_or("", |(_, words)| words);
        let arguments = arguments.split_whitespace().map(str::to_string);
        let program = Path::new(env!("CARGO_BIN_EXE_takeout"));
        (program.with_file_name(path.file_stem().unwrap()), arguments.collect())
    };
    let programs: Vec<_> = paths.map(one).collect();
    assert!(programs.len() > 2);
    programs
}

fn what_is_left(program: &Path, arguments: &[String], end: End) -> Left {
    let own = own_descriptors();
    let shared_memory = names_in(Path::new("/dev/shm"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("leaks");
    let _ = fs::remove_dir_all(&folder); // of a test that failed
    fs::create_dir(&folder).unwrap();
    let mut child = Command::new(program)
        .args(arguments)
        .env("TMPDIR", &folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pipes = [
        inode(child.stdout.as_ref().unwrap().as_raw_fd()),
        inode(child.stderr.as_ref().unwrap().as_raw_fd()),
    ];
    let readers = [
        read_to_end(child.stdout.take().unwrap()),
        read_to_end(child.stderr.take().unwrap()),
    ];
    match end {
        End::ByItself => wait_for_end(&mut child),
        End::Killed => kill_with_a_child(&mut child),
    }
    child.wait().unwrap();
    // All that the program has left are children of this process now.
    let mut left = Left {
        processes: alive(),
        holders: holders(&pipes),
        ..Left::default()
    };
    if end == End::Killed {
        let deadline = Instant::now() + Duration::from_secs(10);
        let some = || !alive().is_empty() || !holders(&pipes).is_empty();
        while some() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(2));
        }
        left.processes = alive();
        left.holders = holders(&pipes);
    }
    kill_and_reap_all();
    for reader in readers {
        reader.join().unwrap();
    }
    left.files = names_in(&folder);
    let is_new = |name: &String| !shared_memory.contains(name);
    left.files
        .extend(names_in(Path::new("/dev/shm")).into_iter().filter(is_new));
    fs::remove_dir_all(&folder).unwrap();
    left.descriptors = own_descriptors().saturating_sub(own);
    left
}

fn read_to_end(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<()> {
    thread::spawn(move || drop(io::copy(&mut pipe, &mut io::sink())))
}

/// Without reaping: its number is still its own.
fn wait_for_end(child: &mut Child) {
    let started = Instant::now();
    let options =
        WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    let id = WaitId::Pid(Pid::from_child(child));
    while waitid(id.clone(), options).unwrap().is_none() {
        assert!(started.elapsed() < LIMIT, "it hangs");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Kills the program as soon as it has a child, or lets it end without one.
fn kill_with_a_child(child: &mut Child) {
    let started = Instant::now();
    let id = child.id();
    while child.try_wait().unwrap().is_none() {
        if processes().any(|process| process.parent == id) {
            child.kill().unwrap();
        }
        assert!(started.elapsed() < LIMIT, "it hangs");
    }
}

struct Process {
    id: u32,
    state: char,
    parent: u32,
}

/// All that there are.
fn processes() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let (_, rest) = stat.rsplit_once(") ")?;
        let mut words = rest.split(' ');
        let state = words.next()?.chars().next()?;
        Some(Process { id, state, parent: words.next()?.parse().ok()? })
    })
}

/// Command lines of the children of this process that are alive.
fn alive() -> Vec<String> {
    let own = process::id();
    let children = processes().filter(|process| process.parent == own);
    let children = children.filter(|process| !"ZX".contains(process.state));
    children
        .filter(|process| !is_being_killed(process.id))
        .map(|process| command_line(process.id))
        .filter(|line| !line.is_empty()) // has no memory any more: it ends
        .collect()
}

fn is_being_killed(id: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{id}/status"));
    let status = status.unwrap_or_default();
    let pending = |line: &str| {
        let mask =
            line.strip_prefix("SigPnd:\t").or(line.strip_prefix("ShdPnd:\t"))?;
        u64::from_str_radix(mask, 16).ok()
    };
    let kill = 1 << (Signal::KILL.as_raw() - 1);
    status.is_empty()
        || status.lines().filter_map(pending).any(|mask| mask & kill != 0)
}

fn command_line(id: u32) -> String {
    let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).trim_end_matches('\0').replace('\0', " ")
}

/// `pipe:[1234]`: the same at both ends.
fn inode(descriptor: RawFd) -> String {
    let link = fs::read_link(format!("/proc/self/fd/{descriptor}")).unwrap();
    link.to_str().unwrap().to_string()
}

/// Command lines of the other processes that have one of these open.
fn holders(pipes: &[String]) -> Vec<String> {
    let holds = |id: u32| {
        let open = fs::read_dir(format!("/proc/{id}/fd"));
        open.into_iter().flatten().flatten().any(|entry| {
            let link = fs::read_link(entry.path()).unwrap_or_default();
            pipes.iter().any(|pipe| Some(pipe.as_str()) == link.to_str())
        })
    };
    let others = processes().filter(|process| process.id != process::id());
    others
        .filter(|process| holds(process.id) && !is_being_killed(process.id))
        .map(|process| command_line(process.id))
        .filter(|line| !line.is_empty()) // as above
        .collect()
}

/// Until this process has no child any more: a killed one may leave others.
fn kill_and_reap_all() {
    let own = process::id();
    loop {
        for process in processes().filter(|process| process.parent == own) {
            let id = Pid::from_raw(process.id as i32).unwrap();
            let _ = kill_process(id, Signal::KILL); // it may have ended
        }
        match wait(WaitOptions::empty()) {
            Ok(_) => {}
            Err(rustix::io::Errno::CHILD) => return,
            Err(error) => panic!("{error}"),
        }
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

fn own_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}
