//! The claims as lines, and as JSON.

use serde_json::json;
use shared::{Verdict, report, say};

use super::{Claim, Report, not_judged};

/// Prints the claims, and what was reported of each.
pub fn tell(claims: &[Claim], reports: &[Report], json: bool) {
    let of =
        |claim: &Claim| reports.iter().filter(|r| r.id == claim.id).collect();
    if json {
        let list = claims.iter().map(|claim| entry(claim, of(claim)));
        say!("{:#}", json!(list.collect::<Vec<_>>()));
        return;
    }
    for claim in claims {
        let Claim { id, says, rust, .. } = claim;
        say!("{id:<4}{says}");
        let reports: Vec<&Report> = of(claim);
        let answer = format!("{rust:?}").to_lowercase();
        if claim.programs.is_empty() {
            say!("    {answer:<9} open: its chapter is still to be written");
        } else if reports.is_empty() {
            say!("    {answer:<9} nothing was reported");
        }
        for Report { program, figure, verdict, .. } in reports {
            let verdict = verdict.word();
            say!("    {answer:<9} {verdict} by {program}: {figure}");
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
