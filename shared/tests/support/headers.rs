//! The output in a program's header is the output of the program.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Ran, run_with};

/// Runs every program of the crate in `folder` (its manifest's) as its header
/// says, and compares what it prints with what the header shows.
///
/// Figures are masked on both sides, and so are the bars of a chart. Lines come
/// in the order of the header, unless it says "any order". If it says "counts
/// do not", each `3 of 10` is the same on both sides.
///
/// With `RETAKE=chef,cooks` (or `RETAKE=all`) in the environment, what this run
/// prints is written into the header instead: a header shows what was printed
/// once. (Costs are not taken from a debug build.)
pub fn headers_are_true(folder: &str, a_program: &str, except: &[&str]) {
    let retake = std::env::var("RETAKE").unwrap_or_default();
    let mut compared = 0;
    for path in sources(folder) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        if except.contains(&name) {
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        let program = Path::new(a_program).with_file_name(name);
        let printed = tried(program.to_str().unwrap(), &source);
        let wanted = retake == "all" || retake.split(',').any(|n| n == name);
        if wanted && !printed.lines().any(is_of_debug_build) {
            fs::write(&path, retaken(&source, &printed)).unwrap();
        } else {
            compare(name, &source, &printed);
        }
        compared += 1;
    }
    assert!(compared > 0);
}

/// What it prints. A verdict by time may be contradicted once by chance, as
/// when two processes get one core; a wrong one is contradicted every time.
fn tried(program: &str, source: &str) -> String {
    let by_chance = |ran: &Ran| {
        source.contains("claim_timed")
            && ran.stderr.contains(" is contradicted: ")
    };
    let tries = || (0..3).map(|_| run(program, source));
    let ran = tries().find(|ran| !by_chance(ran));
    let ran = ran.unwrap_or_else(|| panic!("{program}: contradicted thrice"));
    assert!(ran.status.success(), "{program}: {ran:?}");
    assert_eq!(ran.stderr, "", "{program}");
    ran.stdout
}

/// The programs of the crate in `folder`, as its manifest lists them.
fn sources(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(folder);
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let paths = manifest.lines().filter_map(|line| {
        let path = line.strip_prefix("path = \"")?.strip_suffix('"')?;
        path.starts_with("src/bin/").then(|| folder.join(path))
    });
    paths.collect()
}

/// Runs it as the first command of its header says.
fn run(program: &str, source: &str) -> Ran {
    let first = source.lines().find(|line| line.contains(" --bin "));
    let arguments = first.and_then(|line| line.split_once(" -- "));
    let arguments: Vec<&str> =
        arguments.map_or(Vec::new(), |(_, words)| words.split(' ').collect());
    run_with(program, &arguments, |command| {
        command.env("LC_ALL", "C.UTF-8");
    })
}

/// The source with `printed` as the output in its header.
fn retaken(source: &str, printed: &str) -> String {
    let header = |line: &&str| line.starts_with("//!");
    let title = |line: &&str| !line.starts_with("//! Output");
    let upto: Vec<&str> = source.lines().take_while(title).collect();
    let line = source.lines().nth(upto.len()).expect("a header shows output");
    let output = printed.lines().map(|line| format!("//!     {line}"));
    let output = output.map(|line| line.trim_end().to_string());
    let code = source.lines().skip_while(header).map(str::to_string);
    let kept = upto.into_iter().chain([line]).map(str::to_string);
    let lines: Vec<_> = kept.chain(output).chain(code).collect();
    lines.join("\n") + "\n"
}

fn compare(program: &str, source: &str, printed: &str) {
    let header = source.lines().take_while(|line| line.starts_with("//!"));
    let mut header = header.skip_while(|line| !line.starts_with("//! Output"));
    let title = header.next().unwrap_or_else(|| panic!("{program}: no output"));
    let shown = header.map(|line| line.strip_prefix("//!     ").unwrap_or(""));
    let shown: Vec<&str> = shown.collect();
    // On a busy machine a verdict by time may be left open.
    let judged =
        printed.replace(" is not judged (busy machine): ", " is borne out: ");
    let lines: Vec<&str> =
        judged.lines().filter(|line| !is_of_debug_build(line)).collect();
    let any_order = title.contains("any order");
    let in_order = |mut all: Vec<String>| {
        if any_order {
            all.sort();
        }
        all
    };
    let all = |lines: &[&str]| in_order(lines.iter().map(masked).collect());
    assert_eq!(all(&shown), all(&lines), "{program} prints\n{printed}");
    if title.contains("counts do not") {
        let all =
            |lines: &[&str]| in_order(lines.iter().flat_map(counts).collect());
        assert!(!all(&shown).is_empty(), "{program} has no counts");
        assert_eq!(all(&shown), all(&lines), "{program} prints\n{printed}");
    }
}

/// Only a debug build says that it is one: what a header shows of costs comes
/// from a release build.
fn is_of_debug_build(line: &str) -> bool {
    line.starts_with("(debug build")
}

/// Every `3 of 10` in a line.
fn counts(line: &&str) -> Vec<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_number = |word: &str| {
        let digits = word.trim_end_matches([',', '.', ':', ';']);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    };
    let is_count =
        |w: &&[&str]| is_number(w[0]) && w[1] == "of" && is_number(w[2]);
    words.windows(3).filter(is_count).map(|w| w.join(" ")).collect()
}

/// Numbers become `0`, bars disappear, and so does what space is left.
fn masked(line: &&str) -> String {
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
