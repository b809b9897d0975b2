//! Command lines: the few options that all kitchen programs have, and the flags
//! of the others.

use std::io::Write;
use std::panic::Location;
use std::{env, io, net::SocketAddr, path::PathBuf, process};

use lexopt::{Arg::Long, Parser, ValueExt};

use crate::{Language, Menu, program, report};

#[derive(Default)]
pub(crate) struct Options {
    pub menu: Menu,
    pub dishes: u32,
    pub oven: Option<SocketAddr>,
    pub json: bool,
    pub trace: Option<PathBuf>,
    /// Of the report; JSON is the same in every language.
    pub language: Language,
    /// Wanted, in the language that was said before it.
    help: Option<Language>,
}

impl Options {
    /// Reads the command line. Ends the process after `--help`, which tells
    /// what the program's header tells (status 0), and on wrong usage (one line,
    /// status 2).
    #[track_caller]
    pub fn read(program: &str) -> Options {
        match Options::parse(Parser::from_env()) {
            Ok(Options { help: Some(language), .. }) => {
                let about =
                    program::about(program, Location::caller(), language);
                let texts = language.texts();
                let (usage, options) = (texts.usage, texts.options);
                report::say(&format!(
                    "{about}{usage}: {program} [OPTIONS]\n\n{options}"
                ));
                process::exit(0)
            }
            Ok(options) => options,
            Err(why) => wrong_usage(program, why),
        }
    }

    fn parse(mut line: Parser) -> Result<Options, lexopt::Error> {
        let mut options = Options { dishes: 10, ..Options::default() };
        while let Some(option) = line.next()? {
            match option {
                Long("menu") => options.menu = line.value()?.parse()?,
                Long("dishes") => {
                    options.dishes = line.value()?.parse_with(count)?
                }
                Long("oven") => options.oven = Some(line.value()?.parse()?),
                Long("json") => options.json = true,
                Long("trace") => options.trace = Some(line.value()?.into()),
                Long("lang") => options.language = line.value()?.parse()?,
                Long("strict") => {} // see `Verdict::of_timing`
                Long("help") => options.help = Some(options.language),
                other => return Err(other.unexpected()),
            }
        }
        Ok(options)
    }
}

/// Ends a program that was called in a wrong way: one line, status 2.
pub fn wrong_usage(program: &str, why: impl std::fmt::Display) -> ! {
    let line = format!("{program}: {why} (--help lists the options)\n");
    let _ = io::stderr().write_all(line.as_bytes()); // even if nobody reads
    process::exit(2)
}

/// Which of the `known` flags stand on the command line. `--strict`, which all
/// programs have, is for [`claim_timed`](crate::claim_timed). Ends the process
/// on `--help`, which tells what the program's header tells (status 0), and on
/// anything else (one line, status 2).
#[track_caller]
pub fn flags<const N: usize>(known: [&str; N]) -> [bool; N] {
    const STRICT: &str = "--strict";
    let given = env::args_os().skip(1);
    let given: Vec<String> =
        given.map(|flag| flag.to_string_lossy().into_owned()).collect();
    let program = program::name();
    if given.iter().any(|flag| flag == "--help") {
        let known: String = known.map(|flag| format!(" [{flag}]")).concat();
        let header = program::header(Location::caller());
        report::say(&format!(
            "{header}Usage: {program}{known} [{STRICT}]\n\n  \
             {STRICT}  judge by time on a busy machine, too\n"
        ));
        process::exit(0);
    }
    let is_known = |flag: &str| flag == STRICT || known.contains(&flag);
    if let Some(flag) = given.iter().find(|flag| !is_known(flag)) {
        wrong_usage(&program, format!("invalid option '{flag}'"));
    }
    known.map(|flag| given.iter().any(|one| one == flag))
}

fn count(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(count @ 1..=10_000) => Ok(count),
        _ => Err("a kitchen serves 1 to 10000 dishes".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        let words = line.split_whitespace();
        Options::parse(Parser::from_args(words))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_right() {
        let options = parse("").unwrap();
        assert_eq!((options.menu, options.dishes), (Menu::Waiting, 10));
        let options = parse("--menu=mixed --dishes 10000 --json").unwrap();
        assert_eq!((options.menu, options.dishes), (Menu::Mixed, 10_000));
        assert!(options.json);
        assert!(parse("--oven 127.0.0.1:80").unwrap().oven.is_some());
        assert_eq!(parse("").unwrap().language, Language::En);
        assert_eq!(parse("--lang=ko").unwrap().language, Language::Ko);
    }

    #[test]
    fn help_is_in_the_language_that_stands_before_it() {
        assert_eq!(parse("--lang ko").unwrap().help, None);
        for (line, language) in [
            ("--help", Language::En),
            ("--help --lang ko", Language::En),
            ("--lang ko --help", Language::Ko),
        ] {
            assert_eq!(parse(line).unwrap().help, Some(language), "{line}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_in_one_line() {
        for line in [
            "--menu soup",
            "--menu",
            "--dishes 0",
            "--dishes -3",
            "--dishes 10001",
            "--oven nonsense",
            "--lang fr",
            "--lang",
            "--salt",
            "salt",
            "--json=yes",
            "--trace",
        ] {
            let why = parse(line).err().expect(line);
            assert!(!why.contains('\n'), "{line}: {why}");
        }
    }
}
