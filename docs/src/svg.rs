//! Timelines as pictures that stand in a page: who cooked what when.

use std::fmt::Write;

use serde_json::{Map, Value};

use crate::html::escape;

/// What is written beside the bars, in the language of the reader.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// What the whole picture shows.
    pub title: &'a str,
    /// The CPU works on the dish.
    pub work: &'a str,
    /// The dish waits.
    pub waiting: &'a str,
    /// Follows the number of the dishes that are not drawn: `more dishes`.
    pub more: &'a str,
    /// Stands where a program has failed.
    pub failed: &'a str,
}

/// More dishes of one program than these are only counted.
const SHOWN: usize = 20;

/// Units of the picture: its width; where bars begin and end; a row's height.
const WIDTH: f64 = 760.0;
const LEFT: f64 = 250.0;
const RIGHT: f64 = 700.0;
const ROW: f64 = 18.0;

/// Timelines of several runs, one below the other, on one axis: a row for each
/// plate. `reports` are the objects of `compare --json`, or those that kitchen
/// programs print with `--json`.
///
/// Work is a full bar, waiting a thin one with an end, so that nobody needs
/// colours to tell them apart. All of it has the colour of the text around it;
/// a page can change that by the classes `work` and `waiting`. The picture is
/// 760 units wide, and is to be drawn at least 600 pixels wide, in a box that
/// scrolls where there is less room.
pub fn timelines(reports: &[&Map<String, Value>], words: Words) -> String {
    let walls = reports.iter().filter_map(|r| r.get("wall_ms")?.as_f64());
    let axis = Axis { end: walls.fold(0.0, f64::max).max(1.0) };
    let mut body = String::new();
    let mut y = 34.0;
    for report in reports {
        y = chart(&mut body, y, report, &axis, words);
    }
    let height = y + 4.0;
    let title = escape(words.title);
    let (legend, grid) = (legend(words), axis.draw(height));
    format!(
        "<svg class=\"timelines\" xmlns=\"http://www.w3.org/2000/svg\" \
         viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" role=\"img\" \
         aria-label=\"{title}\" fill=\"currentColor\" font-size=\"12\" \
         font-family=\"system-ui, sans-serif\">\n\
         <title>{title}</title>\n{legend}{grid}{body}</svg>\n"
    )
}

/// One run from `y` downwards; returns where the next one begins.
fn chart(
    out: &mut String,
    y: f64,
    report: &Map<String, Value>,
    axis: &Axis,
    words: Words,
) -> f64 {
    let program = report.get("program").and_then(Value::as_str);
    let wall = report.get("wall_ms").and_then(Value::as_f64);
    let took = match wall {
        Some(ms) => format!("{ms:.0} ms"),
        None => words.failed.into(),
    };
    let mut y = y + 16.0;
    text(out, (0.0, y), "bold", program.unwrap_or_default());
    if let Some(ms) = wall {
        // How long all of it took: a line from the start to the end.
        let (from, to, y) = (LEFT, axis.x(ms), y - 4.0);
        line(out, [from, y, to, y], "total", "1.5");
    }
    text(out, (wall.map_or(LEFT, |ms| axis.x(ms) + 5.0), y), "bold", &took);
    let plates = report.get("plates").and_then(Value::as_array);
    let plates: &[Value] = plates.map_or(&[], Vec::as_slice);
    for plate in plates.iter().take(SHOWN) {
        y += ROW;
        row(out, y, plate, report, axis);
    }
    let more = plates.len().saturating_sub(SHOWN);
    if more > 0 {
        y += ROW;
        text(out, (0.0, y), "normal", &format!("+ {more} {}", words.more));
    }
    y + 10.0
}

fn row(
    out: &mut String,
    y: f64,
    plate: &Value,
    report: &Map<String, Value>,
    axis: &Axis,
) {
    let at = |key: &str, side: usize| plate[key][side].as_f64().unwrap_or(0.0);
    let [start, ready] = [0, 1].map(|side| axis.x(at("prep_ms", side)));
    let end = axis.x(at("bake_ms", 1)).max(ready);
    let name = plate["name"].as_str().unwrap_or_default();
    let label = format!("{} {name}", plate["dish"]);
    text(out, (12.0, y), "normal", &shortened(&label, 16));
    text(out, (120.0, y), "normal", &shortened(&cook(plate, report), 20));
    // Work of no length is still seen.
    let (width, top) = ((ready - start).max(1.5), y - 11.0);
    let _ = writeln!(
        out,
        "<rect class=\"work\" x=\"{start:.1}\" y=\"{top:.1}\" \
         width=\"{width:.1}\" height=\"12\"/>"
    );
    waiting(out, [start + width, y - 5.0, end]);
}

/// Who cooked: the thread, or the process where there are several.
pub fn cook(plate: &Value, report: &Map<String, Value>) -> String {
    match report.get("processes").and_then(Value::as_u64) {
        Some(2..) => format!("process {}", plate["pid"]),
        _ => plate["thread"].as_str().unwrap_or_default().to_string(),
    }
}

/// A thin bar with an upright at its end: from x at this height to x.
fn waiting(out: &mut String, [from, y, to]: [f64; 3]) {
    if to > from {
        line(out, [from, y, to, y], "waiting", "2.5");
        line(out, [to, y - 4.0, to, y + 4.0], "waiting", "1.5");
    }
}

fn legend(words: Words) -> String {
    let mut out = String::new();
    out +=
        "<rect class=\"work\" x=\"12\" y=\"3\" width=\"24\" height=\"12\"/>\n";
    text(&mut out, (42.0, 13.0), "normal", words.work);
    waiting(&mut out, [120.0, 9.0, 144.0]);
    text(&mut out, (150.0, 13.0), "normal", words.waiting);
    out
}

/// From 0 at the left to `end`, in milliseconds, at the right.
struct Axis {
    end: f64,
}

impl Axis {
    fn x(&self, ms: f64) -> f64 {
        LEFT + (ms / self.end).clamp(0.0, 1.0) * (RIGHT - LEFT)
    }

    /// Upright lines with their times above, down to `height`.
    fn draw(&self, height: f64) -> String {
        let mut out = String::new();
        for ms in ticks(self.end) {
            let x = self.x(ms);
            line(&mut out, [x, 30.0, x, height], "grid", "0.3");
            let _ = writeln!(
                out,
                "<text x=\"{x:.1}\" y=\"26\" text-anchor=\"middle\">\
                 {ms:.0}{}</text>",
                if ms == 0.0 { " ms" } else { "" }
            );
        }
        out
    }
}

/// Round times from 0 to `end`: three to six of them.
pub fn ticks(end: f64) -> Vec<f64> {
    let magnitude = 10f64.powf((end / 5.0).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * magnitude);
    let step = steps.into_iter().find(|step| end / step <= 5.0);
    let step = step.unwrap_or(end).max(1.0);
    (0..).map(|n| f64::from(n) * step).take_while(|ms| *ms <= end).collect()
}

fn text(out: &mut String, (x, y): (f64, f64), weight: &str, text: &str) {
    let text = escape(text);
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" font-weight=\"{weight}\">{text}</text>"
    );
}

fn line(out: &mut String, ends: [f64; 4], class: &str, width: &str) {
    let [x1, y1, x2, y2] = ends.map(|at| format!("{at:.1}"));
    let _ = writeln!(
        out,
        "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" \
         y2=\"{y2}\" stroke=\"currentColor\" stroke-width=\"{width}\"/>"
    );
}

/// Only the beginning of what does not fit.
fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const WORDS: Words = Words {
        title: "A & B",
        work: "work",
        waiting: "waiting",
        more: "more dishes",
        failed: "failed",
    };

    fn report(name: &str, wall: f64, plates: usize) -> Map<String, Value> {
        let plate = |dish| {
            json!({
                "dish": dish, "name": "bibimbap", "pid": 7, "thread": "main",
                "prep_ms": [0.0, wall / 2.0], "bake_ms": [wall / 2.0, wall],
            })
        };
        let plates: Vec<Value> = (1..=plates).map(plate).collect();
        let report = json!({
            "program": name, "wall_ms": wall, "processes": 1, "plates": plates,
        });
        report.as_object().unwrap().clone()
    }

    fn count(svg: &str, what: &str) -> usize {
        svg.matches(what).count()
    }

    #[test]
    fn a_row_for_each_plate_and_one_axis_for_all() {
        let (one, two) = (report("cooks", 100.0, 2), report("chef", 200.0, 3));
        let svg = timelines(&[&one, &two], WORDS);
        assert_eq!(count(&svg, "class=\"work\""), 5 + 1); // and the legend
        // Of two bars of work, the one of the longer run ends in the middle.
        assert_eq!(count(&svg, "width=\"112.5\" height=\"12\""), 2);
        assert_eq!(count(&svg, "width=\"225.0\" height=\"12\""), 3);
        assert!(svg.contains("<title>A &amp; B</title>"));
        assert!(svg.contains("role=\"img\""));
        assert!(svg.contains(">100 ms<") && svg.contains(">200 ms<"));
    }

    #[test]
    fn more_than_twenty_plates_are_counted() {
        let svg = timelines(&[&report("cooks", 100.0, 23)], WORDS);
        assert_eq!(count(&svg, "class=\"work\""), 20 + 1);
        assert!(svg.contains(">+ 3 more dishes<"));
    }

    #[test]
    fn what_failed_or_is_hostile_is_only_text() {
        let failed = json!({ "program": "<b>", "status": "a panic" });
        let svg = timelines(&[failed.as_object().unwrap()], WORDS);
        assert!(svg.contains(">&lt;b&gt;<") && svg.contains(">failed<"));
        let mut odd = report("odd", f64::MAX, 1);
        odd.insert("plates".into(), json!([7, { "prep_ms": ["x", -5] }]));
        let svg = timelines(&[&odd], WORDS);
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        assert!(timelines(&[], WORDS).ends_with("</svg>\n"));
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(ticks(103.0), [0.0, 50.0, 100.0]);
        assert_eq!(ticks(726.0), [0.0, 200.0, 400.0, 600.0]);
        assert_eq!(ticks(1.0), [0.0, 1.0]);
        for end in [1.0, 7.3, 99.9, 101.0, 4_999.0, 1e9, f64::MAX] {
            assert!((2..=6).contains(&ticks(end).len()), "{end}");
        }
    }
}
