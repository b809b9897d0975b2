//! What is there to be copied can be copied.

use std::path::PathBuf;

use docs::programs::{self, Program};
use docs::snippets;

use crate::support::*;

const SNIPPET: &str = env!("CARGO_BIN_EXE_snippet");

fn program(source: &str) -> Program {
    let path = PathBuf::from("test");
    let source = source.to_string();
    Program { source, ..Program::from_elsewhere(path) }
}

#[test]
fn every_snippet_builds_alone() {
    let _quiet = alone();
    let ran = run(SNIPPET, &["--check"]);
    assert!(ran.status.success(), "{ran:?}");
    let count = snippets::all(&programs::all().unwrap()).unwrap().len();
    assert!(count > 0);
    assert_eq!(ran.stdout, format!("{count} snippets, each builds alone\n"));
}

#[test]
fn a_snippet_that_does_not_build_is_named() {
    let _quiet = alone();
    let source = "// ANCHOR: bad\nfn f() { missing() }\n// ANCHOR_END: bad\n\
                  // ANCHOR: good\nfn g() {}\n// ANCHOR_END: good\n";
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
        assert_eq!(ran.stdout, lines + &snippet.code);
        assert_eq!(ran.stderr, "");
    }
    let list = run(SNIPPET, &["--list"]).stdout;
    let names: Vec<&str> = all.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(list.lines().collect::<Vec<_>>(), names);
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
    for wrong in [&["--salt"][..], &[], &["a", "b"]] {
        assert_eq!(run(SNIPPET, wrong).status.code(), Some(2), "{wrong:?}");
    }
}
