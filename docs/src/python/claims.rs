//! What the ledger says of Python, run by short scripts.

use std::{collections::HashSet, fs, path::PathBuf, process::Command};
use std::{path::Path, time::Duration};

use serde::Deserialize;
use shared::{Failure, Result, Verdict};
use subprocess::run_child::{Finished, Limits, Stop, Why, run_child};

use super::{Python, docstring, file_name};
use crate::{
    ledger::{Claim, Ran, Report},
    progress::Progress,
};

/// A script takes three seconds at most where it has the machine for itself.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(30),
    output: 1 << 20,
    grace: Duration::from_secs(1),
};

/// A script that measures claims about Python.
#[derive(Clone, Debug)]
pub struct Script {
    /// Its file name.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// The claims that its docstring promises to report.
    pub claims: Vec<String>,
    /// Whether one of its verdicts rests on time, which may deceive once.
    judges_by_time: bool,
}

/// The scripts of a folder, by name: the files that promise to report claims.
///
/// # Errors
///
/// The folder, or a file in it, cannot be read.
pub fn scripts(folder: &Path) -> Result<Vec<Script>> {
    let mut scripts = Vec::new();
    let entries = fs::read_dir(folder)
        .map_err(|why| Failure::new(format!("{}: {why}", folder.display())))?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "py") {
            continue;
        }
        let source = fs::read_to_string(&path)?;
        let mut lines = docstring(&source).lines();
        let claims = lines.find_map(|line| line.strip_prefix("Claims: "));
        if let Some(claims) = claims {
            let claims = claims.split(", ").map(String::from).collect();
            let judges_by_time = source.contains("unless_busy");
            let name = file_name(&path);
            scripts.push(Script { name, path, claims, judges_by_time });
        }
    }
    scripts.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(scripts)
}

/// Runs the scripts that promise to report one of these claims, and collects
/// what they report of them. `None`: told to stop.
///
/// What goes wrong is told in the second list, a line each: a contradiction, a
/// script that fails or does not keep its promise, a claim that is neither run
/// nor read.
///
/// # Errors
///
/// A script cannot be started.
pub fn run(
    claims: &[Claim],
    scripts: &[Script],
    python: &Python,
    stop: &Stop,
) -> Result<Option<(Vec<Report>, Vec<String>)>> {
    let wanted: HashSet<&str> = claims.iter().map(|c| c.id.as_str()).collect();
    let is_wanted = |id: &String| wanted.contains(id.as_str());
    let mut scripts = scripts.to_vec();
    scripts.retain(|script| script.claims.iter().any(is_wanted));
    let (mut reports, mut problems) = (Vec::new(), Vec::new());
    let mut progress = Progress::new(scripts.len());
    for script in &scripts {
        progress.next(&script.name);
        let Some(mut told) = ask(script, python, stop)? else {
            return Ok(None);
        };
        if script.judges_by_time && told.is_contradicted() {
            // Time may deceive once. If two runs do not agree, nobody knows.
            let Some(second) = ask(script, python, stop)? else {
                return Ok(None);
            };
            told = second.in_doubt_of(&told);
        }
        told.reports.retain(|report| is_wanted(&report.id));
        reports.extend(told.reports);
        problems.extend(told.problems);
    }
    drop(progress);
    problems.extend(contradictions(&reports));
    problems.extend(claims.iter().filter_map(|claim| {
        let id = &claim.id;
        let is_run = scripts.iter().any(|script| script.claims.contains(id));
        let is_known = is_run || claim.python_source.is_some();
        (!is_known).then(|| format!("{id} is neither run nor read"))
    }));
    Ok(Some((reports, problems)))
}

/// Runs a script: what it reports, and what is wrong with it. `None`: told to
/// stop.
fn ask(script: &Script, python: &Python, stop: &Stop) -> Result<Option<Ran>> {
    let mut command = Command::new(&python.executable);
    let ran = run_child(command.arg(&script.path), b"", LIMITS, stop)?;
    Ok(match ran.why {
        Why::Stopped => None,
        Why::TimeUp => Some(Ran {
            problems: vec![format!("{} hangs", script.name)],
            ..Ran::default()
        }),
        Why::Ended => Some(read(script, &ran)),
    })
}

fn read(script: &Script, ran: &Finished) -> Ran {
    let name = &script.name;
    let mut told = Ran::default();
    for line in String::from_utf8_lossy(&ran.stdout.bytes).lines() {
        match serde_json::from_str::<Line>(line) {
            Ok(line) => told.reports.push(line.report(name)),
            Err(why) => told.problems.push(format!("{name}: {why}: {line}")),
        }
    }
    if !ran.status.success() {
        let why = String::from_utf8_lossy(&ran.stderr.bytes);
        let last = why.lines().next_back().unwrap_or_default();
        told.problems.push(format!("{name}: {}: {last}", ran.status));
        return told;
    }
    let ids: Vec<&String> = told.reports.iter().map(|told| &told.id).collect();
    let silent = script.claims.iter().filter(|id| !ids.contains(id));
    let silent = silent.map(|id| format!("{name} does not report {id}"));
    let more = ids.iter().filter(|id| !script.claims.contains(id));
    let more = more.map(|id| format!("{name} has not promised {id}"));
    told.problems.extend(silent.chain(more));
    told
}

/// What a script prints.
#[derive(Deserialize)]
struct Line {
    id: String,
    /// `None`: the machine was too busy to tell.
    agrees: Option<bool>,
    figure: String,
}

impl Line {
    fn report(self, script: &str) -> Report {
        let Line { id, agrees, figure } = self;
        let verdict = agrees.map_or(Verdict::NotJudged, Verdict::of);
        Report { id, program: script.into(), figure, verdict }
    }
}

fn contradictions(reports: &[Report]) -> Vec<String> {
    let is_one = |r: &&Report| r.verdict == Verdict::Contradicted;
    let told = |r: &Report| {
        format!("{} contradicts {} of Python: {}", r.program, r.id, r.figure)
    };
    reports.iter().filter(is_one).map(told).collect()
}

/// What the machine was too busy to judge, a line for each report.
pub fn not_judged(reports: &[Report]) -> Vec<String> {
    let is_one = |r: &&Report| r.verdict == Verdict::NotJudged;
    let told = |r: &Report| {
        format!("{} does not judge {} of Python: {}", r.program, r.id, r.figure)
    };
    reports.iter().filter(is_one).map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_json_is_a_report() {
        let line = |agrees| {
            let line =
                format!(r#"{{"id":"T1","agrees":{agrees},"figure":"3 ms"}}"#);
            serde_json::from_str::<Line>(&line).unwrap().report("a.py")
        };
        let report = |verdict| {
            let [id, program, figure] =
                ["T1", "a.py", "3 ms"].map(String::from);
            Report { id, program, figure, verdict }
        };
        assert_eq!(line("true"), report(Verdict::BorneOut));
        assert_eq!(line("false"), report(Verdict::Contradicted));
        assert_eq!(line("null"), report(Verdict::NotJudged));
    }
}
