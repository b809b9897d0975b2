//! The rows as tables of at most 100 columns, and as timelines.

use std::fs;

use comfy_table::{CellAlignment, Table, presets};
use serde_json::Value;
use shared::{
    Language, Menu, dish_name,
    measure::cores,
    report::{Row as Bar, Timeline, padded, thread_name},
};

use super::{BASELINE, Row};
use crate::texts::{Texts, texts};

/// How many columns of a failure's reason are shown.
const REASON: usize = 78;

/// One table for each menu, under a line that names the machine.
pub fn tables(rows: &[Row], language: Language) -> String {
    let texts = texts(language);
    let mut out = machine(language) + "\n";
    for menu in Menu::ALL {
        let rows: Vec<&Row> = rows.iter().filter(|r| r.menu == menu).collect();
        if !rows.is_empty() {
            let table = table(&rows, language).trim_fmt();
            out += &format!("\n{}\n{table}\n", menu.told(language));
            out += &failures(&rows, texts);
        }
    }
    out + "\n" + texts.legend + &about_python(rows, texts)
}

/// What is to be known of rows of Python, if there are any.
fn about_python(rows: &[Row], texts: &Texts) -> String {
    let about = rows.iter().find_map(|row| {
        let python = row.report.get("python")?.as_str()?;
        Some((python, row.number("strokes_divided_by")?))
    });
    about
        .map_or(String::new(), |(python, ratio)| (texts.strokes)(python, ratio))
}

fn table(rows: &[&Row], language: Language) -> Table {
    let texts = texts(language);
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(texts.heading);
    let baseline = rows.iter().find(|row| row.program == BASELINE);
    let baseline = baseline.and_then(|row| row.number("wall_ms"));
    for row in rows {
        table.add_row(cells(row, baseline, language));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A row as the tables show it: the name, then figures, where there are any.
pub(crate) fn cells(
    row: &Row,
    baseline: Option<f64>,
    language: Language,
) -> [String; 10] {
    let texts = texts(language);
    let show = |value: Option<f64>, digits: usize| {
        value.map(|value| format!("{value:.digits$}")).unwrap_or_default()
    };
    let get = |key| row.number(key);
    let ratio = |above: Option<f64>, below: Option<f64>| Some(above? / below?);
    let wall = get("wall_ms");
    let rss = get("peak_rss_kib").map(|kib| kib / 1024.0);
    let wall_cell = match row.status() {
        "ok" => show(wall, 0),
        _ => texts.failed.into(),
    };
    [
        row.program.clone(),
        wall_cell,
        show(ratio(baseline.or(get("serial_ms")), wall), 1),
        show(ratio(wall, get("bound_ms")), 2),
        show(get("threads"), 0),
        show(get("processes"), 0),
        show(rss, 1),
        show(get("cpu_ms"), 0),
        show(get("switches"), 0),
        show(get("lines_changed"), 0),
    ]
}

/// Why there are rows without figures, a line each.
fn failures(rows: &[&Row], texts: &Texts) -> String {
    let failed = rows.iter().filter(|row| row.status() != "ok");
    let lines = failed.map(|row| {
        let reason = padded(&(texts.status)(row.status()), REASON);
        format!("{}: {}\n", row.program, reason.trim_end())
    });
    lines.collect()
}

/// Who cooked what when: of each menu all programs, on one axis.
pub fn timelines(rows: &[Row], language: Language) -> String {
    let mut out = String::new();
    for menu in Menu::ALL {
        let rows = rows.iter().filter(|row| row.menu == menu);
        let rows: Vec<&Row> = rows.filter(|row| row.status() == "ok").collect();
        let walls = rows.iter().filter_map(|row| row.number("wall_ms"));
        let end = walls.fold(0.0, f64::max);
        for row in rows {
            let bars = row.report.get("plates").and_then(Value::as_array);
            let bars = bars.into_iter().flatten().take(20);
            let bars = bars.map(|plate| bar(plate, language)).collect();
            let timeline = Timeline { rows: bars, end, language };
            out += &format!("\n{}: {}\n", menu.told(language), row.program);
            out += &timeline.draw();
        }
    }
    out
}

fn bar(plate: &Value, language: Language) -> Bar {
    let text = |key: &str| plate[key].as_str().unwrap_or_default();
    let at = |key: &str, side: usize| plate[key][side].as_f64().unwrap_or(0.0);
    let thread = thread_name(text("thread"), language);
    let number = plate["dish"].as_u64().unwrap_or_default() as u32;
    let dish = match text("name") {
        // A program from elsewhere may cook something else.
        ours if ours == dish_name(number, Language::En) => {
            dish_name(number, language)
        }
        other => other,
    };
    Bar {
        label: format!("{number:>2} {dish}"),
        who: format!("{} {thread}", plate["pid"]),
        moments: [at("prep_ms", 0), at("prep_ms", 1), at("bake_ms", 1)],
    }
}

/// What all this was measured on.
pub fn machine(language: Language) -> String {
    let texts = texts(language);
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let name = info.lines().find_map(|line| line.strip_prefix("model name"));
    let name = name.unwrap_or(std::env::consts::ARCH);
    let release = read("/proc/sys/kernel/osrelease");
    let build = if cfg!(debug_assertions) { "dev" } else { "release" };
    (texts.machine)(
        cores(),
        name.trim_start_matches([' ', '\t', ':']),
        std::env::consts::OS,
        release.split('-').next().unwrap_or_default().trim(),
        build,
    )
}
