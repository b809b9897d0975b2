//! The rules of the house, checked for every program of the workspace.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// A program, as declared in a manifest.
struct Program {
    package: String,
    name: String,
    path: PathBuf,
    source: String,
    /// Whether `cargo test` links it once more, as a harness for its tests.
    harness: bool,
}

impl Program {
    fn is_kitchen(&self) -> bool {
        self.source.contains("Kitchen::open()")
    }
}

/// The lines of code: without blank lines and comments.
fn code_lines(source: &str) -> usize {
    let lines = source.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn programs() -> Vec<Program> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let mut programs = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        for target in package["targets"].as_array().unwrap() {
            if target["kind"][0] == "bin" {
                let path = PathBuf::from(text(&target["src_path"]));
                programs.push(Program {
                    package: text(&package["name"]),
                    name: text(&target["name"]),
                    source: fs::read_to_string(&path).unwrap(),
                    harness: target["test"] == true,
                    path,
                });
            }
        }
    }
    assert!(programs.len() >= 15, "where are they?");
    programs
}

#[test]
fn no_two_programs_share_a_name() {
    let mut names = HashSet::new();
    for program in programs() {
        assert!(names.insert(program.name.clone()), "{} twice", program.name);
    }
}

#[test]
fn every_program_stands_in_a_section_of_its_chapter() {
    let sections = |package: &str| match package {
        "shared" => vec!["usage"],
        "threading" => vec!["usage", "pros", "cons", "cautions"],
        "asyncio" => vec!["usage", "concept", "features", "pros", "cons"],
        "futures_pool" => {
            vec!["usage", "pros", "cons", "thread_pool", "process_pool"]
        }
        "multiprocessing" | "subprocess" => vec!["usage", "pros", "cons"],
        other => panic!("{other} is not a chapter"),
    };
    for Program { package, name, path, .. } in programs() {
        let file = path.strip_prefix(root()).unwrap();
        let parts: Vec<_> = file.iter().map(|p| p.to_str().unwrap()).collect();
        let [member, "src", "bin", section, file] = parts[..] else {
            panic!("{name} stands in {}", file.display());
        };
        assert_eq!(member, package);
        assert_eq!(file, format!("{name}.rs"));
        assert!(sections(&package).contains(&section), "{name} in {section}");
    }
}

#[test]
fn every_program_has_a_header_with_its_run_command() {
    for Program { package, name, source, .. } in programs() {
        let header: Vec<_> =
            source.lines().take_while(|line| line.starts_with("//!")).collect();
        assert!(header.len() >= 3, "{name} has no header");
        let header = header.join("\n");
        // A debug build would not tell what something costs, and says so.
        let costs = source.contains("notice_debug_build()");
        let release = if costs { "--release " } else { "" };
        let command =
            format!("//!     cargo run {release}-p {package} --bin {name}");
        let ends = header.split(&command).nth(1).map(|rest| rest.as_bytes());
        assert!(matches!(ends, Some([b'\n' | b' ', ..])), "{name}: {command}");
        assert_eq!(header.contains("--release"), costs, "{name}");
        assert!(header.contains("Change this and watch:"), "{name}");
    }
}

#[test]
fn every_program_shows_a_real_output() {
    for Program { name, source, .. } in programs() {
        let shown = source.contains("//! Output (figures vary)");
        // What a caterer delivers is for another program to read.
        assert!(shown || name == "caterer", "{name}");
    }
}

#[test]
fn programs_are_short_and_main_tells_the_story() {
    for program in programs() {
        let Program { name, source, .. } = &program;
        let lines = code_lines(source);
        let most = match name.as_str() {
            "event_loop" => 160, // a kitchen, and the whole of its runtime
            _ if program.is_kitchen() => 60,
            _ => 120,
        };
        assert!(lines <= most, "{name} has {lines} lines of code");
        let main = source.lines().skip_while(|l| !l.contains("fn main()"));
        let main = main.take_while(|line| *line != "}").count() - 1;
        assert!(main <= 25, "main of {name} has {main} lines");
        assert!(!source.contains(".unwrap()"), "{name} unwraps");
        for line in source.lines() {
            // A table in a header may be as wide as the table.
            let most = if line.starts_with("//!     ") { 108 } else { 80 };
            assert!(line.chars().count() <= most, "{name}: {line}");
        }
    }
}

#[test]
fn the_readme_maps_every_program() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for Program { package, name, .. } in programs() {
        let entry = format!("`{name}`");
        assert!(readme.contains(&entry), "{package}::{name} is not in it");
    }
}

/// A program has no unit tests: it is run as a process by the tests beside it.
#[test]
fn programs_are_linked_once() {
    for Program { name, harness, source, .. } in programs() {
        assert!(!harness, "{name}: `test = false` is missing in its manifest");
        assert!(!source.contains("#[test]"), "{name}: this is never run");
    }
}

/// Where a crate has a README, that lists its programs and their claims.
#[test]
fn the_readme_of_a_crate_lists_its_programs() {
    let mut checked = 0;
    for Program { package, name, source, .. } in programs() {
        let readme = root().join(&package).join("README.md");
        let Ok(readme) = fs::read_to_string(readme) else {
            continue;
        };
        let claims =
            source.lines().find_map(|l| l.strip_prefix("//! Claims: "));
        let entry = format!("| `{name}` | {} |", claims.unwrap_or_default());
        assert!(readme.contains(&entry), "{package}: {entry}");
        checked += 1;
    }
    assert!(checked >= 20, "{checked}");
}

/// The lines of code below these folders, or in these files, without tests.
fn lines_without_tests(mut files: Vec<PathBuf>) -> usize {
    let mut lines = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            let inside = fs::read_dir(path).unwrap().map(|e| e.unwrap().path());
            files.extend(inside);
        } else {
            let source = fs::read_to_string(&path).unwrap();
            let source = source.split("#[cfg(test)]").next().unwrap();
            lines += code_lines(source);
        }
    }
    lines
}

#[test]
fn the_pools_can_be_read_in_an_hour() {
    let files = fs::read_dir(root().join("futures_pool/src")).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let lines =
        lines_without_tests(files.filter(|f| !f.ends_with("bin")).collect());
    println!("futures_pool has {lines} lines of code");
    assert!((1_000..=1_800).contains(&lines), "{lines}");
}
