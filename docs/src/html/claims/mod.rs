//! The page of `claims`: the ledger, with what was measured.

mod entry;

use serde_json::json;
use shared::Verdict;

use super::{Page, Text, command, texts};
use crate::{
    ledger::{Answer, Claim, Language, Report},
    programs::Program,
};

pub use entry::Entry;

/// The ledger as a page. `programs` are those that the claims name; `dev`: also
/// those whose subject is a cost were built with the dev profile.
pub fn page(
    claims: &[Claim],
    reports: &[Report],
    programs: &[Program],
    dev: bool,
    language: Language,
) -> String {
    let titles = entry::korean_titles();
    let entries: Vec<Entry> = claims
        .iter()
        .map(|claim| Entry::new(claim, reports, programs, &titles))
        .collect();
    let build = if dev { texts::NO_COSTS } else { texts::COSTS };
    let parts = [
        filters(&entries),
        chapters(&entries),
        format!("<p class=\"soft\">{}</p>\n", build.html()),
    ];
    Page {
        title: texts::LEDGER,
        about: texts::ABOUT_LEDGER,
        language,
        command: command("claims"),
        body: parts.concat(),
        data: json!({}),
        style: include_str!("claims.css"),
        script: include_str!("claims.js"),
    }
    .render()
}

/// What the worst of the reports says; `None`: there are none.
fn verdict_text(verdict: Option<Verdict>) -> Text {
    match verdict {
        Some(Verdict::BorneOut) => texts::BORNE_OUT,
        Some(Verdict::Contradicted) => texts::CONTRADICTED,
        Some(Verdict::NotJudged) => texts::NOT_JUDGED,
        None => texts::NOT_REPORTED,
    }
}

/// One word for a class, and for a choice.
fn verdict_word(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::BorneOut) => "borne-out",
        Some(Verdict::Contradicted) => "contradicted",
        Some(Verdict::NotJudged) => "not-judged",
        None => "not-reported",
    }
}

/// A button for each answer, a choice of verdicts, and a field to search.
fn filters(entries: &[Entry]) -> String {
    let answers = Answer::ALL.into_iter().map(|answer| {
        let count = entries.iter().filter(|e| e.claim.rust == answer).count();
        let (word, meaning) = (answer.word(), texts::meaning(answer).html());
        format!(
            "<button type=\"button\" data-answer=\"{word}\" \
             aria-pressed=\"false\"><i class=\"dot {word}\"></i> {meaning} \
             <b>{count}</b></button>\n"
        )
    });
    let verdicts = [
        Some(Verdict::BorneOut),
        Some(Verdict::NotJudged),
        Some(Verdict::Contradicted),
        None,
    ];
    let verdicts = verdicts
        .into_iter()
        .map(|verdict| verdict_text(verdict).option(verdict_word(verdict)));
    format!(
        "<div class=\"filters needs-script\">\n\
         <div class=\"answers\" role=\"group\" aria-labelledby=\"answers\">\n\
         <span id=\"answers\" class=\"unseen\">{}</span>\n{}</div>\n\
         <div class=\"words\">\n\
         <label><span>{}</span> <input type=\"search\" id=\"search\" \
         autocomplete=\"off\" spellcheck=\"false\"></label>\n\
         <label><span>{}</span> <select id=\"verdict\">\n{}{}</select></label>\n\
         <button type=\"button\" id=\"reset\">{}</button>\n\
         <p class=\"soft\" role=\"status\"><b id=\"shown\">{}</b> {}</p>\n\
         </div>\n</div>\n\
         <p id=\"nothing\" hidden>{}</p>\n",
        texts::ANSWER.html(),
        answers.collect::<String>(),
        texts::SEARCH.html(),
        texts::VERDICT.html(),
        texts::ANY_VERDICT.option(""),
        verdicts.collect::<String>(),
        texts::RESET.html(),
        entries.len(),
        texts::SHOWN.html(),
        texts::NOTHING_FITS.html(),
    )
}

/// The claims below the headings of their chapters.
fn chapters(entries: &[Entry]) -> String {
    let mut out = String::new();
    for chapter in entries.chunk_by(|a, b| a.claim.section == b.claim.section) {
        let title = texts::chapter(&chapter[0].claim.section).html();
        let claims: String = chapter.iter().map(Entry::html).collect();
        out += &format!(
            "<section class=\"chapter\">\n<h2>{title}</h2>\n{claims}</section>\n"
        );
    }
    out
}
