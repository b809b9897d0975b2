//! The pages to look at: real programs and statements, and figures made for
//! the test, so that no meal has to be cooked.

use std::{
    fs,
    path::{Path, PathBuf},
};

use docs::{
    compare::Row,
    html::{claims_page, compare_page},
    ledger::{self, Language, Report},
    programs::{self, Program},
};
use serde_json::{Map, Value, json};
use shared::{Menu, Verdict};

/// Would be run, if anything of it were not escaped.
pub const HOSTILE: &str = "</script></pre></table><img src=x onerror=hacked()><script>hacked()</script>";

/// Writes a page into the folder for temporary files of tests.
fn write(name: &str, page: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, page).unwrap();
    path
}

/// All kitchens on two menus, one with a hostile name and source, and one that
/// failed with a hostile message.
pub fn comparison() -> PathBuf {
    let mut programs = programs::kitchens().unwrap();
    for name in ["hostile", "failed"] {
        let program = Program::from_elsewhere(name.into());
        programs.push(Program { source: HOSTILE.into(), ..program });
    }
    let hostile = programs.len() - 2;
    programs[hostile].name = HOSTILE.into();
    let rows: Vec<Row> = [Menu::Waiting, Menu::Mixed]
        .into_iter()
        .flat_map(|menu| programs.iter().zip(1..).map(move |p| row(p, menu)))
        .collect();
    let page = compare_page(&rows, &programs, Language::En);
    write("comparison.html", &page)
}

fn row((program, place): (&Program, u32), menu: Menu) -> Row {
    let name = program.name.clone();
    let wall = f64::from(120 * place % 700 + 40);
    let plate = |dish: u32| {
        let (start, end) = (f64::from(dish), wall - f64::from(10 - dish));
        let name = if place == 1 { HOSTILE } else { "bibimbap" };
        json!({
            "dish": dish, "name": name, "pid": place, "thread": "thread #1",
            "prep_ms": [start, start + 9.5], "bake_ms": [start + 10.0, end],
        })
    };
    let plates: Vec<Value> = (1..=10).map(plate).collect();
    let report = match name.as_str() {
        "failed" => json!({ "status": format!("a panic: {HOSTILE}") }),
        _ => json!({
            "status": "ok", "wall_ms": wall, "serial_ms": 700.0,
            "bound_ms": 100.0, "threads": place, "processes": 1,
            "peak_rss_kib": 3000, "cpu_ms": 10.0, "switches": 1000 / place,
            "lines_changed": place, "plates": plates,
        }),
    };
    let mut report: Map<String, Value> = report.as_object().unwrap().clone();
    report.insert("program".into(), json!(name));
    report.insert("model".into(), json!(program.model));
    report.insert("menu".into(), json!(menu.to_string()));
    Row { program: name, menu, report }
}

/// The whole ledger. One claim is contradicted, by a hostile sentence; one is
/// not judged; all others are borne out.
pub fn ledger() -> PathBuf {
    let path = programs::root().join("docs/ledger.toml");
    let claims = ledger::read(&path).unwrap();
    let reports: Vec<Report> = claims
        .iter()
        .flat_map(|claim| {
            claim.programs.iter().map(|program| {
                let (verdict, figure) = match claim.id.as_str() {
                    "T5" => (Verdict::Contradicted, HOSTILE),
                    "T9" => (Verdict::NotJudged, "a thread costs 5 jobs"),
                    _ => (Verdict::BorneOut, "it is as the answer says"),
                };
                Report {
                    id: claim.id.clone(),
                    program: program.clone(),
                    figure: figure.into(),
                    verdict,
                }
            })
        })
        .collect();
    let programs = programs::all().unwrap();
    let page = claims_page(&claims, &reports, &programs, false, Language::En);
    write("ledger.html", &page)
}
