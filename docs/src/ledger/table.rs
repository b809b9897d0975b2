//! The claims as lines, and as JSON.

use serde_json::json;
use shared::{Result, Verdict, say};

use super::{Answer, Claim, Language, Options, Report, not_judged};
use crate::{html, programs::Program, texts::texts};

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
    let texts = texts(language);
    for claim in claims {
        let Claim { id, rust, programs, .. } = claim;
        say!("{id:<5}{}", claim.says_in(language));
        say!("     {}", (texts.python)(claim.python_in(language)));
        let answer = (texts.rust)(rust.word(), rust.meaning(language));
        say!("     {answer}");
        let mut reports = reports.iter().filter(|r| r.id == *id).peekable();
        if programs.is_empty() {
            say!("       {}", texts.open);
        } else if reports.peek().is_none() {
            say!("       {}", texts.no_report);
        }
        for Report { program, figure, verdict, .. } in reports {
            let verdict = verdict.word_in(language);
            say!("       {}", (texts.report)(verdict, program, figure));
        }
    }
    if let Some(tally) = tally(claims, reports, language) {
        say!("{tally}");
    }
    let open = claims.iter().filter(|claim| claim.programs.is_empty()).count();
    say!("{}", (texts.claims)(claims.len(), open));
    let count = not_judged(reports, language).len();
    if count > 0 {
        say!("{}", (texts.too_busy)(count));
    }
}

/// Says that so many cost programs are built in another way than the others.
pub(super) fn building(count: usize, language: Language) -> String {
    (texts(language).building)(count)
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
        match same.count() {
            0 => {}
            count => counts.push((count, answer.meaning(language))),
        }
    }
    Some((texts(language).tally)(of_article.len(), &counts))
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
    let single = reports.iter().map(|report| {
        let Report { program, figure, verdict, .. } = report;
        json!({
            "program": program, "figure": figure, "verdict": verdict.word(),
        })
    });
    entry["reports"] = json!(single.collect::<Vec<_>>());
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
            python_ko: String::new(),
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
