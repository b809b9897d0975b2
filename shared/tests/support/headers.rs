//! The output in a program's header is the output of the program.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::run_with;

/// Runs every program of the crate in `folder` (its manifest's) as its header
/// says, and compares what it prints with what the header shows.
///
/// Figures are masked on both sides, and so are the bars of a chart. Lines come
/// in the order of the header, unless it says "any order". If it says "counts
/// do not", each `3 of 10` is the same on both sides.
///
/// With `RETAKE=chef,cooks` (or `RETAKE=all`) in the environment, what this run
/// prints is written into the header instead: a header shows what was printed
/// once.
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
        let printed = run(program.to_str().unwrap(), &source);
        if retake == "all" || retake.split(',').any(|one| one == name) {
            fs::write(&path, retaken(&source, &printed)).unwrap();
        } else {
            compare(name, &source, &printed);
        }
        compared += 1;
    }
    assert!(compared > 0);
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

/// What it prints when it is run as the first command of its header says.
fn run(program: &str, source: &str) -> String {
    let first = source.lines().find(|line| line.contains(" --bin "));
    let arguments = first.and_then(|line| line.split_once(" -- "));
    let arguments: Vec<&str> =
        arguments.map_or(Vec::new(), |(_, words)| words.split(' ').collect());
    let ran = run_with(program, &arguments, |command| {
        command.env("LC_ALL", "C.UTF-8");
    });
    assert!(ran.status.success(), "{program}: {ran:?}");
    assert_eq!(ran.stderr, "", "{program}");
    ran.stdout
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
    let mut shown: Vec<String> = shown.map(masked).collect();
    // On a busy machine a verdict by time may be left open.
    let judged =
        printed.replace(" is not judged (busy machine): ", " is borne out: ");
    let mut lines: Vec<String> = judged.lines().map(masked).collect();
    // Only a debug build says that it is one: what a header shows comes from
    // a release build.
    lines.retain(|line| !line.starts_with("(debug build"));
    if title.contains("any order") {
        shown.sort();
        lines.sort();
    }
    assert_eq!(shown, lines, "{program} prints\n{printed}");
    if title.contains("counts do not") {
        let (_, output) = source.split_once("//! Output").expect("its title");
        let output = output.lines().take_while(|line| !line.is_empty());
        let output: Vec<&str> =
            output.filter_map(|line| line.strip_prefix("//!     ")).collect();
        let output = output.join("\n");
        let (mut shown, mut told) = (counts(&output), counts(&judged));
        if title.contains("any order") {
            shown.sort();
            told.sort();
        }
        assert!(!shown.is_empty(), "{program} has no counts");
        assert_eq!(shown, told, "{program} prints\n{printed}");
    }
}

/// Every `3 of 10` in a text.
fn counts(text: &str) -> Vec<[&str; 3]> {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace()).collect();
    let is_number = |word: &str| {
        let digits = word.trim_end_matches([',', '.', ':', ';']);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    };
    let is_count =
        |w: &[&str]| is_number(w[0]) && w[1] == "of" && is_number(w[2]);
    let counts = words.windows(3).filter(|words| is_count(words));
    counts.map(|words| [words[0], words[1], words[2]]).collect()
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
