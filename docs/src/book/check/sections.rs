//! A section that shows a program ends with the command that runs it, and with
//! what to change.

use shared::Language;

use crate::book::{Chapter, Directive, Problem, texts::texts};

/// A section that shows code or an output without a command, and commands
/// without what to change.
pub fn check(chapter: &Chapter, language: Language) -> Vec<Problem> {
    let change = format!("**{}", texts(language).change);
    let mut problems = Vec::new();
    let mut section = Section::default();
    let mut wants_change = None;
    for (number, text) in chapter.prose() {
        if text.starts_with("## ") || text.starts_with("# ") {
            problems.extend(section.problem(chapter));
            section = Section { line: number, ..Section::default() };
        }
        let text = text.trim();
        if wants_change.is_some() && !text.is_empty() {
            let line = wants_change.take().unwrap_or(number);
            if !text.starts_with(&change) {
                let why = format!(
                    "after this command has to stand what to change: {change}:**"
                );
                problems.push(chapter.problem(line, why));
            }
        }
        let inner = text.strip_prefix("{{").and_then(|t| t.strip_suffix("}}"));
        match inner.map(Directive::parse) {
            Some(Ok(
                Directive::Code(_)
                | Directive::Output(_)
                | Directive::Twins(..)
                | Directive::Python(_),
            )) => section.shows = Some(number),
            Some(Ok(Directive::Run(_))) => {
                section.runs = true;
                wants_change = Some(number);
            }
            _ => {}
        }
    }
    if let Some(line) = wants_change {
        let why = format!("nothing says what to change: {change}:**");
        problems.push(chapter.problem(line, why));
    }
    problems.extend(section.problem(chapter));
    problems
}

/// What stands below a heading.
#[derive(Default)]
struct Section {
    line: usize,
    /// The line in which it shows a program.
    shows: Option<usize>,
    /// Whether it says how to run one.
    runs: bool,
}

impl Section {
    fn problem(&self, chapter: &Chapter) -> Option<Problem> {
        let is_missing = self.shows.is_some() && !self.runs;
        is_missing.then(|| {
            let why = "this section shows a program, and has no {{run NAME}}";
            chapter.problem(self.line, why)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<usize> {
        let [name, file] = ["test", "test.md"].map(String::from);
        let chapter = Chapter { name, file, text: text.into() };
        let problems = check(&chapter, Language::En);
        problems.iter().map(|problem| problem.place.line).collect()
    }

    #[test]
    fn a_section_that_shows_a_program_says_how_to_run_and_change_it() {
        let change = "**Change this and watch:** more.";
        let good =
            format!("# A\n## B\n{{{{code a}}}}\n\n{{{{run a}}}}\n\n{change}\n");
        assert!(told(&good).is_empty());
        assert!(told("# A\n## B\n{{compare mixed}}\n").is_empty());
        assert_eq!(told("# A\n## B\n{{output a}}\n## C\n"), [2]);
        assert_eq!(told("# A\n## B\n{{run a}}\n"), [3]);
        let other = format!("## B\n{{{{run a}}}}\n\nMore.\n\n{change}\n");
        assert_eq!(told(&other), [2]);
    }
}
