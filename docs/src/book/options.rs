//! What `book` can be asked for.

use std::process;

use lexopt::Arg::{Long, Value};
use lexopt::{Parser, ValueExt};
use shared::{report, wrong_usage};

use super::measure::Part;

const HELP: &str = "\
Usage: cargo book build            both editions, as HTML in target/book
       cargo book pages            only their pages, as Markdown
       cargo book check            what is wrong in the chapters, a line each
       cargo book measure [PART]   measures anew all figures of the book

`build` installs mdBook into target/tools when it is not there; that needs the
network, once. `measure` runs every kitchen and every program with a claim, and
writes docs/results.json. It takes about half an hour, on a machine that does
nothing else. PART is compare, thousand, claims or python: only this part of
the results.

Options:
  --help   print this
";

/// What is to be done with the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Make both editions.
    Build,
    /// Make only their Markdown.
    Pages,
    /// Tell what is wrong.
    Check,
    /// Measure anew: this part, or everything.
    Measure(Option<Part>),
}

impl Wish {
    /// Reads the command line. Ends the process after `--help` (status 0) and
    /// on wrong usage (one line, status 2).
    pub fn read() -> Wish {
        Wish::parse(Parser::from_env())
            .unwrap_or_else(|why| wrong_usage("book", why))
    }

    fn parse(mut line: Parser) -> Result<Wish, lexopt::Error> {
        let mut words = Vec::new();
        while let Some(argument) = line.next()? {
            match argument {
                Long("help") => {
                    report::say(HELP);
                    process::exit(0);
                }
                Value(word) => words.push(word.string()?),
                other => return Err(other.unexpected()),
            }
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["build"] => Ok(Wish::Build),
            ["pages"] => Ok(Wish::Pages),
            ["check"] => Ok(Wish::Check),
            ["measure"] => Ok(Wish::Measure(None)),
            ["measure", part] => Ok(Wish::Measure(Some(part.parse()?))),
            [] => Err("build, pages, check or measure?".into()),
            _ => Err(format!("{}: no such command", words.join(" ")).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(words: &[&str]) -> Result<Wish, String> {
        let line = [&["book"], words].concat();
        Wish::parse(Parser::from_iter(line)).map_err(|why| why.to_string())
    }

    #[test]
    fn one_command_is_given() {
        assert_eq!(wish(&["build"]), Ok(Wish::Build));
        assert_eq!(wish(&["measure"]), Ok(Wish::Measure(None)));
        let claims = Wish::Measure(Some(Part::Claims));
        assert_eq!(wish(&["measure", "claims"]), Ok(claims));
        for wrong in [
            &[][..],
            &["bake"],
            &["build", "pages"],
            &["measure", "salt"],
            &["check", "--salt"],
        ] {
            assert!(wish(wrong).is_err(), "{wrong:?}");
        }
    }
}
