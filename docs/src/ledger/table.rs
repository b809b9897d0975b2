//! The claims as lines, and as JSON.

use serde_json::json;
use shared::{Verdict, report, say};

use super::{Claim, Language, Report, not_judged};

/// Prints the claims, and what was reported of each.
pub fn tell(claims: &[Claim], reports: &[Report], language: Language) {
    for claim in claims {
        let Claim { id, says, ko, python, rust, programs, .. } = claim;
        match language {
            Language::En => say!("{id:<5}{says}"),
            Language::Ko => say!("{id:<5}{ko}"),
        }
        say!("     Python: {python}");
        say!("     Rust: {} ({})", rust.word(), rust.meaning(language));
        let mut reports = reports.iter().filter(|r| r.id == *id).peekable();
        if programs.is_empty() {
            say!("       open: its chapter is still to be written");
        } else if reports.peek().is_none() {
            say!("       nothing was reported");
        }
        for Report { program, figure, verdict, .. } in reports {
            say!("       {} by {program}: {figure}", verdict.word());
        }
    }
    let open = claims.iter().filter(|claim| claim.programs.is_empty()).count();
    let all = report::plural(claims.len(), "claim", "claims");
    say!("{all}, {open} of them open");
    let count = not_judged(reports).len();
    if count > 0 {
        let said = report::plural(count, "measurement", "measurements");
        say!("the machine was too busy to judge {said}");
    }
}

/// Prints the same as a list of JSON objects.
pub fn tell_json(claims: &[Claim], reports: &[Report]) {
    let of =
        |claim: &Claim| reports.iter().filter(|r| r.id == claim.id).collect();
    let list = claims.iter().map(|claim| entry(claim, of(claim)));
    say!("{:#}", json!(list.collect::<Vec<_>>()));
}

/// `verdict` is null, and so is `figure`, while nobody reports the claim.
fn entry(claim: &Claim, reports: Vec<&Report>) -> serde_json::Value {
    let figures: Vec<&str> =
        reports.iter().map(|r| r.figure.as_str()).collect();
    let programs: Vec<&str> =
        reports.iter().map(|r| r.program.as_str()).collect();
    let known = !reports.is_empty();
    let mut entry = json!(claim);
    entry["figure"] = json!(known.then(|| figures.join("; ")));
    entry["program"] = json!(known.then(|| programs.join(", ")));
    let verdict = reports.iter().map(|report| report.verdict).max();
    entry["verdict"] = json!(verdict.map(Verdict::word));
    entry
}
