//! The output in a program's header is the output of the program.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use super::run_with;

/// Runs every program of the crate in `folder` (its manifest's) as its header
/// says, and compares what it prints with what the header shows.
///
/// Figures are masked on both sides, and so are the bars of a chart. Lines come
/// in the order of the header, unless it says "any order".
pub fn headers_are_true(folder: &str, a_program: &str, except: &[&str]) {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
        .current_dir(folder)
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let manifest = Path::new(folder).join("Cargo.toml");
    let own = |p: &&Value| {
        Path::new(p["manifest_path"].as_str().unwrap()) == manifest
    };
    let targets = packages.iter().find(own).unwrap()["targets"].as_array();
    let mut compared = 0;
    for target in targets.unwrap() {
        let name = target["name"].as_str().unwrap();
        if target["kind"][0] != "bin" || except.contains(&name) {
            continue;
        }
        let source = fs::read_to_string(target["src_path"].as_str().unwrap());
        let program = Path::new(a_program).with_file_name(name);
        compare(program.to_str().unwrap(), &source.unwrap());
        compared += 1;
    }
    assert!(compared > 0);
}

fn compare(program: &str, source: &str) {
    let header = source.lines().take_while(|line| line.starts_with("//!"));
    let mut header = header.skip_while(|line| !line.starts_with("//! Output"));
    let title = header.next().unwrap_or_else(|| panic!("{program}: no output"));
    let shown: Vec<&str> = header
        .map(|line| line.strip_prefix("//!     ").unwrap_or(""))
        .collect();
    // As it is run in the header, without options for cargo itself.
    let first = source.lines().find(|line| line.contains(" --bin "));
    let arguments = first.and_then(|line| line.split_once(" -- "));
    let arguments: Vec<&str> =
        arguments.map_or(Vec::new(), |(_, words)| words.split(' ').collect());
    let ran = run_with(program, &arguments, |command| {
        command.env("LC_ALL", "C.UTF-8");
    });
    assert!(ran.status.success(), "{program}: {ran:?}");
    assert_eq!(ran.stderr, "", "{program}");
    let mut shown: Vec<String> = shown.into_iter().map(masked).collect();
    let mut printed: Vec<String> = ran.stdout.lines().map(masked).collect();
    // Only a debug build says that it is one.
    for lines in [&mut shown, &mut printed] {
        lines.retain(|line| !line.starts_with("(debug build"));
    }
    if title.contains("any order") {
        shown.sort();
        printed.sort();
    }
    assert_eq!(shown, printed, "{program} prints\n{}", ran.stdout);
}

/// Numbers become `0`, bars disappear, and so does what space is left.
fn masked(line: &str) -> String {
    let mut masked = String::new();
    for character in line.chars() {
        match character {
            '█' | '░' => {}
            '0'..='9' | '.' if masked.ends_with('0') => {}
            '0'..='9' => masked.push('0'),
            other => masked.push(other),
        }
    }
    let words: Vec<&str> = masked.split_whitespace().collect();
    // One core or several, one switch or several.
    let word = |word: &&str| word.trim_end_matches('s').to_string();
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}
