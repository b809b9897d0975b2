//! `cargo book measure`: runs everything whose figures stand in the book, and
//! writes `docs/results.json`.

mod json;
mod machine;

use std::{
    fs, io,
    str::FromStr,
    time::{Duration, Instant},
};

use shared::{Failure, Result, measure::NoiseMeter};
use subprocess::cargo;

use crate::{
    progress::note,
    results::{self, Results, Row},
};

/// How often each kitchen runs on each menu.
const REPEAT: usize = 7;

/// A part of the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Every kitchen on every menu.
    Compare,
    /// Every kitchen with 1 000 dishes.
    Thousand,
    /// Every program that reports a claim.
    Claims,
    /// What Python says of the claims.
    Python,
}

const PARTS: [Part; 4] =
    [Part::Compare, Part::Thousand, Part::Claims, Part::Python];

/// As it is typed after `measure`.
impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Part, String> {
        match text {
            "compare" => Ok(Part::Compare),
            "thousand" => Ok(Part::Thousand),
            "claims" => Ok(Part::Claims),
            "python" => Ok(Part::Python),
            _ => Err("a part is compare, thousand, claims or python".into()),
        }
    }
}

/// Measures all parts, or only this one, and writes the results. The file is
/// written after each part, as a whole or not at all.
///
/// # Errors
///
/// A run failed, a measurement contradicts an answer, or the file cannot be
/// written.
pub fn measure(part: Option<Part>) -> Result {
    tell_if_busy();
    // What is not measured now stays as it was.
    let mut results = match part {
        Some(_) if results::path().exists() => Results::read()?,
        _ => Results::default(),
    };
    machine::describe(&mut results)?;
    let mut problems = Vec::new();
    for one in PARTS {
        if part.is_none_or(|part| part == one) {
            note(format_args!("measuring: {one:?}"));
            problems.extend(measure_part(one, &mut results)?);
            write(&results)?;
        }
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(problems.join("; "))),
    }
}

/// Adds a part to the results. What went wrong, though there are figures, is a
/// line.
fn measure_part(part: Part, results: &mut Results) -> Result<Option<String>> {
    let repeat = REPEAT.to_string();
    let python = results.python.is_some();
    match part {
        Part::Compare => {
            let mut words = vec!["compare", "--repeat", &repeat];
            words.extend(python.then_some("--python"));
            let (rows, problem) = ask(&words)?;
            results.compare = results::Compare { repeat: REPEAT, rows };
            Ok(problem)
        }
        Part::Thousand => {
            let (rows, problem) = ask::<Row>(&[
                "compare", "--repeat", "3", "--menu", "waiting", "--dishes",
                "1000", "--limit", "200",
            ])?;
            results.thousand = rows.into_iter().map(without_plates).collect();
            Ok(problem)
        }
        Part::Claims => {
            let (claims, problem) = ask(&["claims"])?;
            results.claims = claims;
            Ok(problem)
        }
        Part::Python if python => {
            let (claims, problem) = ask(&["claims", "--python"])?;
            results.python_claims = claims;
            Ok(problem)
        }
        Part::Python => {
            note("python3 is not there: its figures stay as they were");
            Ok(None)
        }
    }
}

fn without_plates(mut row: Row) -> Row {
    row.remove("plates");
    row
}

/// Runs one of the programs of this crate, and reads the list that it prints.
/// It prints one also when something went wrong, and ends with status 1.
fn ask<T: serde::de::DeserializeOwned>(
    words: &[&str],
) -> Result<(Vec<T>, Option<String>)> {
    let [name, options @ ..] = words else { unreachable!("it has a name") };
    let profile = cargo::own_profile()?;
    let start = ["run", "--quiet", "--package", "docs", "--profile", &profile];
    let line = [&start[..], &["--bin", name, "--", "--json"], options].concat();
    let ran = cargo::command(line).stdout_capture().unchecked().run()?;
    let list = serde_json::from_slice(&ran.stdout);
    let list = list.map_err(|why| {
        Failure::new(format!(
            "cargo {}: {}: {why}",
            words.join(" "),
            ran.status
        ))
    })?;
    let problem = match ran.status.success() {
        true => None,
        false => Some(format!("cargo {}: {}", words.join(" "), ran.status)),
    };
    Ok((list, problem))
}

/// Looks for a second whether others use the cores.
fn tell_if_busy() {
    let (meter, start) = (NoiseMeter::start(), Instant::now());
    while start.elapsed() < Duration::from_secs(1) {
        std::hint::spin_loop();
    }
    let noise = meter.read();
    let others = noise.others.unwrap_or_default();
    if noise.is_busy() || others > noise.elapsed / 5 {
        let share = 100.0 * others.as_secs_f64() / noise.elapsed.as_secs_f64();
        note(format_args!(
            "this machine is busy: others use {share:.0} % of a core; measure \
             again in quiet before you quote a figure"
        ));
    }
}

/// As a whole, or not at all.
fn write(results: &Results) -> Result {
    let text = json::pretty(&serde_json::to_value(results)?) + "\n";
    let path = results::path();
    let beside = path.with_extension("json.new");
    fs::write(&beside, text).and_then(|()| fs::rename(&beside, &path)).map_err(
        |why: io::Error| Failure::new(format!("{}: {why}", path.display())),
    )
}
