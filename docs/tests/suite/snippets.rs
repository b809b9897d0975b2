//! What is there to be copied can be copied.

use std::path::{Path, PathBuf};
use std::{fs, process::Command};

use docs::programs::{self, Program};
use docs::snippets::{self, Found, Snippet};

use crate::support::*;

const SNIPPET: &str = env!("CARGO_BIN_EXE_snippet");

fn program(source: &str) -> Program {
    let path = PathBuf::from("test");
    let source = source.to_string();
    Program { source, ..Program::from_elsewhere(path) }
}

#[test]
fn every_snippet_builds_alone() {
    let ran = run(SNIPPET, &["--check"]);
    assert!(ran.status.success(), "{ran:?}");
    let count = snippets::all(&programs::all().unwrap()).unwrap().len();
    assert!(count > 0);
    assert_eq!(ran.stdout, format!("{count} snippets, each builds alone\n"));
}

#[test]
fn a_snippet_that_does_not_build_is_named() {
    let source = "// ANCHOR: bad\npub fn f() { missing() }\n// ANCHOR_END: bad\n\
                  // ANCHOR: good\npub fn g() {}\n// ANCHOR_END: good\n";
    let snippets = snippets::all(&[program(source)]).unwrap();
    let failed = snippets::check(&snippets).unwrap();
    assert_eq!(failed[0], "test:bad");
    assert!(!failed.contains(&"test:good".to_string()), "{failed:?}");
}

#[test]
fn code_is_moved_to_the_margin_and_brings_its_dependencies() {
    let all = snippets::all(&programs::all().unwrap()).unwrap();
    for snippet in &all {
        assert!(!snippet.code.starts_with(' '), "{}", snippet.name);
        assert!(!snippet.code.contains("shared::"), "{}", snippet.name);
        let ran = run(SNIPPET, &[&snippet.name]);
        let lines = snippet.dependencies.iter();
        let lines: String =
            lines.map(|l| format!("// Cargo.toml: {l}\n")).collect();
        let printed = lines + &snippet.code;
        let more = ran.stdout.strip_prefix(&printed);
        let more = more.unwrap_or_else(|| panic!("{}", snippet.name));
        assert!(more.is_empty() || more.starts_with("// More in this program"));
        assert_eq!(ran.stderr, "");
    }
    let list = run(SNIPPET, &[]).stdout;
    for Snippet { name, about, title, .. } in &all {
        assert!(!about.is_empty(), "{name} has no documentation");
        assert!(list.contains(title), "{title}");
        let row = format!("    {name:<32} {about}\n");
        assert!(list.contains(&row), "{row}");
    }
}

#[test]
fn only_what_is_named_is_a_dependency() {
    let all = snippets::all(&programs::all().unwrap()).unwrap();
    let stop = all.iter().find(|one| one.program() == "stop_signal").unwrap();
    assert!(stop.code.contains("tokio::signal::unix::"));
    let nix = stop.dependencies.iter().any(|line| line.starts_with("nix"));
    assert!(!nix, "{:?}", stop.dependencies);
}

#[test]
fn what_a_python_programmer_calls_it_is_found() {
    let all = snippets::all(&programs::all().unwrap()).unwrap();
    for word in snippets::synonyms().unwrap() {
        assert!(snippets::search(&all, &word).is_ok(), "{word}");
        let upper = word.to_uppercase().replace('_', "-");
        assert!(snippets::search(&all, &upper).is_ok(), "{upper}");
    }
    let known = snippets::search(&all, &all[0].name).unwrap();
    assert_eq!(known, Found::One(&all[0]));
}

/// A library with a program that says where it is; or a program.
#[test]
fn a_new_crate_builds_and_runs() {
    let folder = std::env::temp_dir();
    let folder = folder.join(format!("new_crate-{}", std::process::id()));
    let path = folder.to_str().unwrap();
    let ran = run(SNIPPET, &["panic_report", "--new", path]);
    assert!(ran.status.success(), "{ran:?}");
    let again = run(SNIPPET, &["panic_report", "--new", path]);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(again.stderr, format!("Error: {path} is there already\n"));
    let said = built_and_run(&folder);
    fs::remove_dir_all(&folder).unwrap();
    assert!(said.contains("panic_report is in src/lib.rs"), "{said}");
}

/// The server in the README of asyncio: three parts, and its `main`.
#[test]
fn several_make_one_crate() {
    let folder = std::env::temp_dir();
    let folder = folder.join(format!("together-{}", std::process::id()));
    let path = folder.join("server");
    let readme = programs::root().join("asyncio/README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let (_, after) = readme.split_once("$ cargo snippet ").unwrap();
    let (command, after) = after.split_once(" --new server\n").unwrap();
    let (_, main) = after.split_once("```rust\n").unwrap();
    let (main, _) = main.split_once("```").unwrap();
    let mut words: Vec<&str> = command.split(' ').collect();
    assert_eq!(words.len(), 3, "{command}");
    words.extend(["--new", path.to_str().unwrap()]);
    let ran = run(SNIPPET, &words);
    assert!(ran.status.success(), "{ran:?}");
    // Any port that is free, and a signal that has come already.
    let main = main.replace(":8000", ":0");
    let main =
        main.replace("stop_signal()?;", "async { drop(stop_signal()) };");
    fs::write(path.join("src/main.rs"), main).unwrap();
    let said = built_and_run(&path);
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(said, "");
}

/// What this crate prints: no warning, and no error.
fn built_and_run(folder: &Path) -> String {
    let ran = Command::new(env!("CARGO"))
        .env("CARGO_TARGET_DIR", programs::root().join("target/snippets"))
        .args(["run", "--quiet", "--offline", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .output()
        .unwrap();
    let complaints = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.success() && complaints.is_empty(), "{complaints}");
    String::from_utf8(ran.stdout).unwrap()
}

#[test]
fn anchors_without_an_end_are_errors() {
    for source in [
        "// ANCHOR: a\n",
        "// ANCHOR_END: a\n",
        "// ANCHOR: a\n// ANCHOR: b\n// ANCHOR_END: b\n",
        "// ANCHOR: a\n// ANCHOR_END: b\n",
    ] {
        assert!(snippets::all(&[program(source)]).is_err(), "{source}");
    }
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    let all = snippets::all(&programs::all().unwrap()).unwrap();
    let known = all[0].name.split(':').next().unwrap();
    let ran = run(SNIPPET, &[&format!("{known}x")]);
    assert_eq!(ran.status.code(), Some(2), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1);
    assert!(ran.stderr.contains(&all[0].name), "{ran:?}");
    for wrong in [&["--salt"][..], &["--new", "x"], &["--new"]] {
        assert_eq!(run(SNIPPET, wrong).status.code(), Some(2), "{wrong:?}");
    }
}
