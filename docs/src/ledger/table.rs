//! The claims as lines, and as JSON.

use serde_json::json;
use shared::{Result, Verdict, report, say};

use super::{Answer, Claim, Language, Options, Report, not_judged};
use crate::{html, programs::Program};

/// Shows the claims as they are asked for: as a page, as JSON, or as lines.
///
/// # Errors
///
/// The page cannot be written.
pub fn show(
    claims: &[Claim],
    reports: &[Report],
    programs: &[Program],
    options: &Options,
) -> Result {
    let Options { dev, language, .. } = *options;
    if let Some(path) = &options.html {
        let page = html::claims_page(claims, reports, programs, dev, language);
        return html::write(path, &page);
    }
    match options.json {
        true => tell_json(claims, reports),
        false => tell(claims, reports, language),
    }
    Ok(())
}

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
    if let Some(tally) = tally(claims, reports, language) {
        say!("{tally}");
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

/// How the statements of the article came out, if there is more than one.
fn tally(
    claims: &[Claim],
    reports: &[Report],
    language: Language,
) -> Option<String> {
    let of_article: Vec<&Claim> =
        claims.iter().filter(|claim| claim.is_of_the_article()).collect();
    if of_article.len() < 2 {
        return None;
    }
    let verdict = |claim: &Claim| {
        let own = reports.iter().filter(|report| report.id == claim.id);
        own.map(|report| report.verdict).max()
    };
    let mut counts = Vec::new();
    for answer in Answer::ALL {
        let same = of_article.iter().filter(|claim| {
            claim.rust == answer
                && verdict(claim).is_some_and(|v| v != Verdict::Contradicted)
        });
        let (count, meaning) = (same.count(), answer.meaning(language));
        match language {
            _ if count == 0 => {}
            Language::En => counts.push(format!("{count} {meaning}")),
            Language::Ko => counts.push(format!("{meaning} {count}개")),
        }
    }
    let total = of_article.len();
    let counts = counts.join("; ");
    Some(match language {
        Language::En => {
            format!("of {total} statements of the article, in Rust: {counts}")
        }
        Language::Ko => format!("글의 주장 {total}개, Rust에서는: {counts}"),
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_contradicted_or_open_or_not_of_the_article_does_not_count() {
        let claim = |id: &str, says: &str, rust| Claim {
            id: id.into(),
            section: "threading".into(),
            says: says.into(),
            ko: String::new(),
            python: String::new(),
            python_source: None,
            rust,
            programs: Vec::new(),
        };
        let report = |id: &str, verdict| Report {
            id: id.into(),
            program: String::new(),
            figure: String::new(),
            verdict,
        };
        let claims = [
            claim("T1", "One.", Answer::Holds),
            claim("T2", "Two.", Answer::Holds),
            claim("T3", "Three.", Answer::Inverted),
            claim("T4", "Four.", Answer::Holds),
            claim("S2", "(Not in the article.) Five.", Answer::Holds),
        ];
        let reports = [
            report("T1", Verdict::BorneOut),
            report("T2", Verdict::Contradicted),
            report("T3", Verdict::NotJudged),
            report("S2", Verdict::BorneOut),
        ];
        let told = tally(&claims, &reports, Language::En);
        assert_eq!(
            told.as_deref(),
            Some(
                "of 4 statements of the article, in Rust: 1 true; 1 the \
                 opposite problem"
            )
        );
        assert_eq!(tally(&claims[..1], &reports, Language::En), None);
    }
}
