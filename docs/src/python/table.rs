//! The claims about Python as lines, and as JSON.

use serde_json::{Value, json};
use shared::{Verdict, report, say};

use super::Python;
use crate::ledger::{Claim, Language, Report};

/// Prints the claims, what the ledger says of Python, and what was measured.
pub fn tell(
    claims: &[Claim],
    reports: &[Report],
    python: &Python,
    language: Language,
) {
    let label = &python.label;
    for claim in claims {
        let Claim { id, says, ko, python, python_source, .. } = claim;
        match language {
            Language::En => say!("{id:<5}{says}"),
            Language::Ko => say!("{id:<5}{ko}"),
        }
        say!("     Python: {python}");
        let mut reports = of(claim, reports).peekable();
        let how = if reports.peek().is_some() { "source" } else { "read" };
        for Report { program: script, figure, verdict, .. } in reports {
            let verdict = verdict.word();
            say!("       {verdict} by {script} ({label}): {figure}");
        }
        if let Some(source) = python_source {
            say!("       {how}: {source}");
        }
    }
    let is_run = |claim: &&Claim| of(claim, reports).next().is_some();
    let run = claims.iter().filter(is_run).count();
    let all = report::plural(claims.len(), "claim", "claims");
    say!("{all} about Python, {run} of them run by {label}");
}

fn of<'a>(
    claim: &'a Claim,
    reports: &'a [Report],
) -> impl Iterator<Item = &'a Report> {
    reports.iter().filter(|report| report.id == claim.id)
}

/// Prints the same as a list of JSON objects.
pub fn tell_json(claims: &[Claim], reports: &[Report], python: &Python) {
    let entry = |claim| entry(claim, of(claim, reports).collect(), python);
    say!("{:#}", json!(claims.iter().map(entry).collect::<Vec<_>>()));
}

/// `verdict` is `borne out`, `contradicted`, `not judged`, or `read` for a
/// claim that cannot be run; `figure` and `script` are null then.
fn entry(claim: &Claim, reports: Vec<&Report>, python: &Python) -> Value {
    let join = |field: fn(&Report) -> &str, between: &str| {
        let fields: Vec<&str> = reports.iter().map(|r| field(r)).collect();
        (!reports.is_empty()).then(|| fields.join(between))
    };
    let verdict = reports.iter().map(|report| report.verdict).max();
    json!({
        "id": claim.id,
        "verdict": verdict.map_or("read", Verdict::word),
        "figure": join(|report| &report.figure, "; "),
        "script": join(|report| &report.program, ", "),
        "python": python.label,
        "source": claim.python_source,
    })
}
