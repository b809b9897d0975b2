//! Every section's verdicts can fail: a wrong twin of a program, in which one
//! piece of text is another one, contradicts its claim.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use docs::programs::{self, Program, root};

use crate::support::*;

struct Wrong {
    program: &'static str,
    /// This piece of its text ...
    right: &'static str,
    /// ... becomes this.
    wrong: &'static str,
    /// The claim that is contradicted then.
    claim: &'static str,
}

const WRONG: &[Wrong] = &[
    Wrong {
        program: "cooks",
        right: ".map(|item| scope.spawn(move || job(item)))",
        wrong: ".map(|item| (job(item), scope.spawn(|| ())).0).map(|r| scope.spawn(move || r))",
        claim: "T1",
    },
    Wrong {
        program: "least_change",
        right: "let threads: Vec<_> = items.iter().map(start).collect();",
        wrong: "let threads = items.iter().map(start);",
        claim: "T4",
    },
    Wrong {
        program: "panic_report",
        right: "panic!(\"line {} is no number\", 7)",
        wrong: "panic::panic_any(7)",
        claim: "T6",
    },
    Wrong {
        program: "stack_memory",
        right: "let bytes = [1_u8; 1 << 20];",
        wrong: "let bytes = [1_u8; 1 << 10];",
        claim: "T10",
    },
    Wrong {
        program: "overlap",
        right: "sleep(WAIT).await;",
        wrong: "std::thread::sleep(WAIT);",
        claim: "A2",
    },
    Wrong {
        program: "event_loop",
        right: "system.poll(&mut events, pause)",
        wrong: "system.poll(&mut events, Some(pause.unwrap_or_default() * 0))",
        claim: "A19",
    },
    Wrong {
        program: "suspend_not_block",
        right: "sleep(NAP).await;",
        wrong: "thread::sleep(NAP);",
        claim: "A11",
    },
    Wrong {
        program: "task_group",
        right: "                tasks.shutdown().await; // cancels, and waits\n",
        wrong: "",
        claim: "A25",
    },
    Wrong {
        program: "buffered_stall_ways",
        right: "jobs.map(|job| AbortOnDropHandle::new(tokio::spawn(job)))
        .buffer_unordered(limit)
        .map(|ended| {
            ended.unwrap_or_else(|error| resume_unwind(error.into_panic()))
        })",
        wrong: "jobs.buffer_unordered(limit)",
        claim: "A29",
    },
    Wrong {
        program: "kitchens",
        right: "thread::Builder::new().spawn_scoped(scope, talk)",
        wrong: "{ let done = talk(); thread::Builder::new().spawn_scoped(scope, || done) }",
        claim: "M1",
    },
    Wrong {
        program: "shared_race",
        right: "race.counter.count.store(seen + 1, Relaxed);",
        wrong: "race.counter.add(1);",
        claim: "M5",
    },
    Wrong {
        program: "leak_returned",
        right: "black_box(memory.leak());",
        wrong: "drop(memory);",
        claim: "M8",
    },
    Wrong {
        program: "not_reaped",
        right: "    drop(child); //",
        wrong: "    drop(Reaped(child)); //",
        claim: "M9",
    },
    Wrong {
        program: "cpu_from_async_ways",
        right: "ProcessPool::new(WORKERS)?",
        wrong: "ProcessPool::new(1)?",
        claim: "F2",
    },
    Wrong {
        program: "swap_executor",
        right: "seen_on(&ProcessPool::new(WORKERS)?)?",
        wrong: "seen_on(&ThreadPool::new(WORKERS)?)?",
        claim: "F3",
    },
    Wrong {
        program: "nested_pool",
        right: "ThreadPool::new(JOBS)",
        wrong: "ThreadPool::new(JOBS + 1)",
        claim: "F11",
    },
    Wrong {
        program: "queue_growth",
        right: ".queue_limit(room)",
        wrong: "",
        claim: "F15",
    },
    Wrong {
        program: "who_encodes",
        right: "decoded_by: Some(process::id())",
        wrong: "decoded_by: None",
        claim: "F18",
    },
    Wrong {
        program: "tty",
        right: "let is_terminal = io::stdout().is_terminal();",
        wrong: "let is_terminal = false;",
        claim: "S13",
    },
    Wrong {
        program: "pipeline",
        right: "['0', '2', '4', '6', '8']",
        wrong: "['0', '2', '4', '6', '8', '9']",
        claim: "S4",
    },
    Wrong {
        program: "code_or_signal",
        right: "if output.status.success() {",
        wrong: "if output.status.code() != Some(255) {",
        claim: "S10",
    },
    Wrong {
        program: "still_kept",
        right: "\"discontinued\", ",
        wrong: "\"given up\", ",
        claim: "X8",
    },
];

#[test]
fn a_wrong_twin_is_contradicted() {
    let programs = programs::all().unwrap();
    let copy = Copy::new();
    let twins = WRONG.iter().map(|Wrong { program, right, wrong, claim }| {
        let found = programs.iter().find(|one| one.name == *program);
        let found = found.unwrap_or_else(|| panic!("{program} is not there"));
        assert!(found.claims().contains(claim), "{program}: {claim}");
        (copy.twin(found, right, wrong), *claim)
    });
    let twins: Vec<(String, &str)> = twins.collect();
    copy.build(twins.iter().map(|(name, _)| name.as_str()));
    let folder = Path::new(env!("CARGO_BIN_EXE_claims")).parent().unwrap();
    for (name, claim) in twins {
        let program = folder.join(&name);
        let contradicted = format!("Our answer to {claim} is contradicted: ");
        let is_contradicted = || {
            let _quiet = alone();
            let ran =
                run_with(program.to_str().unwrap(), &["--strict"], |_| {});
            let told = |line: &str| line.starts_with(&contradicted);
            let told = ran.stdout.lines().any(told);
            assert_eq!(ran.status.success(), !told, "{name}: {ran:?}");
            told
        };
        // What is wrong by chance may need more than one try.
        assert!(
            (0..3).any(|_| is_contradicted()),
            "{name} is not {contradicted}"
        );
        fs::remove_file(program).unwrap();
    }
}

#[test]
fn every_section_has_a_wrong_twin() {
    let programs = programs::all().unwrap();
    let section = |program: &&Program| {
        let path = program.source_path.strip_prefix(root()).unwrap();
        path.parent().unwrap().to_path_buf()
    };
    let is_wrong = |program: &&Program| {
        WRONG.iter().any(|wrong| wrong.program == program.name)
    };
    let wrong: Vec<PathBuf> =
        programs.iter().filter(is_wrong).map(|p| section(&p)).collect();
    for program in programs.iter().filter(|p| !p.claims().is_empty()) {
        let section = section(&program);
        assert!(wrong.contains(&section), "{} has none", section.display());
    }
}

/// This workspace once more, for twins. It is built to the same folder, so
/// that what it depends on is there already. It always has the same name, or
/// each run would leave other libraries there; so one run waits for another.
struct Copy {
    folder: PathBuf,
    _lock: File,
}

impl Copy {
    fn new() -> Copy {
        let tmp = root().join("target/tmp");
        fs::create_dir_all(&tmp).unwrap();
        let lock = File::create(tmp.join("wrong-twins.lock")).unwrap();
        lock.lock().unwrap();
        let copy = Copy { folder: tmp.join("wrong-twins"), _lock: lock };
        let _ = fs::remove_dir_all(&copy.folder); // of a run that was killed
        fs::create_dir_all(&copy.folder).unwrap();
        for entry in fs::read_dir(root()).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name();
            if name != "target" && name != ".git" {
                copy_all(&entry.path(), &copy.folder.join(name));
            }
        }
        copy
    }

    /// Puts a wrong twin beside the program, and returns its name.
    fn twin(&self, program: &Program, right: &str, wrong: &str) -> String {
        let Program { name, model, source, source_path, .. } = program;
        assert_eq!(source.matches(right).count(), 1, "{name}: {right}");
        let twin = format!("wrong_{name}");
        let path = source_path.strip_prefix(root()).unwrap();
        let path = path.with_file_name(format!("{twin}.rs"));
        let inside = path.strip_prefix(model).unwrap().display();
        // What is not used any more is no news here.
        let source = source.replace(right, wrong);
        let source = format!("#![allow(warnings)]\n{source}");
        fs::write(self.folder.join(&path), source).unwrap();
        let manifest = self.folder.join(model).join("Cargo.toml");
        let text = fs::read_to_string(&manifest).unwrap();
        let entry = format!(
            "[[bin]]\nname = {twin:?}\npath = \"{inside}\"\ntest = false\n\n"
        );
        // `[lints]` is the last section.
        let (before, lints) = text.rsplit_once("[lints]").unwrap();
        fs::write(&manifest, format!("{before}{entry}[lints]{lints}")).unwrap();
        twin
    }

    fn build<'a>(&self, twins: impl Iterator<Item = &'a str>) {
        let folder = Path::new(env!("CARGO_BIN_EXE_claims")).parent().unwrap();
        let profile = match folder.file_name().unwrap().to_str().unwrap() {
            "debug" => "dev",
            other => other,
        };
        let built = Command::new(env!("CARGO"))
            .current_dir(&self.folder)
            .args(["build", "--quiet", "--offline", "--profile", profile])
            .arg("--target-dir")
            .arg(folder.parent().unwrap())
            .args(twins.flat_map(|twin| ["--bin", twin]))
            .status()
            .unwrap();
        assert!(built.success());
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder); // in target: not in anybody's way
    }
}

fn copy_all(from: &Path, to: &Path) {
    if !from.is_dir() {
        fs::copy(from, to).unwrap();
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        copy_all(&entry.path(), &to.join(entry.file_name()));
    }
}
