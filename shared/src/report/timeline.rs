//! Who did what when, drawn with characters.

use std::env;

use anstyle::{AnsiColor, Style};

use super::{padded, width};
use crate::{Language, texts::Texts};

/// Columns of the label, of who, of the chart, and of the time at the end.
const LABEL: usize = 12;
const WHO: usize = 20;
const CHART: usize = 31;
const TIME: usize = 5;

/// A chart of what was done when, one row each, on one axis.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// From top to bottom.
    pub rows: Vec<Row>,
    /// The right end of the axis, in milliseconds; the left one is 0.
    pub end: f64,
    /// Of the words below it.
    pub language: Language,
}

/// One row: some work, then some waiting; in milliseconds from the left.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// What it is about.
    pub label: String,
    /// Who did it.
    pub who: String,
    /// When work began, when it ended and waiting began, when that ended.
    pub moments: [f64; 3],
}

impl Timeline {
    /// Draws it, 72 columns wide; in plain ASCII where the locale does
    /// not promise UTF-8. Colours are in the text: print it with
    /// [`say`](super::say), which leaves them out where they are not wanted.
    pub fn draw(&self) -> String {
        self.draw_with(if locale_is_utf8() { UNICODE } else { ASCII })
    }

    fn draw_with(&self, ink: Ink) -> String {
        let margin = format!("{:LABEL$} {:WHO$}  ", "", "");
        let end = format!("{:.0} ms", self.end);
        let edge = ink.edge;
        let row = |row: &Row| {
            let (label, who) = (&row.label, padded(&row.who, WHO));
            let label = padded(label, LABEL.max(width(label)));
            let (bar, end) = (self.bar(row, ink), row.moments[2]);
            format!("{label} {who} {edge}{bar}{edge}{end:>TIME$.0}\n")
        };
        let rows: String = self.rows.iter().map(row).collect();
        let (work, wait) = (paint(WORK, ink.work), paint(WAIT, ink.wait));
        let Texts { prepares, bakes, .. } = self.language.texts();
        format!(
            "{margin}0{end:>width$}\n{rows}\
             {margin}{work} {prepares}  {wait} {bakes}\n",
            width = CHART - 1
        )
    }

    /// Work takes at least one character.
    fn bar(&self, row: &Row, ink: Ink) -> String {
        let column = |ms: f64| (ms / self.end * CHART as f64) as usize;
        let [start, ready, end] = row.moments.map(column);
        let start = start.min(CHART - 1);
        let ready = ready.clamp(start + 1, CHART);
        let end = end.clamp(ready, CHART);
        let spaces = |count| " ".repeat(count);
        let work = paint(WORK, &ink.work.repeat(ready - start));
        let wait = paint(WAIT, &ink.wait.repeat(end - ready));
        spaces(start) + &work + &wait + &spaces(CHART - end)
    }
}

const WORK: Style = AnsiColor::Yellow.on_default();
const WAIT: Style = AnsiColor::Cyan.on_default();

fn paint(style: Style, ink: &str) -> String {
    format!("{style}{ink}{style:#}")
}

#[derive(Clone, Copy)]
struct Ink {
    work: &'static str,
    wait: &'static str,
    edge: &'static str,
}

const UNICODE: Ink = Ink { work: "█", wait: "░", edge: "│" };
const ASCII: Ink = Ink { work: "#", wait: "-", edge: "|" };

/// The first of the three variables that is set decides, as in POSIX.
fn locale_is_utf8() -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(|name| env::var(name).ok())
        .find(|value| !value.is_empty())
        .is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline() -> Timeline {
        let row = |moments| Row {
            label: "10 bibimbap".into(),
            who: "a name that is longer than its column".into(),
            moments,
        };
        let rows = vec![
            row([0.0, 50.0, 100.0]),
            row([99.9, 100.0, 100.0]),
            row([0.0, 0.0, 200.0]),
        ];
        Timeline { rows, end: 100.0, ..Timeline::default() }
    }

    fn plain(ink: Ink) -> String {
        anstream::adapter::strip_str(&timeline().draw_with(ink)).to_string()
    }

    #[test]
    fn a_row_is_drawn_to_scale() {
        let drawn = plain(ASCII);
        let bars: Vec<&str> =
            drawn.lines().filter_map(|line| line.split('|').nth(1)).collect();
        assert_eq!(bars[0], format!("{}{}", "#".repeat(15), "-".repeat(16)));
        assert_eq!(bars[1], format!("{}#", " ".repeat(30)));
        assert_eq!(bars[2], format!("#{}", "-".repeat(30)));
    }

    #[test]
    fn it_fits_72_columns_and_ascii() {
        for ink in [ASCII, UNICODE] {
            for line in plain(ink).lines() {
                assert!(line.chars().count() <= 72, "{line}");
            }
        }
        assert!(plain(ASCII).is_ascii());
    }
}
