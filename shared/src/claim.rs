//! What programs say of the article's statements, and how those that are not
//! about the ten dishes begin and print.

use std::{fmt, panic::Location, process};

use crate::{Failure, Result, kitchen::whose, report, wrong_usage};

/// One statement of the article, and what this run says of it.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Its number in the ledger.
    pub id: &'static str,
    /// What was measured.
    pub figure: String,
    /// Whether that bears out our answer.
    pub holds: bool,
}

/// `T1 holds: ...`, the line by which `cargo claims` knows it, too.
impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.holds { "holds" } else { "does not hold" };
        write!(f, "{} {verdict}: {}", self.id, self.figure)
    }
}

/// Prints what `figure` says of the claim `id`. To be called after everything
/// else has been printed: a claim that does not hold ends `main`.
///
/// # Errors
///
/// The claim does not hold.
pub fn claim(id: &'static str, holds: bool, figure: impl ToString) -> Result {
    let claim = Claim { id, figure: figure.to_string(), holds };
    crate::say!("{claim}")?;
    if holds { Ok(()) } else { Err(Failure::new(claim)) }
}

/// Which of the `known` flags stand on the command line. Ends the process on
/// `--help` (status 0), and on anything else (one line, status 2).
#[track_caller]
pub fn flags<const N: usize>(known: [&str; N]) -> [bool; N] {
    let (_, program) = whose(Location::caller());
    let given = std::env::args_os().skip(1);
    let given = given.map(|flag| flag.to_string_lossy().into_owned());
    let given: Vec<String> = given.collect();
    if given.contains(&"--help".into()) {
        let usage = format!("Usage: {program} {}\n", known.join(" "));
        process::exit(i32::from(report::say(&usage).is_err()));
    }
    if let Some(flag) = given.iter().find(|f| !known.contains(&f.as_str())) {
        wrong_usage(&program, format!("invalid option '{flag}'"));
    }
    known.map(|flag| given.contains(&flag.into()))
}

/// Prints a line, as `println!` does, but does not mind a reader who has left.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => {
        $crate::report::say(&format!("{}\n", format_args!($($text)*)))
    };
}
