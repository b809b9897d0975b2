//! What `claims` can be asked for.

use std::{path::PathBuf, process, str::FromStr};

use lexopt::Arg::{Long, Value};
use lexopt::{Parser, ValueExt};
use shared::{report, wrong_usage};

use crate::python;

const HELP: &str = "\
Usage: cargo claims [OPTIONS] [CLAIM...]

Runs the programs that report claims, and prints every statement of the article
with what is true of Python, our answer for Rust, and what was measured. CLAIM
is a number like A23; without one, all are measured.

Our answers:
  holds      true
  limits     true within limits
  differs    the same topic, by another mechanism
  inverted   the opposite problem
  false      not true
  outdated   not true any more, nor of Python

What a measurement says of our answer:
  borne out      the measurement agrees with it
  contradicted   the measurement says the opposite; this is an error
  not judged     the machine was too busy to tell, or two runs by the clock
                 disagree; this is no error

A program whose subject is a cost is built with the release profile for this.

Options:
  --section NAME   only this chapter: threading, asyncio, multiprocessing,
                   futures_pool, subprocess or across
  --strict         a claim that is not judged is an error, too
  --dev            run the dev build of every program: this is built sooner,
                   but its figures are not to be quoted
  --python         run the scripts of docs/python/claims instead, and print what
                   they measured of what is true of Python
  --scripts FOLDER other scripts
  --lang LANGUAGE  en (default) or ko: the language of the statements
  --html FILE      write a page with all of it, in both languages
  --json           print a list of JSON objects
  --ledger FILE    another ledger
  --help           print this
";

/// The language of the statements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Korean.
    Ko,
}

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Language, String> {
        match text {
            "en" => Ok(Language::En),
            "ko" => Ok(Language::Ko),
            _ => Err("there are en and ko".into()),
        }
    }
}

/// Which claims are to be measured, how, and how they are to be shown.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only these; all, if there is none.
    pub ids: Vec<String>,
    /// Only this chapter.
    pub section: Option<String>,
    /// The file with the ledger.
    pub ledger: PathBuf,
    /// How the statements are to be read.
    pub language: Language,
    /// Write a page to this file.
    pub html: Option<PathBuf>,
    /// Print JSON.
    pub json: bool,
    /// A claim that is not judged is an error, too.
    pub strict: bool,
    /// Measure cost programs in the dev build, too.
    pub dev: bool,
    /// Measure what is true of Python.
    pub python: bool,
    /// The folder with the scripts for this.
    pub scripts: PathBuf,
}

impl Options {
    /// Reads the command line. Ends the process after `--help` (status 0) and
    /// on wrong usage (one line, status 2).
    pub fn read() -> Options {
        Options::parse(Parser::from_env())
            .unwrap_or_else(|why| wrong_usage("claims", why))
    }

    fn parse(mut line: Parser) -> Result<Options, lexopt::Error> {
        let mut options = Options {
            ids: Vec::new(),
            section: None,
            language: Language::default(),
            ledger: concat!(env!("CARGO_MANIFEST_DIR"), "/ledger.toml").into(),
            html: None,
            json: false,
            strict: false,
            dev: false,
            python: false,
            scripts: python::folder().join("claims"),
        };
        while let Some(option) = line.next()? {
            match option {
                Long("section") => {
                    options.section = Some(line.value()?.string()?);
                }
                Value(id) => options.ids.push(id.string()?.to_uppercase()),
                Long("lang") => options.language = line.value()?.parse()?,
                Long("ledger") => options.ledger = line.value()?.into(),
                Long("strict") => options.strict = true,
                Long("python") => options.python = true,
                Long("scripts") => options.scripts = line.value()?.into(),
                Long("dev") => options.dev = true,
                Long("html") => options.html = Some(line.value()?.into()),
                Long("json") => options.json = true,
                Long("help") => {
                    report::say(HELP);
                    process::exit(0);
                }
                other => return Err(other.unexpected()),
            }
        }
        match options.html {
            Some(_) if options.python => {
                Err("--html is not for --python".into())
            }
            _ => Ok(options),
        }
    }
}
