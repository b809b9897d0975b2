//! The table of promises in `tests/README.md`.

use std::{collections::BTreeSet, fs, path::Path};

/// A row's number and a test.
type Pairs = BTreeSet<(String, String)>;

#[test]
fn the_table_names_every_row() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let table = fs::read_to_string(tests.join("README.md")).unwrap();
    assert_eq!(in_table(&table), in_comments(&tests.join("suite")));
}

fn in_table(table: &str) -> Pairs {
    let rows = table.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, row, _, tests, _] = cells[..] else { return None };
        (row.starts_with("SUB-") || row.starts_with("SEC-"))
            .then(|| tests.split(", ").map(move |test| (row, test)))
    });
    rows.flatten()
        .map(|(row, test)| (row.into(), test.trim_matches('`').into()))
        .collect()
}

/// The doc comment of a test begins with its rows.
fn in_comments(folder: &Path) -> Pairs {
    let mut pairs = Pairs::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_string();
        let mut rows: Vec<String> = Vec::new();
        for line in fs::read_to_string(&path).unwrap().lines() {
            if let Some(comment) = line.strip_prefix("/// ") {
                let words = comment.split([' ', ',', ':', ';', '.', '(']);
                let is_row = |word: &&str| {
                    let number =
                        word.strip_prefix("SUB-").or(word.strip_prefix("SEC-"));
                    number.is_some_and(|number| number.parse::<u32>().is_ok())
                };
                rows.extend(words.filter(is_row).map(str::to_string));
            } else if let Some(rest) = line.strip_prefix("fn ") {
                let name = rest.split('(').next().unwrap();
                let test = format!("{module}::{name}");
                pairs.extend(rows.drain(..).map(|row| (row, test.clone())));
            } else if !line.starts_with("#[") {
                rows.clear();
            }
        }
    }
    pairs
}
