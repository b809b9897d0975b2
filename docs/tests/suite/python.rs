//! Python beside it: the programs, the claims, and what happens without one.
//! Where no python3 is, the tests that need one say so, and run nothing.

use std::{
    collections::HashSet,
    env, fs,
    net::{Ipv4Addr, SocketAddr},
    os::unix::{
        fs::symlink,
        process::{CommandExt, ExitStatusExt},
    },
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    thread::sleep,
    time::Duration,
};

use docs::{
    ledger, programs,
    python::{self, NAMES, Python, code_lines, docstring, scripts},
};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use serde_json::Value;
use shared::{
    Menu,
    oven::{Faults, brown},
};

use crate::support::*;

const COMPARE: &str = env!("CARGO_BIN_EXE_compare");
const CLAIMS: &str = env!("CARGO_BIN_EXE_claims");

/// The interpreter, if there is one.
fn python3() -> Option<Python> {
    Python::find().inspect_err(|why| println!("not run: {why}")).ok()
}

/// Runs a program of `docs/python`.
fn run_python(python: &Python, name: &str, arguments: &[&str]) -> Ran {
    let file = python::folder().join(name);
    let all = [&[file.to_str().unwrap()], arguments].concat();
    run(python.executable.to_str().unwrap(), &all)
}

#[test]
fn programs_in_python_are_short_and_have_a_run_command() {
    for name in NAMES {
        let source = python::source(name).unwrap();
        let lines = code_lines(&source).len();
        assert!((20..=40).contains(&lines), "{name}: {lines} lines of code");
        assert!(source.lines().all(|line| line.len() <= 80), "{name}");
        let command = format!("\n    python3 docs/python/{name}");
        assert!(docstring(&source).contains(&command), "{name}: {command}");
    }
    for script in scripts(&python::folder().join("claims")).unwrap() {
        let (name, source) =
            (&script.name, fs::read_to_string(&script.path).unwrap());
        let lines = code_lines(&source).len();
        assert!(lines <= 70, "{name}: {lines} lines of code");
        let command = format!("\n    python3 docs/python/claims/{name}\n");
        assert!(docstring(&source).contains(&command), "{name}: {command}");
    }
}

#[test]
fn what_the_ledger_says_of_python_is_run_or_read() {
    let path = programs::root().join("docs/ledger.toml");
    let ledger = ledger::read(&path).unwrap();
    let scripts = scripts(&python::folder().join("claims")).unwrap();
    let run: HashSet<&String> =
        scripts.iter().flat_map(|script| &script.claims).collect();
    for claim in &ledger {
        let source = claim.python_source.as_deref();
        assert!(run.contains(&claim.id) || source.is_some(), "{}", claim.id);
        let known = ["https://docs.python.org/3/", "https://peps.python.org/"];
        let is_known = |link: &str| known.iter().any(|k| link.starts_with(k));
        assert!(source.is_none_or(is_known), "{source:?}");
    }
    let ids: HashSet<&String> = ledger.iter().map(|claim| &claim.id).collect();
    assert!(run.is_subset(&ids), "{:?}", run.difference(&ids));
}

#[test]
fn kitchens_in_python_on_all_menus() {
    let Some(python) = python3() else { return };
    let _quiet = alone();
    let only = NAMES.join(",");
    let arguments = ["--json", "--python", "--only", &only, "--dishes", "4"];
    let ran = run(COMPARE, &arguments);
    assert!(ran.status.success(), "{ran:?}");
    let rows: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    let rows: Vec<&Value> =
        rows.iter().filter(|row| row["model"] == "python").collect();
    assert_eq!(rows.len(), 3 * NAMES.len());
    for row in rows {
        assert_eq!(row["status"], "ok", "{row}");
        assert_eq!(row["python"], python.label.as_str());
        assert!(row["lines_changed"].is_null() && row["lines"].is_u64());
        for key in ["wall_ms", "serial_ms", "bound_ms", "cpu_ms", "switches"] {
            assert!(number(row, key) > 0.0, "{key}: {row}");
        }
        let (threads, processes) =
            (number(row, "threads"), number(row, "processes"));
        match row["program"].as_str().unwrap() {
            "chef.py" => assert_eq!((threads, processes), (1.0, 1.0)),
            "cooks.py" => assert_eq!((threads, processes), (4.0, 1.0)),
            "brigade.py" => assert!(threads <= 4.0 && processes == 1.0),
            "takeout.py" => assert_eq!((threads, processes), (4.0, 4.0)),
            _ => assert!(processes <= 4.0, "{row}"),
        }
        plates_are_right(row);
    }
}

/// As this side computes them, from the strokes that Python says it has made.
fn plates_are_right(row: &Value) {
    let menu: Menu = row["menu"].as_str().unwrap().parse().unwrap();
    let (dishes, plates) = (menu.dishes(4), row["plates"].as_array().unwrap());
    assert_eq!(plates.len(), dishes.len());
    let divided_by = number(row, "strokes_divided_by");
    for (dish, plate) in dishes.iter().zip(plates) {
        let strokes = (dish.strokes as f64 / divided_by).round_ties_even();
        let dough = shared::chopped(u64::from(dish.number), strokes as u64);
        let check = format!("{:016x}", brown(dough, dish.bake_ms));
        assert_eq!(plate["check"], check.as_str(), "{dish}");
        assert_eq!(plate["name"], dish.name());
    }
}

/// CPU time cannot be more than the time, where threads share one lock. (A
/// speed-up of processes would be no proof: others may want the cores, too.)
#[test]
fn the_global_lock_is_seen() {
    let Some(python) = python3() else { return };
    let oven = lit_oven(Faults::default()).to_string();
    let meal = |name: &str| -> Value {
        let arguments = ["--json", "--menu", "chopping", "--oven", &oven];
        let ran = run_python(&python, name, &arguments);
        assert!(ran.status.success(), "{ran:?}");
        serde_json::from_str(&ran.stdout).unwrap()
    };
    if python.label.contains("with the GIL") {
        let meal = meal("cooks.py");
        let work: f64 = (meal["plates"].as_array().unwrap().iter())
            .map(|plate| number(plate, "prep_cpu_ms"))
            .sum();
        assert!(work < 1.05 * number(&meal, "wall_ms"), "{work}: {meal}");
    }
    let together = || prepared_at_once(&meal("kitchens.py")) as f64;
    shows(together, |dishes| dishes >= 2.0);
}

#[test]
fn wrong_usage_and_a_broken_oven_are_one_line_of_python() {
    let Some(python) = python3() else { return };
    // Bound, and never listening: nobody else gets the port meanwhile.
    let closed = {
        use socket2::{Domain, Socket, Type};
        Socket::new(Domain::IPV4, Type::STREAM, None).unwrap()
    };
    closed.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    let closed_at = closed.local_addr().unwrap().as_socket().unwrap();
    let faults = Faults::default;
    let ovens = [
        ("refused", closed_at),
        ("500", lit_oven(Faults { fail: 1.0, ..faults() })),
        ("hung up", lit_oven(Faults { cut: 1.0, ..faults() })),
    ]
    .map(|(why, oven)| (why, oven.to_string()));
    for name in NAMES {
        for (why, oven) in &ovens {
            let ran = run_python(&python, name, &["--oven", oven]);
            assert_eq!(ran.status.code(), Some(1), "{name}: {ran:?}");
            assert_eq!(ran.stderr.lines().count(), 1, "{name}: {ran:?}");
            let begin = ran.stderr.starts_with("Error: dish ");
            let told = why == &"refused" && ran.stderr.contains("onnect");
            assert!(begin && (told || ran.stderr.contains(why)), "{ran:?}");
        }
        for wrong in ["--menu soup", "--dishes 0", "--oven x", "--salt", "x"] {
            let words: Vec<&str> = wrong.split(' ').collect();
            let ran = run_python(&python, name, &words);
            assert_eq!(ran.status.code(), Some(2), "{name} {wrong}: {ran:?}");
            assert_eq!(ran.stderr.lines().count(), 1, "{name}: {ran:?}");
        }
    }
}

/// As at a terminal: it reaches the whole process group.
#[test]
fn ctrl_c_leaves_no_process_of_python() {
    let Some(python) = python3() else { return };
    let oven = lit_oven(Faults::default()).to_string();
    for name in NAMES {
        let file = python::folder().join(name);
        let arguments = ["--dishes", "1000", "--menu", "mixed", "--oven"];
        let arguments =
            [&[file.to_str().unwrap()], &arguments[..], &[&oven]].concat();
        let program = python.executable.to_str().unwrap();
        let (child, mark) = start_with(program, &arguments, |command| {
            command.process_group(0);
        });
        let word = match name {
            "takeout.py" => "caterer.py",
            "kitchens.py" => "forkserver",
            _ => name,
        };
        wait_for(&mark, word);
        sleep(Duration::from_millis(300)); // whatever it does then
        killpg(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.signal(), Some(2), "{name}: {ended:?}");
        nothing_is_left(&mark);
    }
}

#[test]
fn without_python_the_other_rows_are_there() {
    let _quiet = alone();
    // This builds what is not there: a linker would not be found below.
    run(COMPARE, &["--only", "one_cook", "--menu", "waiting"]);
    // A `PATH` with cargo and the compiler, and nothing else: where they are
    // installed, there may be a python3, too.
    let path = Folder::new();
    let tools = Path::new(env!("CARGO")).parent().unwrap();
    for tool in ["cargo", "rustc"] {
        symlink(tools.join(tool), path.0.join(tool)).unwrap();
    }
    let path = &path.0;
    let run_bare = |program, arguments: &[&str]| {
        run_with(program, arguments, |command| {
            command.env("PATH", path);
        })
    };
    let only = ["--python", "--only", "chef.py", "--menu", "waiting"];
    let ran = run_bare(COMPARE, &only);
    assert!(ran.status.success(), "{ran:?}");
    let told = "no rows of Python: there is no python3 on PATH\n";
    assert!(ran.stderr.starts_with(told), "{ran:?}");
    assert!(ran.stdout.contains("one_cook"), "{ran:?}");
    assert!(!ran.stdout.contains("*.py"), "{ran:?}");
    let ran = run_bare(CLAIMS, &["--python", "T5"]);
    assert_eq!(ran.status.code(), Some(1));
    assert_eq!(ran.stderr, "Error: there is no python3 on PATH\n");
}

#[test]
fn tables_tell_what_the_rows_of_python_are() {
    let Some(python) = python3() else { return };
    let _quiet = alone();
    let only = ["--python", "--only", "chef.py", "--menu", "waiting"];
    let ran = run(COMPARE, &only);
    let about = format!("*.py: {}; where Rust makes ", python.label);
    assert!(ran.stdout.contains(&about), "{ran:?}");
    assert!(ran.stdout.lines().all(|line| line.len() <= 100), "{ran:?}");
}

#[test]
fn no_script_contradicts_the_ledger() {
    let Some(python) = python3() else { return };
    let _quiet = alone();
    let ran = run(CLAIMS, &["--python", "--json"]);
    assert!(ran.status.success(), "{ran:?}");
    let told: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    for claim in &told {
        assert_eq!(claim["python"], python.label.as_str());
        let is_run = claim["script"].is_string() && claim["figure"].is_string();
        let is_read = claim["verdict"] == "read" && claim["source"].is_string();
        assert!(is_run != is_read, "{claim}");
    }
    let read: Vec<&Value> =
        told.iter().filter(|claim| claim["verdict"] == "read").collect();
    assert!(read.len() <= 3, "{read:?}");
}

/// A script, a piece of its text, what it becomes, and the claim that is
/// contradicted then.
const WRONG: &[(&str, &str, &str, &str)] = &[
    ("lost_update.py", "        self.both_have_read.wait(LIMIT)\n", "", "T5"),
    (
        "thread_exception.py",
        "    thread.join()\n",
        "    thread.join()\n    fail()\n",
        "T6",
    ),
    (
        "stack_memory.py",
        "        go_on.wait()\n",
        "        used = b'x' * (1 << 20)\n        go_on.wait()\n",
        "T10",
    ),
    ("await_race.py", "                await asyncio.sleep(0)", "pass", "A26"),
    ("async_syntax.py", "yield from numbers\n", "yield numbers\n", "A36"),
    ("shared_memory.py", "    counter.value = seen + 1\n", "", "M5"),
    ("future.py", "running.cancel(), pending", "False, running", "F14"),
    ("shutdown.py", "cancel_futures=True", "cancel_futures=False", "F13"),
    ("pipe_deadlock.py", "[1_000, 1_000_000]", "[1_000, 1_000]", "S6"),
    ("zombie.py", "os.WEXITED | os.WNOWAIT", "os.WEXITED", "S9"),
    ("weak_tasks.py", "if name == \"kept\"", "if True", "X1"),
];

#[test]
fn a_wrong_script_is_contradicted() {
    if python3().is_none() {
        return;
    }
    let folder = Folder::of(&python::folder().join("claims"));
    for (script, right, wrong, _) in WRONG {
        let path = folder.0.join(script);
        let source = fs::read_to_string(&path).unwrap();
        assert_eq!(source.matches(right).count(), 1, "{script}: {right}");
        // What follows a line that is only indented stays indented.
        let indent: String =
            right.chars().take_while(|letter| *letter == ' ').collect();
        let wrong = match wrong.starts_with(' ') || wrong.is_empty() {
            true => wrong.to_string(),
            false => indent + wrong,
        };
        fs::write(&path, source.replace(right, &wrong)).unwrap();
    }
    let _quiet = alone();
    let ids = WRONG.iter().map(|(.., id)| *id);
    let options = ["--python", "--scripts", folder.0.to_str().unwrap()];
    let ran = run(CLAIMS, &options.into_iter().chain(ids).collect::<Vec<_>>());
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    for (script, .., id) in WRONG {
        let told = format!("{script} contradicts {id} of Python: ");
        assert!(ran.stderr.contains(&told), "{told} {ran:?}");
    }
}

/// A folder that is gone at the end of the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("docs-python-{}-{count}", std::process::id());
        let path = env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Folder(path)
    }

    /// The files of a folder once more.
    fn of(folder: &Path) -> Folder {
        let copy = Folder::new();
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_file() {
                fs::copy(&path, copy.0.join(path.file_name().unwrap()))
                    .unwrap();
            }
        }
        copy
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // in the folder for such files
    }
}
