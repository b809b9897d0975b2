//! How far a program has come that runs many others: a bar at a terminal, and
//! elsewhere a plain line for each of them. All of it on standard error.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
    process,
};

use indicatif::{ProgressBar, ProgressStyle};
use shared::Language;
use subprocess::run_child::Stop;

use crate::texts::texts;

/// How many runs there are, and how many of them have begun.
#[derive(Debug)]
pub struct Progress {
    total: usize,
    begun: usize,
    /// `None`: nobody watches a terminal.
    bar: Option<ProgressBar>,
}

impl Progress {
    /// The beginning of `total` runs.
    pub fn new(total: usize) -> Progress {
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")
            .expect("the template is right");
        let bar = || ProgressBar::new(total as u64).with_style(style);
        let bar = io::stderr().is_terminal().then(bar);
        Progress { total, begun: 0, bar }
    }

    /// The next run begins.
    pub fn next(&mut self, name: impl Display) {
        if let Some(bar) = &self.bar {
            bar.set_message(name.to_string());
            bar.set_position(self.begun as u64);
        }
        self.begun += 1;
        if self.bar.is_none() {
            note(format_args!("[{}/{}] {name}", self.begun, self.total));
        }
    }
}

impl Drop for Progress {
    /// Whatever comes next finds an empty line.
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A line on standard error. That nobody reads there is no error.
pub fn note(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}"); // nobody to tell it to
}

/// Ends this program as the signal would have, 130 for Ctrl+C, but says so.
pub fn end(stop: &Stop, program: &str) -> ! {
    end_in(Language::En, stop, program)
}

/// As [`end`], in this language.
pub fn end_in(language: Language, stop: &Stop, program: &str) -> ! {
    note((texts(language).interrupted)(program));
    process::exit(128 + stop.signal().unwrap_or(0))
}
