//! The rules of the house, checked for every program of the workspace.

use std::{collections::HashSet, fs, path::PathBuf};

use docs::{
    programs::{self, Program, root},
    snippets,
    source::code_lines,
    tables::{self, Readme},
};

fn programs() -> Vec<Program> {
    let programs = programs::all().unwrap();
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
        "docs" => vec!["usage"],
        other => panic!("{other} is not a chapter"),
    };
    for Program { model: package, name, source_path, .. } in programs() {
        let file = source_path.strip_prefix(root()).unwrap();
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
    for program in programs() {
        let Program { model: package, name, .. } = &program;
        assert!(program.header().count() >= 3, "{name} has no header");
        let command = program.run_command().unwrap_or_default();
        // A debug build would not tell what something costs, and says so.
        let costs = program.source.contains("notice_debug_build()");
        assert_eq!(program.is_cost_program(), costs, "{name}");
        let profile = if costs { "--release " } else { "" };
        let wanted = format!("cargo run {profile}-p {package} --bin {name}");
        let rest = command.strip_prefix(&wanted);
        let ends = rest.is_some_and(|r| r.is_empty() || r.starts_with(" -- "));
        assert!(ends, "{name}: {wanted}");
        let release = program.header().any(|l| l.contains("--release"));
        assert_eq!(release, costs, "{name}");
        let mut lines = program.header();
        assert!(lines.any(|l| l.contains("Change this and watch:")), "{name}");
    }
}

#[test]
fn every_program_shows_a_real_output() {
    for Program { name, source, .. } in programs() {
        let shown = source.contains("//! Output (");
        // What a caterer delivers is for another program to read.
        assert!(shown || name == "caterer", "{name}");
    }
}

/// Most programs are lessons, some are surveys. No number is to be written up
/// to: what counts is the median.
#[test]
fn programs_are_short() {
    let (processes, others): (Vec<_>, Vec<_>) =
        programs().into_iter().partition(|program| {
            ["multiprocessing", "subprocess"].contains(&program.model.as_str())
        });
    // A program between processes has two sides, and checks both.
    are_short("of processes", &processes, [80, 65], 50);
    are_short("all others", &others, [60, 45], 10);
}

/// The limits are medians: of whole files, and without the parts to copy. So
/// many per cent of the programs may be longer than 80 lines.
fn are_short(
    name: &str,
    programs: &[Program],
    limits: [usize; 2],
    percent: usize,
) {
    let mut whole: Vec<usize> = Vec::new();
    let mut lessons: Vec<usize> = Vec::new();
    for Program { name, source, .. } in programs {
        let count = code_lines(source).len();
        // A whole runtime is long: to be whole is its subject.
        assert!(count <= 100 || name == "event_loop", "{name}: {count}");
        whole.push(count);
        lessons.push(code_lines(&without_parts_to_copy(source)).len());
    }
    whole.sort();
    lessons.sort();
    let middle = programs.len() / 2;
    let over_80 = whole.iter().filter(|count| **count > 80).count();
    println!(
        "{name}: {} programs, {} lines of code in the median, {} without the \
         parts to copy; {over_80} over 80",
        programs.len(),
        whole[middle],
        lessons[middle]
    );
    assert!(whole[middle] <= limits[0], "{name}: {}", whole[middle]);
    assert!(lessons[middle] <= limits[1], "{name}: {}", lessons[middle]);
    assert!(100 * over_80 <= percent * programs.len(), "{name}: {over_80}");
}

fn without_parts_to_copy(source: &str) -> String {
    let mut copied = false;
    let kept = source.lines().filter(|line| {
        let line = line.trim_start();
        copied |= line.starts_with("// ANCHOR: ");
        let kept = !copied;
        copied &= !line.starts_with("// ANCHOR_END: ");
        kept
    });
    kept.collect::<Vec<_>>().join("\n")
}

#[test]
fn main_tells_the_story() {
    for Program { name, source, .. } in programs() {
        let main = source.lines().skip_while(|l| !l.contains("fn main()"));
        let main = main.take_while(|line| *line != "}").count() - 1;
        assert!(main <= 25, "main of {name} has {main} lines");
        assert!(!source.contains(".unwrap()"), "{name} unwraps");
        for line in source.lines() {
            // A table in a header may be as wide as the table, and a statement
            // is quoted as it is.
            let most = if line.starts_with("//!     ") { 128 } else { 80 };
            assert!(line.chars().count() <= most, "{name}: {line}");
        }
    }
}

/// A program is found in tables by its first line, which is a sentence.
#[test]
fn the_first_line_of_a_header_is_a_whole_sentence() {
    for program in programs() {
        let title = program.header().next().unwrap_or_default();
        let ends = title.ends_with(['.', '?']);
        assert!(ends, "{}: {title}", program.name);
    }
}

/// Except the programs that run all the others, and what these are for.
#[test]
fn every_program_has_a_part_to_copy() {
    for program in programs() {
        let Program { model, name, .. } = &program;
        // `takeout` starts the caterer: another program, with no lesson.
        let is_tool = ["docs", "shared"].contains(&model.as_str());
        let has_one =
            !snippets::all(std::slice::from_ref(&program)).unwrap().is_empty();
        assert!(has_one || is_tool || name == "caterer", "{name}: no snippet");
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

/// `cargo tables` makes them so.
#[test]
fn the_readmes_list_every_program_as_its_header_tells() {
    let readmes = tables::readmes().unwrap();
    let paths: Vec<&str> =
        readmes.iter().map(|one| one.path.as_str()).collect();
    let crates = [
        "threading",
        "asyncio",
        "multiprocessing",
        "futures_pool",
        "subprocess",
        "docs",
    ];
    let english = crates.map(|name| format!("{name}/README.md"));
    assert_eq!(paths[0], "README.md");
    assert_eq!(paths[1..7], english);
    assert_eq!(paths[7..], ["README.ko.md", "docs/README.ko.md"]);
    for Readme { path, is, shall_be } in readmes {
        assert!(is == shall_be, "{path}: run `cargo tables`");
    }
}

/// The lines of code below these folders, or in these files, without tests.
fn lines_without_tests(mut files: Vec<PathBuf>) -> usize {
    let mut lines = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            let inside = fs::read_dir(path).unwrap().map(|e| e.unwrap().path());
            files.extend(inside.filter(|path| !path.ends_with("tests.rs")));
        } else {
            let source = fs::read_to_string(&path).unwrap();
            let source = source.split("#[cfg(test)]").next().unwrap();
            lines += code_lines(source).len();
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
    assert!((1_000..=3_000).contains(&lines), "{lines}");
}
