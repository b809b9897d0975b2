//! A chapter as a page: each directive is replaced by what it asks for.

mod claims;
mod code;
mod figures;
mod programs;
mod timeline;
mod twins;

use shared::Language;

use super::{
    Chapter, Facts, Line, Problem,
    directive::{Directive, Piece, pieces},
    texts::{Texts, texts},
};

/// The page of a chapter as plain Markdown, and what could not be replaced.
pub fn render(
    chapter: &Chapter,
    language: Language,
    facts: &Facts,
) -> (String, Vec<Problem>) {
    let page = Page { facts, language, texts: texts(language) };
    let mut out = String::new();
    let mut problems = Vec::new();
    for ((number, line), raw) in
        chapter.lines().into_iter().zip(chapter.text.lines())
    {
        let Line::Prose(text) = line else {
            out += raw;
            out += "\n";
            continue;
        };
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => out += text,
                Piece::Asked(asked) => {
                    let is_alone = text.trim() == format!("{{{{{asked}}}}}");
                    match page.replacement(asked, is_alone) {
                        Ok(text) => out += text.trim_end(),
                        Err(why) => problems.push(chapter.problem(number, why)),
                    }
                }
            }
        }
        out += "\n";
    }
    (out, problems)
}

/// What the replacements are made from.
struct Page<'a> {
    facts: &'a Facts,
    language: Language,
    texts: &'static Texts,
}

impl Page<'_> {
    fn replacement(
        &self,
        asked: &str,
        is_alone: bool,
    ) -> Result<String, String> {
        let directive = Directive::parse(asked)?;
        if directive.is_block() && !is_alone {
            let why = "has to stand on a line of its own";
            return Err(format!("{{{{{asked}}}}} {why}"));
        }
        match &directive {
            Directive::Code(name) => self.code(name),
            Directive::Twins(left, right) => self.twins(left, right),
            Directive::Timeline(menu, names) => self.timeline(*menu, names),
            Directive::Compare(menu, names) => self.compare(*menu, names),
            Directive::Figure(program, menu, key) => {
                self.figure(program, *menu, key)
            }
            Directive::FigureOfThousand(program, key) => {
                self.figure_of_thousand(program, key)
            }
            Directive::Times(key, programs, menu) => {
                self.times(key, programs, *menu)
            }
            Directive::Claim(id) => self.claim(id),
            Directive::Answer(id) => self.answer(id),
            Directive::Tally => self.tally(),
            Directive::Output(name) => self.output(name),
            Directive::Run(name) => self.run(name),
            Directive::Python(name) => self.python(name),
            Directive::Programs => self.programs(),
            Directive::Machine => Ok(self.machine()),
            Directive::Measured(key) => self.measured(key),
            Directive::Source(name) => self.source(name),
        }
    }
}

/// A table of Markdown; all columns but the first stand at the right, if they
/// are numbers.
fn table(heading: &[&str], numbers: bool, rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
    let rule = |at| if numbers && at > 0 { "---:" } else { "---" };
    let mut out = line(heading.to_vec());
    out += &line((0..heading.len()).map(rule).collect());
    for row in rows {
        out += &line(row.iter().map(String::as_str).collect());
    }
    out
}
