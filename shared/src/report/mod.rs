//! How a run is told: as a table with a timeline and three numbers, as JSON,
//! as a trace.

mod json;
mod text;
mod timeline;
mod trace;

use std::io::{self, Write};
use std::time::Duration;

use crate::{Claim, Meal, Menu};

pub(crate) use json::json;
pub use text::plural;
pub(crate) use text::{figure, text};
pub use timeline::{Row, Timeline};
pub(crate) use trace::trace;

/// One run of a kitchen program.
pub(crate) struct Run<'a> {
    pub program: &'a str,
    pub model: &'a str,
    pub menu: Menu,
    /// When the clock was started; all times are told from here.
    pub opened: Duration,
    pub meal: &'a Meal,
    pub claims: Vec<Claim>,
}

impl Run<'_> {
    /// Milliseconds from the start of the clock.
    fn at(&self, moment: Duration) -> f64 {
        crate::measure::ms(moment.saturating_sub(self.opened))
    }
}

/// Prints, in colour where that is wanted. A reader who has left, as in
/// `| head -1`, is a normal end.
///
/// # Errors
///
/// Standard output cannot be written to, for another reason.
pub fn say(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}
