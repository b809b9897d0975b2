//! What the article states, what we answer, and what was measured.

use serde_json::Value;
use shared::Language;

use super::{Page, table};
use crate::{
    html::escape,
    ledger::{Answer, Claim},
};

impl Page<'_> {
    /// A box: the statement, what is true of Python, our answer, and what each
    /// program measured.
    pub(super) fn claim(&self, id: &str) -> Result<String, String> {
        let claim = self.facts.claim(id)?;
        let Claim { id, rust, .. } = claim;
        let measured = self.measurements(id)?;
        let says = escape(match self.language {
            Language::En => &claim.says,
            Language::Ko => &claim.ko,
        });
        let meaning = rust.meaning(self.language);
        let texts = self.texts;
        let answer = answer_words(*rust, meaning, self.language);
        Ok(format!(
            "<div class=\"claim {word}\" id=\"claim-{id}\">\n\
             <p class=\"box-title\">{title} <b>{id}</b></p>\n\
             <blockquote>{says}</blockquote>\n\
             <dl>\n<dt>{python_today}</dt><dd>{python}</dd>{run}\n\
             <dt>{our_answer}</dt><dd class=\"answer\">{answer}</dd>\n\
             <dt>{measured_title}</dt>{measured}\n</dl>\n\
             <pre><code class=\"language-console\">$ cargo claims {id}</code>\
             </pre>\n</div>\n",
            word = rust.word(),
            title = texts.says,
            python_today = texts.python_today,
            python = escape(claim.python_in(self.language)),
            run = self.measured_in_python(claim),
            our_answer = texts.our_answer,
            measured_title = texts.measured,
        ))
    }

    /// What each program said, as it said it, and whether that bears us out.
    fn measurements(&self, id: &str) -> Result<String, String> {
        let found = self.facts.results.claim(id)?;
        let reports = found["reports"].as_array();
        let reports = reports.filter(|reports| !reports.is_empty());
        let reports = reports
            .ok_or_else(|| format!("the results say nothing of {id}"))?;
        let mut out = String::new();
        for report in reports {
            let text = |key: &str| report[key].as_str().unwrap_or_default();
            let name = escape(text("program"));
            let word = self.verdict(text("verdict"));
            let class = text("verdict").replace(' ', "-");
            let figure = escape(text("figure"));
            let english = self.marks_english();
            out += &format!(
                "\n<dd><a href=\"programs.html#{name}\"><code>{name}</code>\
                 </a>: <span class=\"verdict {class}\">{word}</span>: \
                 <span{english}>{figure}</span></dd>"
            );
        }
        Ok(out)
    }

    /// What a script of Python measured, and where more can be read.
    fn measured_in_python(&self, claim: &Claim) -> String {
        let mut claims = self.facts.results.python_claims.iter();
        let found = claims.find(|found| found["id"] == *claim.id);
        let mut out = String::new();
        let text = |key: &str| found?[key].as_str().map(escape);
        if let [Some(figure), Some(script), Some(python)] =
            ["figure", "script", "python"].map(text)
        {
            let word = self.verdict(&text("verdict").unwrap_or_default());
            let english = self.marks_english();
            out += &format!(
                "\n<dd><code>{script}</code> ({python}): <span \
                 class=\"verdict\">{word}</span>: \
                 <span{english}>{figure}</span></dd>"
            );
        }
        if let Some(source) = claim.python_source.as_deref().map(escape) {
            let name = source.trim_start_matches("https://");
            out += &format!("\n<dd><a href=\"{source}\">{name}</a></dd>");
        }
        out
    }

    fn verdict(&self, word: &str) -> &'static str {
        match word {
            "borne out" => self.texts.borne_out,
            "contradicted" => self.texts.contradicted,
            _ => self.texts.not_judged,
        }
    }

    /// Programs speak English.
    fn marks_english(&self) -> &'static str {
        match self.language {
            Language::En => "",
            Language::Ko => " lang=\"en\"",
        }
    }

    /// Our answer in words.
    pub(super) fn answer(&self, id: &str) -> Result<String, String> {
        let claim = self.facts.claim(id)?;
        Ok(claim.rust.meaning(self.language).into())
    }

    /// How many statements have which answer, and how many were borne out.
    pub(super) fn tally(&self) -> Result<String, String> {
        let mut rows = Vec::new();
        let mut sums = [0; 4];
        for answer in Answer::ALL {
            let counts = self.counts(answer)?;
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count;
            }
            if counts != [0; 4] {
                let meaning = answer.meaning(self.language);
                rows.push(row(meaning.into(), counts));
            }
        }
        rows.push(row(format!("**{}**", self.texts.total), sums));
        Ok(table(&self.texts.tally, true, &rows))
    }

    /// Of the article, borne out, not of the article, borne out.
    fn counts(&self, answer: Answer) -> Result<[usize; 4], String> {
        let mut counts = [0; 4];
        for claim in self.facts.claims.iter().filter(|c| c.rust == answer) {
            let found = self.facts.results.claim(&claim.id)?;
            let at = if claim.is_of_the_article() { 0 } else { 2 };
            counts[at] += 1;
            counts[at + 1] += usize::from(is_borne_out(found));
        }
        Ok(counts)
    }
}

fn is_borne_out(claim: &Value) -> bool {
    claim["verdict"] == "borne out"
}

/// In English the word of the ledger stands before what it means.
fn answer_words(answer: Answer, meaning: &str, language: Language) -> String {
    match language {
        Language::En => format!("<b>{}</b> ({meaning})", answer.word()),
        Language::Ko => format!("<b>{meaning}</b>"),
    }
}

fn row(name: String, counts: [usize; 4]) -> Vec<String> {
    let counts = counts.iter().map(|count| count.to_string());
    [name].into_iter().chain(counts).collect()
}
