//! What is told in English is told in Korean, too.

use std::{collections::HashSet, path::Path};

use docs::{
    compare::{Row, tables, timelines},
    ledger, programs, titles,
};
use serde_json::{Value, json};
use shared::{Language, Menu, report::width};

use crate::support::{alone, run};

const COMPARE: &str = env!("CARGO_BIN_EXE_compare");
const CLAIMS: &str = env!("CARGO_BIN_EXE_claims");
const LEDGER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/ledger.toml");

/// A title in Korean fits a line, as the first line of a header does.
#[test]
fn every_program_has_a_korean_title_and_no_title_is_left_over() {
    let titles = titles::korean().unwrap();
    let programs = programs::all().unwrap();
    let names = || programs.iter().map(|program| &program.name);
    for name in names() {
        let title = titles.get(name);
        let title = title.unwrap_or_else(|| panic!("{name} has no title"));
        assert!(title.chars().any(is_korean), "{name}: {title}");
        assert!(!title.ends_with(['.', ' ']), "{name}: {title}");
        assert!(width(title) <= 78, "{name}: {title}");
    }
    for left in titles.keys() {
        assert!(names().any(|name| name == left), "there is no {left}");
    }
}

fn is_korean(character: char) -> bool {
    ('가'..='힣').contains(&character)
}

#[test]
fn every_statement_and_what_is_true_of_python_is_told_in_korean() {
    for claim in ledger::read(LEDGER.as_ref()).unwrap() {
        for told in [&claim.ko, &claim.python_ko] {
            assert!(told.chars().any(is_korean), "{}: {told}", claim.id);
        }
        let ours = claim.ko.contains("글에 없음)");
        let says_so = claim.says.to_lowercase().contains("not in the article");
        assert_eq!(ours, says_so, "{}: {}", claim.id, claim.ko);
    }
}

/// A program that has cooked two dishes, one that crashed, and one that hung.
fn rows() -> Vec<Row> {
    let plate = |dish: u32, name: &str, thread: &str, end: f64| {
        json!({
            "dish": dish, "name": name, "pid": 4711, "thread": thread,
            "prep_ms": [1.0, 5.5], "bake_ms": [5.5, end],
        })
    };
    let plates = json!([
        plate(1, "bibimbap", "main", 75.0),
        plate(12, "bulgogi", "thread #12", 1066.0),
        plate(3, "soup", "a name that is long", 90.0),
    ]);
    let row = |program: &str, status: &str, more: Value| {
        let mut report = more.as_object().cloned().unwrap();
        report.insert("status".into(), json!(status));
        Row { program: program.into(), menu: Menu::Mixed, report }
    };
    let cooked = json!({
        "wall_ms": 1066.25, "serial_ms": 2000.0, "bound_ms": 533.0,
        "threads": 12, "processes": 1, "peak_rss_kib": 3277, "cpu_ms": 4,
        "switches": 18, "lines_changed": 21, "plates": plates,
    });
    vec![
        row("cooks", "ok", cooked),
        row("crashed", "exit status: 101: thread 'main' panicked", json!({})),
        row("hung", "not done after 60s", json!({})),
    ]
}

#[test]
fn compare_tells_the_same_rows_and_figures_in_each_language() {
    let told = |language| {
        let text = tables(&rows(), language) + &timelines(&rows(), language);
        anstream::adapter::strip_str(&text).to_string()
    };
    let [english, korean] = [Language::En, Language::Ko].map(told);
    assert_eq!(english.lines().count(), korean.lines().count());
    for (english, korean) in english.lines().zip(korean.lines()) {
        assert_eq!(figures(english), figures(korean), "{english}\n{korean}");
        assert!(width(english) <= 100 && width(korean) <= 100, "{korean}");
    }
    for said in ["crashed: 종료 상태 101", "hung: 제한 시간 초과: 60s", " 실패"]
    {
        assert!(korean.contains(said), "{said}: {korean}");
    }
    for (number, dish) in [(1, "비빔밥"), (12, "불고기"), (3, "soup")] {
        assert!(korean.contains(&format!("{number:>2} {dish}")), "{korean}");
    }
}

/// Every number of a line, in order.
fn figures(line: &str) -> Vec<&str> {
    let words = line.split(|c: char| !c.is_ascii_digit() && c != '.');
    words.filter(|word| word.parse::<f64>().is_ok()).collect()
}

#[test]
fn columns_of_compare_are_aligned_in_each_language() {
    for (language, head) in
        [(Language::En, "wall ms"), (Language::Ko, "시간 ms")]
    {
        let told = tables(&rows(), language);
        let table: Vec<&str> = told.lines().skip(3).take(4).collect();
        // Where a cell ends: of the heading, of a time, of `failed`.
        let end = |line: &str, cell: &str| {
            let after = line.split_once(cell).map_or("", |(_, after)| after);
            width(line) - width(after)
        };
        let cells = [head, "1066", "failed", "실패"];
        let ends = table.iter().zip(cells).map(|(line, cell)| end(line, cell));
        let ends: HashSet<usize> = ends.collect();
        assert_eq!(ends.len(), 1, "{told}");
        let last = table.iter().take(2).map(|line| width(line));
        assert_eq!(last.collect::<HashSet<_>>().len(), 1, "{told}");
        let charts = timelines(&rows(), language);
        let charts = anstream::adapter::strip_str(&charts).to_string();
        let edge = |line: &str| {
            let (before, _) = line.split_once(['│', '|'])?;
            Some(width(before))
        };
        let edges: Vec<usize> = charts.lines().filter_map(edge).collect();
        assert_eq!(edges, [34; 3], "{charts}");
    }
}

/// JSON is for programs: it is the same in every language.
#[test]
fn a_kitchen_tells_its_meal_in_korean_and_json_as_ever() {
    let _quiet = alone();
    let claims = run(CLAIMS, &["--dev", "A1"]); // builds it
    assert!(claims.status.success(), "{claims:?}");
    let chef = Path::new(CLAIMS).with_file_name("chef");
    let chef = chef.to_str().unwrap();
    let ask = |arguments: &[&str]| {
        let ran = run(chef, &[&["--lang", "ko"], arguments].concat());
        assert!(ran.status.success(), "{ran:?}");
        ran.stdout
    };
    let told = ask(&[]);
    assert!(told.contains("실제로 걸린 시간"), "{told}");
    assert!(told.contains("A1에 대한 우리의 답: 뒷받침됨. 스레드 1개"));
    let json = ask(&["--json"]);
    assert!(json.is_ascii(), "{json}");
    assert!(json.contains("1 thread cooked 10 dishes at the same time"));
    let titles = titles::korean().unwrap();
    let help = ask(&["--help"]);
    assert!(help.starts_with(&titles["chef"]), "{help}");
    assert!(help.contains("    cargo run -p asyncio --bin chef"), "{help}");
}

/// The other way round `--help` is English: it is what stands before it.
#[test]
fn help_in_korean_tells_every_option() {
    for program in [COMPARE, CLAIMS] {
        let options = |arguments: &[&str]| -> Vec<String> {
            let ran = run(program, arguments);
            assert!(ran.status.success(), "{ran:?}");
            let told = ran.stdout.chars().any(is_korean);
            assert_eq!(told, arguments[0] == "--lang", "{ran:?}");
            let words = ran.stdout.lines().filter_map(|line| {
                line.strip_prefix("  --")?.split_whitespace().next()
            });
            words.map(str::to_string).collect()
        };
        let english = options(&["--help", "--lang", "ko"]);
        assert!(english.len() > 5, "{english:?}");
        assert_eq!(english, options(&["--lang", "ko", "--help"]));
    }
}

#[test]
fn an_unknown_language_is_one_line() {
    for program in [COMPARE, CLAIMS] {
        for wrong in [&["--lang", "fr"][..], &["--lang"]] {
            let ran = run(program, wrong);
            assert_eq!(ran.status.code(), Some(2), "{ran:?}");
            assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
        }
    }
}
