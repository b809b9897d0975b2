//! Running kitchen programs in tests: bounded, and with a look at what they
//! leave behind. Included by the tests of every crate.

#![allow(dead_code, missing_docs)]
#![allow(clippy::allow_attributes, reason = "each test uses some of these")]

pub mod compile_fail;
pub mod headers;

use std::{
    fs,
    io::Read,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use shared::{
    Span,
    oven::{Faults, Oven},
};

/// Nothing in a test takes longer.
const LIMIT: Duration = Duration::from_mins(15);

/// What a program did.
#[derive(Debug)]
pub struct Ran {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

/// Runs a program to its end and makes sure that nothing of it lives on.
pub fn run(program: &str, arguments: &[&str]) -> Ran {
    run_with(program, arguments, |_| {})
}

pub fn run_with(
    program: &str,
    arguments: &[&str],
    set: impl FnOnce(&mut Command),
) -> Ran {
    // Inherited by everything the program starts, so that we find it.
    let mark = new_mark();
    let (name, value) = mark.split_once('=').unwrap();
    let started = Instant::now();
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env(name, value)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    set(&mut command);
    let mut child = command.spawn().unwrap();
    let read = |pipe: Option<Box<dyn Read + Send>>| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut pipe) = pipe {
                pipe.read_to_end(&mut bytes).unwrap();
            }
            String::from_utf8(bytes).unwrap()
        })
    };
    let stdout = read(child.stdout.take().map(|p| Box::new(p) as _));
    let stderr = read(child.stderr.take().map(|p| Box::new(p) as _));
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > LIMIT {
            child.kill().unwrap();
            panic!("{program} {arguments:?} hangs");
        }
        thread::sleep(Duration::from_millis(2));
    };
    let took = started.elapsed();
    nothing_is_left(&mark);
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    Ran { status, stdout, stderr, took }
}

/// What is true in a moment: a child that another thread starts at this time
/// has copies of all that is open here, until it executes its program.
pub fn until_some<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < Duration::from_mins(2));
        thread::sleep(Duration::from_millis(1));
    }
}

/// Cargo builds an example for all tests of a package, not for a single one.
/// `program` is one of the programs that were built for this test.
pub fn built_example(program: &str, package: &str, name: &str) -> PathBuf {
    let folder = Path::new(program).parent().unwrap();
    let profile = match folder.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        other => other,
    };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--profile", profile, "--target-dir"])
        .arg(folder.parent().unwrap())
        .args(["--package", package, "--example", name])
        .status()
        .unwrap();
    assert!(built.success(), "{name}");
    folder.join("examples").join(name)
}

/// No process with this in its environment is alive, or will be in a moment.
pub fn nothing_is_left(mark: &str) {
    let deadline = Instant::now() + Duration::from_secs(8);
    while !marked(mark).is_empty() {
        let left = marked(mark);
        assert!(Instant::now() < deadline, "still running: {left:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// All processes with this in their environment: pid and command line.
pub fn marked(mark: &str) -> Vec<(i32, String)> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = processes.filter_map(|process| {
        let environment = fs::read(process.path().join("environ")).ok()?;
        let ours = environment.split(|&b| b == 0).any(|v| v == mark.as_bytes());
        let line = fs::read(process.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let pid = process.file_name().to_str()?.parse().ok()?;
        ours.then_some((pid, line))
    });
    lines.collect()
}

/// One meal, as the program itself reports it.
pub fn meal(program: &str, arguments: &[&str]) -> Value {
    let ran = run(program, &[&["--json"], arguments].concat());
    assert!(ran.status.success(), "{program} {arguments:?}: {ran:?}");
    assert_eq!(ran.stderr, "");
    serde_json::from_str(&ran.stdout).unwrap()
}

pub fn number(meal: &Value, key: &str) -> f64 {
    meal[key].as_f64().unwrap_or_else(|| panic!("{key} in {meal}"))
}

/// (different threads, different processes) by the plates themselves.
pub fn who(meal: &Value) -> (usize, usize) {
    let plates = meal["plates"].as_array().unwrap();
    let mut threads: Vec<String> = plates
        .iter()
        .map(|p| format!("{} {}", p["pid"], p["thread"]))
        .collect();
    let mut pids: Vec<String> =
        plates.iter().map(|p| p["pid"].to_string()).collect();
    for who in [&mut threads, &mut pids] {
        who.sort();
        who.dedup();
    }
    assert_eq!(number(meal, "threads") as usize, threads.len());
    assert_eq!(number(meal, "processes") as usize, pids.len());
    (threads.len(), pids.len())
}

/// Meals that are timed do not run beside each other.
pub fn alone() -> MutexGuard<'static, ()> {
    static KITCHEN: Mutex<()> = Mutex::new(());
    KITCHEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Whether `figure` comes out as wanted in one of five tries: a busy machine
/// may spoil some of them.
pub fn shows(figure: impl Fn() -> f64, wanted: impl Fn(f64) -> bool) {
    let _quiet = alone();
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(figure());
        if wanted(seen[seen.len() - 1]) {
            return;
        }
    }
    panic!("in five tries only {seen:?}");
}

/// The most dishes that were in work at the same time, in this meal.
pub fn at_once(meal: &Value) -> usize {
    most_at_once(meal, ["prep_ms", "bake_ms"])
}

/// The most dishes that were prepared at the same time, in this meal.
pub fn prepared_at_once(meal: &Value) -> usize {
    most_at_once(meal, ["prep_ms", "prep_ms"])
}

/// From the start of the first step to the end of the second one.
fn most_at_once(meal: &Value, [from, upto]: [&str; 2]) -> usize {
    let plates = meal["plates"].as_array().unwrap();
    let span = |plate: &Value| Span {
        start: Duration::from_secs_f64(plate[from][0].as_f64().unwrap()),
        end: Duration::from_secs_f64(plate[upto][1].as_f64().unwrap()),
    };
    Span::most_at_once(&plates.iter().map(span).collect::<Vec<_>>())
}

/// All dishes wait in the oven at the same time.
pub fn waits_for_all_at_once(program: &str) {
    shows(|| at_once(&meal(program, &[])) as f64, |dishes| dishes == 10.0);
}

/// Work of several dishes overlaps. (A speed-up would be no proof: others may
/// want the cores, too.)
pub fn uses_the_cores(program: &str) {
    let works =
        || prepared_at_once(&meal(program, &["--menu", "chopping"])) as f64;
    shows(works, |dishes| dishes >= 2.0);
}

/// One dish after the other is prepared.
pub fn gains_nothing_on_chopping(program: &str) {
    let meal = meal(program, &["--menu", "chopping"]);
    assert_eq!(prepared_at_once(&meal), 1, "{program}");
}

/// An oven in this process, on a thread that ends with it.
pub fn lit_oven(faults: Faults) -> SocketAddr {
    let oven = Oven::at((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = oven.address();
    thread::spawn(move || oven.with_faults(faults).run());
    address
}

/// All that every kitchen program must get right besides cooking.
pub fn is_well_behaved(program: &str, source: &str) {
    tells_the_meal(program, source);
    refuses_wrong_usage(program);
    does_not_mind_a_closed_stdout(program);
    tells_of_a_full_disk(program);
    knows_its_name(program);
    fails_with_one_line_that_names_the_dish(program);
}

fn tells_the_meal(program: &str, source: &str) {
    let name = Path::new(program).file_name().unwrap().to_str().unwrap();
    let meal = meal(program, &["--menu", "mixed", "--dishes", "12"]);
    assert_eq!(meal["program"], name);
    assert_eq!(meal["model"], env!("CARGO_PKG_NAME"));
    assert_eq!(meal["menu"], "mixed");
    for key in ["wall_ms", "serial_ms", "bound_ms", "peak_rss_kib", "cpu_ms"] {
        assert!(number(&meal, key) > 0.0, "{key}");
    }
    let plates = meal["plates"].as_array().unwrap();
    assert_eq!(plates.len(), 12);
    for (plate, number) in plates.iter().zip(1..) {
        assert_eq!(plate["dish"], number);
        let [prep, bake] = ["prep_ms", "bake_ms"]
            .map(|key| [0, 1].map(|side| plate[key][side].as_f64().unwrap()));
        assert!(prep[0] < prep[1] && prep[1] <= bake[0] && bake[0] < bake[1]);
        assert_eq!(plate["check"].as_str().unwrap().len(), 16);
    }
    // The header names the claims that the program reports, and no others.
    let told = source.lines().find_map(|l| l.strip_prefix("//! Claims: "));
    let told: Vec<&str> =
        told.into_iter().flat_map(|l| l.split(", ")).collect();
    let claims = meal["claims"].as_array().unwrap();
    let ids: Vec<_> =
        claims.iter().map(|c| c["id"].as_str().unwrap()).collect();
    assert_eq!(ids, told);
    // One by time may be left open where the machine is busy.
    for claim in claims {
        let verdict = claim["verdict"].as_str().unwrap();
        assert!(["borne out", "not judged"].contains(&verdict), "{claim}");
    }

    let ran = run_with(program, &[], |command| {
        command.env("LC_ALL", "C");
    });
    assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
    assert!(ran.stdout.is_ascii(), "{}", ran.stdout);
    // A statement is quoted as it is.
    let quotes = ["The article, ", "Not in the article, "];
    let is_told = |line: &&str| !quotes.iter().any(|q| line.starts_with(q));
    for line in ran.stdout.lines().filter(is_told) {
        // A finding is a whole sentence, and its verdict may be a longer one.
        let most = match line {
            _ if line.contains(" is borne out: ") => 80,
            _ if line.contains(" is not judged (busy machine): ") => 98,
            _ => 72,
        };
        assert!(line.len() <= most, "{}", ran.stdout);
    }
    for line in ["one cook alone would need", "nobody can beat", "this took"] {
        assert!(ran.stdout.contains(line), "{}", ran.stdout);
    }
}

fn refuses_wrong_usage(program: &str) {
    for wrong in [
        "--menu soup",
        "--dishes 0",
        "--dishes -3",
        "--oven nonsense",
        "--salt",
        "salt",
    ] {
        let words: Vec<&str> = wrong.split(' ').collect();
        let ran = run(program, &words);
        assert_eq!(ran.status.code(), Some(2), "{wrong}: {ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{wrong}: {ran:?}");
        assert_eq!(ran.stdout, "", "{wrong}");
    }
    let ran = run(program, &["--help"]);
    assert!(ran.status.success() && ran.stdout.contains("--menu"), "{ran:?}");
}

fn does_not_mind_a_closed_stdout(program: &str) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader); // as `| head -1` does, sooner or later
    let ran = run_with(program, &[], |command| {
        command.stdout(writer);
    });
    assert!(ran.status.success(), "{ran:?}");
    assert_eq!(ran.stderr, "");
}

fn tells_of_a_full_disk(program: &str) {
    let ran = run_with(program, &[], |command| {
        command.stdout(fs::File::create("/dev/full").unwrap());
    });
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    assert!(ran.stderr.starts_with("Error: standard output: "), "{ran:?}");
}

/// Also under another name; it starts itself by its path, and other programs by
/// the folder that it is in.
fn knows_its_name(program: &str) {
    let program = Path::new(program);
    let old = program.file_name().unwrap().to_str().unwrap();
    let name = format!("{old}-renamed-{}", std::process::id());
    let copy = program.with_file_name(&name);
    // Not copied: what a process has open to write to, no other one can run,
    // and tests beside this one inherit it for a moment.
    fs::hard_link(program, &copy).unwrap();
    let path = copy.to_str().unwrap();
    let help = run(path, &["--help"]).stdout;
    let usage = format!("Usage: {name} ");
    assert!(help.lines().any(|line| line.starts_with(&usage)), "{help}");
    assert!(help.contains(&format!("--bin {old}\n")), "no header: {help}");
    let meal = meal(path, &[]);
    assert_eq!(meal["program"], name.as_str());
    assert_eq!(meal["model"], env!("CARGO_PKG_NAME"));
    fs::remove_file(copy).unwrap();
}

fn fails_with_one_line_that_names_the_dish(program: &str) {
    let faults = Faults::default;
    // Bound, and never listening: nobody else gets the port meanwhile.
    let closed = socket2::Socket::new(
        socket2::Domain::IPV4,
        socket2::Type::STREAM,
        None,
    )
    .unwrap();
    closed.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    let closed_at = closed.local_addr().unwrap().as_socket().unwrap();
    let ovens = [
        ("refused", closed_at),
        ("500", lit_oven(Faults { fail: 1.0, ..faults() })),
        ("hung up", lit_oven(Faults { cut: 1.0, ..faults() })),
        ("no answer", lit_oven(Faults { stall: 1.0, ..faults() })),
    ];
    for (why, oven) in ovens {
        let oven = oven.to_string();
        let ran = run(program, &["--dishes", "100", "--oven", &oven]);
        assert_eq!(ran.status.code(), Some(1), "{why}: {ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{why}: {ran:?}");
        assert!(ran.stderr.starts_with("Error: dish "), "{why}: {ran:?}");
        assert!(ran.stderr.contains(why), "{why}: {ran:?}");
        // Who works on several at a time has all of them fail together.
        assert!(ran.took < 4 * shared::PATIENCE, "{why}: {ran:?}");
    }
}

/// Starts a program; the mark finds it and everything that it starts.
pub fn start(program: &str, arguments: &[&str]) -> (Child, String) {
    start_with(program, arguments, |_| {})
}

pub fn start_with(
    program: &str,
    arguments: &[&str],
    set: impl FnOnce(&mut Command),
) -> (Child, String) {
    let mark = new_mark();
    let (name, value) = mark.split_once('=').unwrap();
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env(name, value)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    set(&mut command);
    let child = command.spawn().unwrap();
    (child, mark)
}

/// The pid of a process with this mark whose command line has this word.
pub fn wait_for(mark: &str, word: &str) -> i32 {
    wait_for_all(mark, word, 1)[0]
}

/// The pids of `count` such processes.
pub fn wait_for_all(mark: &str, word: &str, count: usize) -> Vec<i32> {
    let deadline = Instant::now() + LIMIT;
    loop {
        let found =
            marked(mark).into_iter().filter(|(_, line)| line.contains(word));
        let pids: Vec<i32> = found.map(|(pid, _)| pid).collect();
        if pids.len() >= count {
            return pids;
        }
        assert!(Instant::now() < deadline, "no {count} processes do {word}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// What a program lights and starts does not outlive it, even when it is
/// killed. `helper` is a word of the command line of what it starts.
pub fn leaves_nothing_when_killed(program: &str, helper: &str) {
    let (mut child, mark) = start(program, &["--dishes", "1000"]);
    wait_for(&mark, "as-oven");
    wait_for(&mark, helper);
    child.kill().unwrap();
    child.wait().unwrap();
    nothing_is_left(&mark);
}

pub fn new_mark() -> String {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    format!("TEST_MARK={}-{run}", std::process::id())
}
