//! What the README says of the runtimes is what programs have shown.

use std::fs;

fn read(path: &str) -> String {
    fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR")))
        .unwrap()
}

/// The output in a program's header, which its own test compares with a run;
/// without the statements of the article, for which the README has no room.
fn shown_by(program: &str) -> String {
    let source = read(program);
    let header = source.lines().take_while(|line| line.starts_with("//!"));
    let output = header.skip_while(|line| !line.starts_with("//! Output"));
    let lines = output.skip(1).filter_map(|line| line.strip_prefix("//!     "));
    let is_figure = |line: &&str| {
        !line.starts_with("The article, ")
            && !line.starts_with("Not in the article, ")
            && !line.starts_with("Our answer for Rust")
    };
    lines.filter(is_figure).map(|line| format!("{line}\n")).collect()
}

#[test]
fn its_tables_are_outputs_of_programs() {
    let readme = read("README.md");
    for program in [
        "src/bin/pros/drop_handle_kinds.rs",
        "src/bin/features/default_workers.rs",
        "src/bin/features/hidden_threads.rs",
    ] {
        let output = shown_by(program);
        assert!(!output.is_empty(), "{program}");
        assert!(readme.contains(&format!("```text\n{output}```")), "{output}");
    }
}

/// Every name in "Moving from async-std to smol" stands in the two twins.
#[test]
fn the_table_for_moving_is_made_of_what_the_twins_differ_in() {
    let readme = read("README.md");
    let (_, section) = readme.split_once("## Moving from").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows: Vec<_> =
        section.lines().filter(|l| l.starts_with("| `")).collect();
    assert!(rows.len() >= 5);
    let twins =
        ["src/bin/usage/chef_async_std.rs", "src/bin/usage/chef_smol.rs"];
    for (column, twin) in twins.into_iter().enumerate() {
        let source = read(twin);
        for row in &rows {
            let cell = row.split('|').nth(column + 1).unwrap();
            let name = cell.split('`').nth(1).unwrap();
            let last = name.split("::").last().unwrap();
            let words = last.split(|c: char| !c.is_alphanumeric() && c != '_');
            for word in words.filter(|word| !word.is_empty()) {
                assert!(source.contains(word), "{twin} has no {word}");
            }
        }
    }
}

/// Who pastes the lines for `Cargo.toml` can build what `chef` does.
#[test]
fn the_lines_to_paste_have_what_the_chef_needs() {
    let (readme, chef) = (read("README.md"), read("src/bin/usage/chef.rs"));
    let line = readme.lines().find(|l| l.starts_with("tokio = ")).unwrap();
    for (feature, used) in [
        ("rt", "tokio::spawn"),
        ("net", "net::TcpStream"),
        ("io-util", "io::{AsyncReadExt"),
        ("time", "time::timeout"),
        ("macros", "#[tokio::main"),
    ] {
        assert!(chef.contains(used), "{used}");
        assert!(line.contains(&format!("\"{feature}\"")), "{feature}");
    }
    assert!(readme.contains("\ntokio-util = "));
}
