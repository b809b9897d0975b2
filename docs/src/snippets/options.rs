//! What `snippet` can be asked for.

use std::{path::PathBuf, process};

use lexopt::Arg::{Long, Value};
use lexopt::{Parser, ValueExt};
use shared::{report, wrong_usage};

const HELP: &str = "\
Usage: cargo snippet                    lists all, by need
       cargo snippet NEED               finds one: timeout, Semaphore, Popen
       cargo snippet NAME               prints one, and what it depends on
       cargo snippet NAME --new FOLDER  makes a crate of it that builds and runs
       cargo snippet NAME NAME --new FOLDER   the same with several, as modules
       cargo snippet --check            builds each one alone

NAME is a program, or program:anchor.
";

/// What is to be done with the snippets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// List all of them, by need.
    List,
    /// Find one by its name or by need; and make a crate of it in this folder,
    /// if there is one.
    Find(String, Option<PathBuf>),
    /// Build each one alone.
    Check,
}

impl Wish {
    /// Reads the command line. Ends the process after `--help` (status 0) and
    /// on wrong usage (one line, status 2).
    pub fn read() -> Wish {
        Wish::parse(Parser::from_env())
            .unwrap_or_else(|why| wrong_usage("snippet", why))
    }

    fn parse(mut line: Parser) -> Result<Wish, lexopt::Error> {
        let (mut words, mut folder) = (Vec::new(), None);
        while let Some(argument) = line.next()? {
            match argument {
                Long("help") => {
                    report::say(HELP);
                    process::exit(0);
                }
                Long("list") => return Ok(Wish::List),
                Long("check") => return Ok(Wish::Check),
                Long("new") => folder = Some(line.value()?.into()),
                Value(word) => words.push(word.string()?),
                other => return Err(other.unexpected()),
            }
        }
        match (words.is_empty(), folder) {
            (true, Some(_)) => Err("which snippet?".into()),
            (true, None) => Ok(Wish::List),
            (false, folder) => Ok(Wish::Find(words.join(" "), folder)),
        }
    }
}
