//! The ledger: every statement of the article, what we say of it, and what
//! the programs measured.

use std::{collections::HashSet, ffi::OsStr, fs, path::Path, time::Duration};

use serde::{Deserialize, Serialize};
use shared::{Failure, Result};
use subprocess::child::{self, End, Interrupt};

use crate::{programs::Program, progress::Progress};

/// No program takes longer.
const LIMIT: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
struct Ledger {
    claim: Vec<Claim>,
}

/// One statement of the article.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// `T5`, and so on.
    pub id: String,
    /// The chapter: a crate, or `across`.
    pub section: String,
    /// The statement, in English.
    pub says: String,
    /// The statement, in Korean.
    pub ko: String,
    /// What is true of it in Python today.
    pub python: String,
    /// Our answer for Rust.
    #[serde(rename(serialize = "answer"))]
    pub rust: Answer,
    /// Who reports it; nobody while its chapter is still to be written.
    #[serde(default)]
    pub programs: Vec<String>,
}

/// What we say of a statement.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// True of Rust.
    Holds,
    /// True within limits.
    Limits,
    /// The same topic, by another mechanism.
    Differs,
    /// Rust has the opposite problem.
    Inverted,
    /// Never true of Rust.
    False,
    /// Was true once, or became false in Python, too.
    Outdated,
}

/// What a program reported of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The claim.
    pub id: String,
    /// The program.
    pub program: String,
    /// What it measured.
    pub figure: String,
    /// Whether that bears out our answer.
    pub holds: bool,
}

/// Reads a ledger.
///
/// # Errors
///
/// There is none at `path`, it is not one, or it lists a claim twice.
pub fn read(path: &Path) -> Result<Vec<Claim>> {
    let text = fs::read_to_string(path)
        .map_err(|why| Failure::new(format!("{}: {why}", path.display())))?;
    let Ledger { claim: claims } = toml::from_str(&text)?;
    let mut ids = HashSet::new();
    match claims.iter().find(|claim| !ids.insert(&claim.id)) {
        Some(twice) => Err(Failure::new(format!("{} stands twice", twice.id))),
        None => Ok(claims),
    }
}

/// Runs every program that one of the claims names, and collects what they
/// report. `known` are the numbers of all claims there are. `None`:
/// interrupted.
///
/// What goes wrong is told in the second list, a line each.
///
/// # Errors
///
/// A program cannot be started.
pub fn run(
    claims: &[Claim],
    known: &HashSet<String>,
    programs: &[Program],
    interrupt: &Interrupt,
) -> Result<Option<(Vec<Report>, Vec<String>)>> {
    let named: HashSet<&str> =
        claims.iter().flat_map(|c| &c.programs).map(String::as_str).collect();
    let is_there = |name: &&&str| programs.iter().any(|p| p.name == **name);
    let (mut reports, mut problems) = (Vec::new(), Vec::new());
    for missing in named.iter().filter(|name| !is_there(name)) {
        problems.push(format!("there is no program {missing}"));
    }
    let mut progress = Progress::new(named.len());
    for program in programs.iter().filter(|p| named.contains(&*p.name)) {
        progress.next(&program.name);
        let none: [&OsStr; 0] = [];
        match child::run(program.path.as_os_str(), none, LIMIT, interrupt)? {
            End::Interrupted => return Ok(None),
            End::TimeUp => {
                problems.push(format!("{} hangs", program.name));
            }
            End::Ended(output) => {
                let said = String::from_utf8_lossy(&output.stdout);
                let reported = said.lines().filter_map(report(&program.name));
                let before = reports.len();
                reports.extend(reported);
                let sound = reports[before..].iter().all(|r| r.holds);
                // A claim that does not hold is told of below.
                if sound && !output.status.success() {
                    let why = String::from_utf8_lossy(&output.stderr);
                    let why = why.split_whitespace().collect::<Vec<_>>();
                    let (name, status) = (&program.name, output.status);
                    problems
                        .push(format!("{name}: {status}: {}", why.join(" ")));
                }
            }
        }
    }
    problems.extend(contradictions(claims, known, &reports));
    Ok(Some((reports, problems)))
}

/// `T5 holds: ...` or `T5 does not hold: ...`, as `shared::claim` prints it.
fn report(program: &str) -> impl Fn(&str) -> Option<Report> {
    move |line| {
        let (head, figure) = line.split_once(": ")?;
        let (id, verdict) = head.split_once(' ')?;
        let holds = match verdict {
            "holds" => true,
            "does not hold" => false,
            _ => return None,
        };
        let (id, program) = (id.to_string(), program.to_string());
        Some(Report { id, program, figure: figure.to_string(), holds })
    }
}

/// Where ledger and programs do not agree.
fn contradictions(
    claims: &[Claim],
    known: &HashSet<String>,
    reports: &[Report],
) -> Vec<String> {
    let mut problems = Vec::new();
    for Report { id, program, figure, holds } in reports {
        if !known.contains(id) {
            problems.push(format!("{program} reports {id}: no such claim"));
        }
        if !holds {
            problems.push(format!("{program} contradicts {id}: {figure}"));
        }
    }
    for Claim { id, programs, .. } in claims {
        for program in programs {
            if !reports.iter().any(|r| r.id == *id && r.program == *program) {
                problems.push(format!("{program} does not report {id}"));
            }
        }
    }
    problems
}
