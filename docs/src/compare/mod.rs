//! All kitchens, all menus, side by side.

mod code;
mod options;
mod table;

use std::{process::Command, time::Duration};

use serde_json::{Map, Value, json};
use shared::{Failure, Language, Menu, Result, measure::median, report};
use subprocess::run_child::{Finished, Limits, Stop, Why, run_child};

pub use code::{side_by_side, tell_code, unified};
pub use options::Options;
pub(crate) use table::cells;
pub use table::{machine, tables, timelines};

use crate::{
    html, programs::Program, progress::Progress, source, texts::texts,
};

/// One program on one menu.
#[derive(Clone, Debug)]
pub struct Row {
    /// The program's name.
    pub program: String,
    /// What it cooked.
    pub menu: Menu,
    /// What the program itself said with `--json`, plus `status` (`ok`, or
    /// what went wrong), `lines` (of code) and `lines_changed` (those that
    /// `one_cook` has not; null for a program in Python). After a failure:
    /// `program`, `model`, `menu` and these three.
    pub report: Map<String, Value>,
}

impl Row {
    /// `ok`, or what went wrong.
    pub fn status(&self) -> &str {
        self.report["status"].as_str().unwrap_or_default()
    }

    /// A number of the report, where there is one.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.report.get(key)?.as_f64()
    }
}

/// Runs every program on every menu, one at a time. `None`: interrupted.
///
/// Of several runs the one with the median wall time counts, as a whole; if
/// one of them failed, that one.
///
/// # Errors
///
/// A program cannot be started at all.
pub fn run_all(
    programs: &[Program],
    options: &Options,
    stop: &Stop,
) -> Result<Option<Vec<Row>>> {
    let base = programs.iter().find(|program| program.name == BASELINE);
    let base = base.map(|program| program.source.as_str());
    let pairs: Vec<(Menu, &Program)> = options
        .menus
        .iter()
        .flat_map(|&menu| programs.iter().map(move |program| (menu, program)))
        .collect();
    let mut progress = Progress::new(pairs.len() * options.repeat);
    // Round by round, so that a slow minute of the machine hits all alike.
    let mut runs: Vec<Vec<Row>> = vec![Vec::new(); pairs.len()];
    for _ in 0..options.repeat {
        for (&(menu, program), runs) in pairs.iter().zip(&mut runs) {
            progress.next(format_args!("{} {menu}", program.name));
            let Some(row) = run_one(program, menu, base, options, stop)? else {
                return Ok(None);
            };
            runs.push(row);
        }
    }
    Ok(Some(runs.into_iter().map(middle).collect()))
}

/// Shows the rows as they are asked for: as a page, as JSON, or as tables.
///
/// # Errors
///
/// The page cannot be written.
pub fn show(rows: &[Row], programs: &[Program], options: &Options) -> Result {
    let language = options.language;
    if let Some(path) = &options.html {
        let page = html::compare_page(rows, programs, language);
        return html::write(path, &page);
    }
    if options.json {
        let list: Vec<_> = rows.iter().map(|row| &row.report).collect();
        report::say(&format!("{:#}\n", json!(list)));
        return Ok(());
    }
    report::say(&tables(rows, language));
    if options.timeline {
        report::say(&timelines(rows, language));
    }
    Ok(())
}

/// How it ends: some runs may have failed.
///
/// # Errors
///
/// One did.
pub fn outcome(rows: &[Row], language: Language) -> Result {
    let failed = rows.iter().filter(|row| row.status() != "ok").count();
    match failed {
        0 => Ok(()),
        _ => Err(Failure::new((texts(language).runs_failed)(failed))),
    }
}

/// The program that all others are compared with.
pub const BASELINE: &str = "one_cook";

fn run_one(
    program: &Program,
    menu: Menu,
    base: Option<&str>,
    options: &Options,
    stop: &Stop,
) -> Result<Option<Row>> {
    let dishes = options.dishes.to_string();
    let name = menu.to_string();
    let arguments = ["--json", "--menu", &name, "--dishes", &dishes];
    let mut command = Command::new(&program.path);
    command.args(&program.arguments);
    let limits = Limits {
        time: options.limit,
        output: 1 << 26,
        grace: Duration::from_secs(1),
    };
    let outcome = match run_child(command.args(arguments), b"", limits, stop) {
        Ok(ran) => match ran.why {
            Why::Ended => read_report(&ran),
            Why::TimeUp => Err(format!("not done after {:?}", options.limit)),
            Why::Stopped => return Ok(None),
        },
        Err(error) => Err(format!("cannot be run: {error}")),
    };
    let (mut report, status) = match outcome {
        Ok(report) => (report, "ok".to_string()),
        Err(status) => (Map::new(), status),
    };
    let is_rust = !program.source.is_empty() && !program.is_python();
    let lines = base.filter(|_| is_rust);
    let lines = lines.map(|base| source::added_lines(base, &program.source));
    report.insert("program".into(), json!(program.name));
    report.insert("model".into(), json!(program.model));
    report.insert("menu".into(), json!(name));
    report.insert("status".into(), json!(status));
    report.insert("lines_changed".into(), json!(lines));
    report.insert("lines".into(), json!(program.code_lines()));
    Ok(Some(Row { program: program.name.clone(), menu, report }))
}

/// What a program said, or in one line what went wrong with it.
fn read_report(ran: &Finished) -> Result<Map<String, Value>, String> {
    if ran.status.success() {
        let report = serde_json::from_slice(&ran.stdout.bytes);
        return report.map_err(|error| format!("its JSON: {error}"));
    }
    let said = String::from_utf8_lossy(&ran.stderr.bytes);
    let words: Vec<&str> = said.split_whitespace().collect();
    let why = [ran.status.to_string(), words.join(" ")];
    Err(why.join(": ").trim_end_matches([':', ' ']).to_string())
}

/// The row that stands for all runs of a program on a menu.
fn middle(runs: Vec<Row>) -> Row {
    // Whole microseconds can be ordered; a failed run has none and comes first.
    let wall = |row: &Row| row.number("wall_ms").map(|ms| (ms * 1e3) as u64);
    let walls: Vec<_> = runs.iter().map(wall).collect();
    let wanted = match walls.contains(&None) {
        true => None,
        false => median(&walls),
    };
    let mut rows = runs.into_iter();
    rows.find(|row| wall(row) == wanted).expect("one of them is it")
}
