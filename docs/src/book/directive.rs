//! Directives: what a chapter asks the sources and the results for.

use shared::Menu;

/// What replaces `{{name argument ...}}` in a chapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Directive {
    /// `{{code NAME}}`: a part to copy, as `cargo snippet NAME` prints it.
    Code(String),
    /// `{{twins A B}}`: two sources side by side.
    Twins(String, String),
    /// `{{timeline MENU A B ...}}`: who cooked what when, on one axis.
    Timeline(Menu, Vec<String>),
    /// `{{compare MENU A B ...}}`: a table; without names, of all kitchens.
    Compare(Menu, Vec<String>),
    /// `{{n PROGRAM MENU KEY}}`: a figure.
    Figure(String, Menu, String),
    /// `{{n1000 PROGRAM KEY}}`: a figure of the run with 1 000 dishes.
    FigureOfThousand(String, String),
    /// `{{times KEY A B MENU}}`: how many times that of B that of A is.
    Times(String, [String; 2], Menu),
    /// `{{claim ID}}`: a statement, our answer, and what was measured.
    Claim(String),
    /// `{{answer ID}}`: our answer to a statement, in words.
    Answer(String),
    /// `{{tally}}`: how many statements have which answer.
    Tally,
    /// `{{output NAME}}`: what a program prints.
    Output(String),
    /// `{{run NAME}}`: the command that runs a program.
    Run(String),
    /// `{{python NAME.py}}`: a program in Python.
    Python(String),
    /// `{{programs}}`: all programs.
    Programs,
    /// `{{machine}}`: on what all this was measured.
    Machine,
    /// `{{measured KEY}}`: one word of that: `cores`, `cpu`, `kernel`,
    /// `repeat`, `date`, `rustc`, `python`, `profile`.
    Measured(String),
    /// `{{src NAME}}`: a program's name, which leads to the list of them.
    Source(String),
}

use Directive::*;

impl Directive {
    /// Reads what stands between `{{` and `}}`.
    ///
    /// # Errors
    ///
    /// There is no such directive, or it wants other arguments: a sentence.
    pub fn parse(text: &str) -> Result<Directive, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let own = |word: &&str| word.to_string();
        let menu = |word: &str| {
            let wrong = |why| format!("{{{{{text}}}}}: {word}: {why}");
            word.parse::<Menu>().map_err(wrong)
        };
        Ok(match words[..] {
            ["code", name] => Code(name.into()),
            ["twins", a, b] => Twins(a.into(), b.into()),
            ["timeline", on, ref names @ ..] if !names.is_empty() => {
                Timeline(menu(on)?, names.iter().map(own).collect())
            }
            ["compare", on, ref names @ ..] => {
                Compare(menu(on)?, names.iter().map(own).collect())
            }
            ["n", program, on, key] => {
                Figure(program.into(), menu(on)?, key.into())
            }
            ["n1000", program, key] => {
                FigureOfThousand(program.into(), key.into())
            }
            ["times", key, a, b, on] => {
                Times(key.into(), [a.into(), b.into()], menu(on)?)
            }
            ["claim", id] => Claim(id.into()),
            ["answer", id] => Answer(id.into()),
            ["tally"] => Tally,
            ["output", name] => Output(name.into()),
            ["run", name] => Run(name.into()),
            ["python", name] => Python(name.into()),
            ["programs"] => Programs,
            ["machine"] => Machine,
            ["measured", key] => Measured(key.into()),
            ["src", name] => Source(name.into()),
            _ => return Err(unknown(text)),
        })
    }

    /// Whether it stands on a line of its own.
    pub fn is_block(&self) -> bool {
        match self {
            Code(_) | Twins(..) | Timeline(..) | Compare(..) | Claim(_)
            | Tally | Output(_) | Run(_) | Python(_) | Programs | Machine => {
                true
            }
            Figure(..) | FigureOfThousand(..) | Times(..) | Answer(_)
            | Measured(_) | Source(_) => false,
        }
    }
}

/// How each directive is written.
const FORMS: [&str; 17] = [
    "code NAME",
    "twins A B",
    "timeline MENU A B ...",
    "compare MENU A B ...",
    "n PROGRAM MENU KEY",
    "n1000 PROGRAM KEY",
    "times KEY A B MENU",
    "claim ID",
    "answer ID",
    "tally",
    "output NAME",
    "run NAME",
    "python NAME.py",
    "programs",
    "machine",
    "measured KEY",
    "src NAME",
];

/// Why this is not a directive.
fn unknown(text: &str) -> String {
    let word = text.split_whitespace().next().unwrap_or_default();
    let is_called = |form: &&&str| form.split(' ').next() == Some(word);
    match FORMS.iter().find(is_called) {
        Some(form) => format!("{{{{{text}}}}} is to be {{{{{form}}}}}"),
        None => format!("there is no directive {{{{{text}}}}}"),
    }
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// As it is.
    Text(&'a str),
    /// What stands between `{{` and `}}`.
    Asked(&'a str),
}

/// The pieces of a line of prose.
pub fn pieces(line: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some((text, after)) = rest.split_once("{{") {
        let Some((asked, after)) = after.split_once("}}") else { break };
        pieces.extend([Piece::Text(text), Piece::Asked(asked.trim())]);
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    pieces.retain(|piece| *piece != Piece::Text(""));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_as_it_is_told() {
        for form in FORMS {
            let text = form.replace("MENU", "mixed").replace("...", "C");
            assert!(Directive::parse(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_the_right_form() {
        let why = |text| Directive::parse(text).unwrap_err();
        assert_eq!(why("cod a"), "there is no directive {{cod a}}");
        assert_eq!(why(""), "there is no directive {{}}");
        assert_eq!(why("code"), "{{code}} is to be {{code NAME}}");
        let wanted = "{{n a mixed}} is to be {{n PROGRAM MENU KEY}}";
        assert_eq!(why("n a mixed"), wanted);
        assert!(why("compare frying").contains("frying: no such menu"));
        assert!(why("timeline mixed").contains("is to be"));
    }

    #[test]
    fn a_line_has_text_and_directives() {
        use Piece::*;
        assert_eq!(
            pieces("It takes {{n a b c}}, {{ src d }}."),
            [
                Text("It takes "),
                Asked("n a b c"),
                Text(", "),
                Asked("src d"),
                Text(".")
            ]
        );
        assert_eq!(pieces("{{tally}}"), [Asked("tally")]);
        assert_eq!(pieces("a {{ b"), [Text("a {{ b")]);
        assert!(pieces("").is_empty());
    }
}
