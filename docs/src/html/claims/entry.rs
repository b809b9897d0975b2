//! One claim of the page.

use std::{collections::HashMap, fs};

use shared::Verdict;

use super::{verdict_text, verdict_word};
use crate::{
    html::{
        escape,
        texts::{self, both, with_code},
    },
    ledger::{Claim, Report},
    programs::{Program, root},
};

/// What a program shows, in Korean, by its name.
type Titles = HashMap<String, String>;

/// Titles from `docs/ko/titles.toml`; none, if they cannot be read.
pub fn korean_titles() -> Titles {
    let text = fs::read_to_string(root().join("docs/ko/titles.toml"));
    let titles = text.ok().and_then(|text| toml::from_str(&text).ok());
    titles.unwrap_or_default()
}

/// A claim, with what was reported of it and by which programs.
pub struct Entry<'a> {
    pub claim: &'a Claim,
    reports: Vec<&'a Report>,
    programs: Vec<&'a Program>,
    titles: &'a Titles,
}

impl<'a> Entry<'a> {
    pub fn new(
        claim: &'a Claim,
        reports: &'a [Report],
        programs: &'a [Program],
        titles: &'a Titles,
    ) -> Entry<'a> {
        let named = claim.programs.iter();
        let find = |name: &String| programs.iter().find(|p| p.name == *name);
        Entry {
            claim,
            reports: reports.iter().filter(|r| r.id == claim.id).collect(),
            programs: named.filter_map(find).collect(),
            titles,
        }
    }

    /// Closed, it shows the statement, our answer and the verdict; open, all
    /// the rest.
    pub fn html(&self) -> String {
        let Claim { id, says, ko, python, python_ko, rust, .. } = self.claim;
        let python = match python_ko.as_str() {
            "" => with_code(python),
            ko => both(python, ko),
        };
        let verdict = self.reports.iter().map(|report| report.verdict).max();
        let (id, says) = (escape(id), both(says, ko));
        let (answer, word) = (texts::meaning(*rust).html(), rust.word());
        let judged = verdict_word(verdict);
        let facts = [
            fact(texts::IN_PYTHON.html(), python + &self.read()),
            fact(
                texts::IN_RUST.html(),
                format!("<i class=\"dot {word}\"></i> {word}: {answer}"),
            ),
            fact(texts::MEASURED.html(), self.measured()),
        ];
        let programs =
            self.programs.iter().map(|program| self.program(program));
        format!(
            "<details class=\"claim\" id=\"{id}\" data-answer=\"{word}\" \
             data-verdict=\"{judged}\">\n\
             <summary><span class=\"id\">{id}</span> \
             <span class=\"says\">{says}</span> \
             <span class=\"marks\"><span class=\"answer\">\
             <i class=\"dot {word}\"></i> {answer}</span> {}</span></summary>\n\
             <dl class=\"facts\">\n{}</dl>\n{}</details>\n",
            badge(verdict),
            facts.concat(),
            programs.collect::<String>(),
        )
    }

    /// Where it can be read, if nobody can run it.
    fn read(&self) -> String {
        let source = self.claim.python_source.as_deref().unwrap_or_default();
        match source.starts_with("https://") {
            true => {
                let (link, read) = (escape(source), texts::READ.html());
                format!(" <a href=\"{link}\">{read}</a>")
            }
            false => String::new(),
        }
    }

    /// The sentence of each report.
    fn measured(&self) -> String {
        if self.claim.programs.is_empty() {
            return texts::OPEN.html();
        }
        if self.reports.is_empty() {
            return texts::NOT_REPORTED.html();
        }
        let lines = self.reports.iter().map(|report| {
            let (badge, figure) = (badge(Some(report.verdict)), &report.figure);
            let (figure, program) =
                (with_code(figure), escape(&report.program));
            format!("<p>{figure} <code>{program}</code> {badge}</p>\n")
        });
        lines.collect()
    }

    /// What a program is about, how to run it, its output, its source.
    fn program(&self, program: &Program) -> String {
        let Program { name, source, .. } = program;
        let title = program.header().next().unwrap_or_default().trim();
        let title = match self.titles.get(name) {
            Some(ko) => both(title, ko),
            None => with_code(title),
        };
        let command = escape(program.run_command().unwrap_or_default());
        let output = escape(&program.output());
        let (name, source) = (escape(name), escape(source));
        let more = |what: texts::Text, text: &str| match text {
            "" => String::new(),
            _ => format!(
                "<details class=\"more\">\n<summary>{}</summary>\n\
                 <pre class=\"box\" tabindex=\"0\">{text}</pre>\n</details>\n",
                what.html()
            ),
        };
        format!(
            "<div class=\"program\">\n<h3><code>{name}</code> \
             <span>{title}</span></h3>\n\
             <p class=\"run\"><span class=\"soft\">{}</span> \
             <code>{command}</code></p>\n{}{}</div>\n",
            texts::RUN.html(),
            more(texts::OUTPUT, &output),
            more(texts::SOURCE, &source),
        )
    }
}

fn fact(name: String, value: String) -> String {
    format!("<div><dt>{name}</dt><dd>{value}</dd></div>\n")
}

fn badge(verdict: Option<Verdict>) -> String {
    let (word, text) = (verdict_word(verdict), verdict_text(verdict).html());
    format!("<span class=\"badge {word}\">{text}</span>")
}
