//! What `compare` can be asked for.

use std::{path::PathBuf, process, time::Duration};

use lexopt::{Arg::Long, Parser, ValueExt};
use shared::{Menu, report, wrong_usage};

use crate::{programs::Program, python};

const HELP: &str = "\
Usage: cargo compare [OPTIONS]

Builds every kitchen program, runs each on every menu, one at a time, and
prints what they took.

Options:
  --only NAMES     only these programs: chef,cooks (one_cook always runs)
  --menu MENUS     only these menus: waiting,chopping,mixed
  --dishes N       how many dishes, 1 to 10000 (default 10)
  --repeat N       run everything N times and take the medians (default 1)
  --also FILE      one more program, of your own; it must know --json, --menu
                   and --dishes as the others do
  --python         the programs of docs/python, too, if there is a python3
  --limit SECONDS  end a program that takes longer (default 60)
  --timeline       draw who cooked what when, all on one axis
  --json           print a list of JSON objects instead of tables
  --help           print this
";

/// What is to be run, and how it is to be shown.
#[derive(Clone, Debug)]
pub struct Options {
    /// Names of programs; empty: all.
    pub only: Vec<String>,
    /// Programs from elsewhere.
    pub also: Vec<PathBuf>,
    /// The programs in Python, too.
    pub python: bool,
    /// In this order.
    pub menus: Vec<Menu>,
    /// How many dishes each program cooks.
    pub dishes: u32,
    /// How often each program runs on each menu.
    pub repeat: usize,
    /// When a run is given up.
    pub limit: Duration,
    /// Draw the timelines, too.
    pub timeline: bool,
    /// Print JSON.
    pub json: bool,
}

impl Options {
    /// Reads the command line. Ends the process after `--help` (status 0) and
    /// on wrong usage (one line, status 2).
    pub fn read() -> Options {
        Options::parse(Parser::from_env())
            .unwrap_or_else(|why| wrong_usage("compare", why))
    }

    fn parse(mut line: Parser) -> Result<Options, lexopt::Error> {
        let mut options = Options {
            only: Vec::new(),
            also: Vec::new(),
            python: false,
            menus: Menu::ALL.to_vec(),
            dishes: 10,
            repeat: 1,
            limit: Duration::from_secs(60),
            timeline: false,
            json: false,
        };
        while let Some(option) = line.next()? {
            match option {
                Long("only") => {
                    let names = line.value()?.string()?;
                    options.only.extend(names.split(',').map(String::from));
                }
                Long("also") => options.also.push(line.value()?.into()),
                Long("python") => options.python = true,
                Long("menu") => {
                    let names = line.value()?.string()?;
                    let menus = names.split(',').map(str::parse);
                    options.menus = menus.collect::<Result<_, _>>()?;
                }
                Long("dishes") => {
                    options.dishes = whole(&mut line, 10_000)? as u32;
                }
                Long("repeat") => options.repeat = whole(&mut line, 1_000)?,
                Long("limit") => {
                    let seconds = whole(&mut line, 86_400)?;
                    options.limit = Duration::from_secs(seconds as u64);
                }
                Long("timeline") => options.timeline = true,
                Long("json") => options.json = true,
                Long("help") => {
                    report::say(HELP);
                    process::exit(0);
                }
                other => return Err(other.unexpected()),
            }
        }
        Ok(options)
    }

    /// The programs to run, out of `all` and those in Python, if they are asked
    /// for; the baseline is always among them. Ends the process on a name that
    /// no program has (one line, status 2).
    ///
    /// # Errors
    ///
    /// As for [`python::kitchens`].
    pub fn choose(
        &self,
        mut all: Vec<Program>,
    ) -> shared::Result<Vec<Program>> {
        if self.python {
            all.extend(python::kitchens()?);
        }
        // Without a python3 there are none, which is no wrong usage.
        let is_python =
            |name: &str| self.python && python::NAMES.contains(&name);
        for name in &self.only {
            let is_there = all.iter().any(|program| program.name == *name);
            if !is_there && !is_python(name) {
                let names: Vec<_> =
                    all.iter().map(|p| p.name.as_str()).collect();
                let names = names.join(", ");
                let why = format!("--only {name}: there is only {names}");
                wrong_usage("compare", why);
            }
        }
        if !self.only.is_empty() {
            all.retain(|program| {
                program.name == super::BASELINE
                    || self.only.contains(&program.name)
            });
        }
        all.extend(self.also.iter().cloned().map(Program::from_elsewhere));
        Ok(all)
    }
}

fn whole(line: &mut Parser, most: usize) -> Result<usize, lexopt::Error> {
    line.value()?.parse_with(|text| match text.parse() {
        Ok(count) if (1..=most).contains(&count) => Ok(count),
        _ => Err(format!("a whole number from 1 to {most}")),
    })
}
