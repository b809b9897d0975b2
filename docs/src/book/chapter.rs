//! A chapter as it is written: lines of prose, lines of code, and where each
//! stands.

use std::fmt;

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Its path in the workspace.
    pub file: String,
    /// From 1; 0 is the file as a whole.
    pub line: usize,
}

/// What is wrong at a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What, in one line.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { place: Place { file, line }, what } = self;
        match line {
            0 => write!(f, "{file}: {what}"),
            _ => write!(f, "{file}:{line}: {what}"),
        }
    }
}

/// The template of a chapter.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// `threading`.
    pub name: String,
    /// Its path in the workspace.
    pub file: String,
    /// What it says.
    pub text: String,
}

/// A line of a chapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// Text, a heading, a table; also a directive.
    Prose(&'a str),
    /// The beginning of a block of code, with what stands behind the fence:
    /// `console`.
    Open(&'a str),
    /// In a block of code, in which nothing is replaced.
    Code(&'a str),
    /// Its end.
    Close,
}

impl Chapter {
    /// Its lines, numbered from 1.
    pub fn lines(&self) -> Vec<(usize, Line<'_>)> {
        let mut fence: Option<&str> = None;
        let mut lines = Vec::new();
        for (number, line) in (1..).zip(self.text.lines()) {
            let start = line.trim_start();
            let marks = ["```", "~~~"].into_iter();
            let mark = marks.into_iter().find(|mark| start.starts_with(mark));
            let kind = match (fence, mark) {
                (None, Some(mark)) => {
                    fence = Some(mark);
                    Line::Open(start.trim_start_matches(['`', '~']).trim())
                }
                (Some(open), Some(mark)) if open == mark => {
                    fence = None;
                    Line::Close
                }
                (Some(_), _) => Line::Code(line),
                (None, None) => Line::Prose(line),
            };
            lines.push((number, kind));
        }
        lines
    }

    /// Its lines of prose, numbered from 1.
    pub fn prose(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().into_iter().filter_map(|(number, line)| match line {
            Line::Prose(text) => Some((number, text)),
            _ => None,
        })
    }

    /// The commands in its blocks `console`, numbered by their lines and without
    /// the `$`. A command that goes on in the next line (`\`) is one command.
    pub fn commands(&self) -> Vec<(usize, String)> {
        let mut commands: Vec<(usize, String)> = Vec::new();
        let (mut is_console, mut goes_on) = (false, false);
        for (number, line) in self.lines() {
            match line {
                Line::Open(language) => is_console = language == "console",
                Line::Code(line) if is_console => {
                    let begins = line.strip_prefix("$ ");
                    if let Some(command) = begins {
                        commands.push((number, command.into()));
                    } else if goes_on && let Some(last) = commands.last_mut() {
                        last.1 = format!("{} {}", last.1, line.trim());
                    }
                    goes_on = line.ends_with('\\');
                    if goes_on && let Some((_, last)) = commands.last_mut() {
                        *last = last.trim_end_matches(['\\', ' ']).into();
                    }
                }
                _ => goes_on = false,
            }
        }
        commands
    }

    /// The place of a line.
    pub fn place(&self, line: usize) -> Place {
        Place { file: self.file.clone(), line }
    }

    /// A problem in a line.
    pub fn problem(&self, line: usize, what: impl Into<String>) -> Problem {
        Problem { place: self.place(line), what: what.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chapter(text: &str) -> Chapter {
        let [name, file] = ["test", "test.md"].map(String::from);
        Chapter { name, file, text: text.into() }
    }

    #[test]
    fn code_is_no_prose() {
        let chapter = chapter("a\n```text\n{{b}}\n~~~\n```\nc\n~~~\nd\n~~~\ne");
        let prose: Vec<_> = chapter.prose().collect();
        assert_eq!(prose, [(1, "a"), (6, "c"), (10, "e")]);
        assert_eq!(chapter.lines()[1], (2, Line::Open("text")));
        assert_eq!(chapter.lines()[3], (4, Line::Code("~~~")));
    }

    #[test]
    fn commands_stand_in_console_blocks() {
        let chapter = chapter(
            "$ no\n```console\n$ cargo a\nits output\n$ cargo b \\\n    --c\n\
             $ d\n```\n```text\n$ no\n```\n",
        );
        let commands = chapter.commands();
        let wanted = [(3, "cargo a"), (5, "cargo b --c"), (7, "d")];
        assert_eq!(commands, wanted.map(|(n, text)| (n, text.to_string())));
    }

    #[test]
    fn a_problem_is_told_with_its_place() {
        let problem = chapter("").problem(7, "it is wrong");
        assert_eq!(problem.to_string(), "test.md:7: it is wrong");
        let problem = chapter("").problem(0, "it is wrong");
        assert_eq!(problem.to_string(), "test.md: it is wrong");
    }
}
