//! The table in `tests/README.md` says where each promise is tested, and the
//! tests say which promises they are about: both say the same.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A row of the table, and a test, by the path of its function.
type Cited = BTreeSet<(String, String)>;

#[test]
fn the_table_and_the_tests_say_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let (mut cited, mut rows) = (Cited::new(), BTreeSet::new());
    for file in sources(&folder) {
        let module = file.strip_prefix(&folder).unwrap().with_extension("");
        let module: Vec<_> =
            module.iter().map(|part| part.to_str().unwrap()).collect();
        let source = fs::read_to_string(&file).unwrap();
        read_source(&module.join("::"), &source, &mut cited, &mut rows);
    }
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let (table, listed) = read_table(&readme);
    let missing: Vec<_> = rows.difference(&listed).collect();
    assert!(missing.is_empty(), "not in the table: {missing:?}");
    let missing: Vec<_> = cited.difference(&table).collect();
    assert!(missing.is_empty(), "not in the table: {missing:#?}");
    let missing: Vec<_> = table.difference(&cited).collect();
    assert!(missing.is_empty(), "no such test says so: {missing:#?}");
    assert!(table.len() >= 80, "where are they?");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let paths =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: PathBuf| match path.extension() {
        None => sources(&path),
        Some(kind) if kind == "rs" => vec![path],
        Some(_) => vec![],
    };
    paths.flat_map(of).collect()
}

/// Which rows the comments name, and those of them that stand at a function.
fn read_source(
    module: &str,
    source: &str,
    cited: &mut Cited,
    rows: &mut BTreeSet<String>,
) {
    let mut here = Vec::new();
    for line in source.lines() {
        if let Some((_, comment)) = line.split_once("//") {
            here.extend(rows_in(comment));
            rows.extend(rows_in(comment));
            continue;
        }
        let name = line.trim_start().split_once("fn ").map(|(_, name)| name);
        if let Some(name) = name {
            let end = |c: char| !c.is_alphanumeric() && c != '_';
            let name = name.split(end).next().unwrap();
            let test = format!("{module}::{name}");
            cited.extend(here.drain(..).map(|row| (row, test.clone())));
        }
        if !line.trim_start().starts_with("#[") {
            here.clear();
        }
    }
}

/// A block and a number, or the number of a decision.
fn rows_in(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '-');
    let is_number = |text: &str| text.parse::<u8>().is_ok();
    let is_row = move |word: &&str| match word.split_once('-') {
        Some((block, number)) => {
            ["FUT", "CRASH", "END", "SEC"].contains(&block) && is_number(number)
        }
        None => word.strip_prefix('D').is_some_and(is_number),
    };
    words.filter(is_row).map(String::from)
}

/// The rows with their tests, and all rows, also those that need no test.
fn read_table(readme: &str) -> (Cited, BTreeSet<String>) {
    let (mut table, mut listed) = (Cited::new(), BTreeSet::new());
    for line in readme.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        if rows_in(cells[1]).next().is_none() {
            continue; // a head, or another table
        }
        let ["", row, promise, tests, ""] = cells[..] else {
            panic!("not three cells: {line}");
        };
        assert!(listed.insert(row.to_string()), "{row} stands there twice");
        assert!(!promise.is_empty() && !tests.is_empty(), "{line}");
        let names = tests.split('`').filter(|name| name.contains("::"));
        table.extend(names.map(|name| (row.into(), name.into())));
    }
    (table, listed)
}
