//! How a run is told: as a table with a timeline and three numbers, as JSON,
//! as a trace.

mod json;
mod text;
mod timeline;
mod trace;
mod width;

use std::io::{self, ErrorKind, Write};
use std::{process, time::Duration};

use crate::{Claim, Language, Meal, Menu};

pub(crate) use json::json;
pub(crate) use text::{figure, text};
pub use text::{plural, thread_name};
pub use timeline::{Row, Timeline};
pub(crate) use trace::trace;
pub use width::{padded, width};

/// One run of a kitchen program.
pub(crate) struct Run<'a> {
    pub program: &'a str,
    pub model: Option<&'a str>,
    pub menu: Menu,
    /// When the clock was started; all times are told from here.
    pub opened: Duration,
    pub meal: &'a Meal,
    /// Of the report for people, and of the figures in `claims`.
    pub language: Language,
    pub claims: Vec<Claim>,
}

impl Run<'_> {
    /// Milliseconds from the start of the clock.
    fn at(&self, moment: Duration) -> f64 {
        crate::measure::ms(moment.saturating_sub(self.opened))
    }
}

/// Prints, in colour where that is wanted. A reader who has left, as in
/// `| head -1`, is a normal end: the program goes on in silence. If standard
/// output cannot be written to for another reason, as on a full disk, that ends
/// the process (one line, status 1).
pub fn say(text: &str) {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let line = format!("Error: standard output: {error}\n");
            let _ = io::stderr().write_all(line.as_bytes()); // if that is left
            process::exit(1)
        }
        _ => {}
    }
}

/// Prints a line, as `println!` does, and returns nothing. It does not panic
/// when the reader has left: see [`report::say`](crate::report::say).
///
/// ```
/// let (threads, ms) = (4, 101);
/// shared::say!("{threads} threads were done in {ms} ms");
/// ```
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => {
        $crate::report::say(&format!("{}\n", format_args!($($text)*)))
    };
}

/// Says that this is a debug build, if it is one. For a program whose subject
/// is a cost: its header runs it with `--release`.
///
/// ```
/// shared::notice_debug_build();
/// ```
pub fn notice_debug_build() {
    if cfg!(debug_assertions) {
        say(DEBUG_BUILD);
    }
}

const DEBUG_BUILD: &str =
    "(debug build: costs are meaningful with --release only)\n";
