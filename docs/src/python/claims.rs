//! What the ledger says of Python, run by short scripts.

use std::{collections::HashSet, fs, path::PathBuf, process::Command};
use std::{path::Path, time::Duration};

use serde::Deserialize;
use shared::{Failure, Result, Verdict};
use subprocess::run_child::{Finished, Limits, Stop, Why, run_child};

use super::{Python, docstring, file_name};
use crate::{ledger::Claim, progress::Progress};

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

/// What a script reported of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The claim.
    pub id: String,
    /// The script.
    pub script: String,
    /// What it measured.
    pub figure: String,
    /// What that says of the ledger's column on Python.
    pub verdict: Verdict,
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
        if script.judges_by_time && told.iter().any(is_contradicted) {
            // Time may deceive once. If two runs do not agree, nobody knows.
            let Some(second) = ask(script, python, stop)? else {
                return Ok(None);
            };
            told = in_doubt(&told, second);
        }
        for report in told {
            match report {
                Ok(report) if is_wanted(&report.id) => reports.push(report),
                Ok(_) => {}
                Err(problem) => problems.push(problem),
            }
        }
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

type Told = Vec<Result<Report, String>>;

fn is_contradicted(told: &Result<Report, String>) -> bool {
    told.as_ref().is_ok_and(|told| told.verdict == Verdict::Contradicted)
}

/// What the first run contradicts, and the second one does not, is not judged.
fn in_doubt(first: &Told, mut second: Told) -> Told {
    for now in second.iter_mut().flatten() {
        let before = first.iter().flatten().find(|then| then.id == now.id);
        let doubt = before.is_some_and(|b| b.verdict == Verdict::Contradicted);
        if doubt && now.verdict == Verdict::BorneOut {
            now.verdict = Verdict::NotJudged;
        }
    }
    second
}

/// Runs a script: what it reports, and what is wrong with it. `None`: told to
/// stop.
fn ask(script: &Script, python: &Python, stop: &Stop) -> Result<Option<Told>> {
    let mut command = Command::new(&python.executable);
    let ran = run_child(command.arg(&script.path), b"", LIMITS, stop)?;
    Ok(match ran.why {
        Why::Stopped => None,
        Why::TimeUp => Some(vec![Err(format!("{} hangs", script.name))]),
        Why::Ended => Some(read(script, &ran)),
    })
}

fn read(script: &Script, ran: &Finished) -> Told {
    let name = &script.name;
    let said = String::from_utf8_lossy(&ran.stdout.bytes);
    let mut told: Told = said
        .lines()
        .map(|line| match serde_json::from_str::<Line>(line) {
            Ok(line) => Ok(line.report(name)),
            Err(why) => Err(format!("{name}: {why}: {line}")),
        })
        .collect();
    if !ran.status.success() {
        let why = String::from_utf8_lossy(&ran.stderr.bytes);
        let last = why.lines().next_back().unwrap_or_default();
        told.push(Err(format!("{name}: {}: {last}", ran.status)));
        return told;
    }
    let ids: Vec<String> =
        told.iter().flatten().map(|report| report.id.clone()).collect();
    let silent = script.claims.iter().filter(|id| !ids.contains(id));
    told.extend(silent.map(|id| Err(format!("{name} does not report {id}"))));
    let more = ids.iter().filter(|id| !script.claims.contains(id));
    told.extend(more.map(|id| Err(format!("{name} has not promised {id}"))));
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
        Report { id, script: script.into(), figure, verdict }
    }
}

fn contradictions(reports: &[Report]) -> Vec<String> {
    let is_one = |r: &&Report| r.verdict == Verdict::Contradicted;
    let told = |r: &Report| {
        format!("{} contradicts {} of Python: {}", r.script, r.id, r.figure)
    };
    reports.iter().filter(is_one).map(told).collect()
}

/// What the machine was too busy to judge, a line for each report.
pub fn not_judged(reports: &[Report]) -> Vec<String> {
    let is_one = |r: &&Report| r.verdict == Verdict::NotJudged;
    let told = |r: &Report| {
        format!("{} does not judge {} of Python: {}", r.script, r.id, r.figure)
    };
    reports.iter().filter(is_one).map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(verdict: Verdict) -> Result<Report, String> {
        let [id, script, figure] = ["T1", "a.py", "3 ms"].map(String::from);
        Ok(Report { id, script, figure, verdict })
    }

    #[test]
    fn a_line_of_json_is_a_report() {
        let line = |agrees| {
            let line =
                format!(r#"{{"id":"T1","agrees":{agrees},"figure":"3 ms"}}"#);
            Ok(serde_json::from_str::<Line>(&line).unwrap().report("a.py"))
        };
        assert_eq!(line("true"), report(Verdict::BorneOut));
        assert_eq!(line("false"), report(Verdict::Contradicted));
        assert_eq!(line("null"), report(Verdict::NotJudged));
    }

    #[test]
    fn two_runs_that_disagree_judge_nothing() {
        use Verdict::*;
        let told = |first, second| {
            let told = in_doubt(&vec![report(first)], vec![report(second)]);
            told[0].as_ref().unwrap().verdict
        };
        assert_eq!(told(Contradicted, BorneOut), NotJudged);
        assert_eq!(told(Contradicted, Contradicted), Contradicted);
        assert_eq!(told(BorneOut, Contradicted), Contradicted);
    }
}
