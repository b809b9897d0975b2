//! What `compare` can be asked for.

use std::{path::PathBuf, process, time::Duration};

use lexopt::{Arg::Long, Parser, ValueExt};
use shared::{Language, Menu, Result, report, wrong_usage};

use crate::{
    programs::{self, Program},
    python,
};

const HELP: &str = "\
Usage: cargo compare [OPTIONS]
       cargo compare --code PROGRAM PROGRAM

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
  --html FILE      write a page that shows all of it: the table, timelines and
                   sources of any two programs
  --json           print a list of JSON objects instead of tables
  --code A B       run nothing; show how the sources of two programs differ, of
                   any two: cooks chef. chef.py is the one in Python
  --lang LANGUAGE  en (default) or ko: the language of tables and timelines
  --help           print this
";

/// The same, for `--lang ko --help`.
const HELP_KO: &str = "\
사용법: cargo compare [OPTIONS]
        cargo compare --code PROGRAM PROGRAM

모든 주방 프로그램을 빌드해 메뉴마다 하나씩 차례로 실행하고, 걸린 시간 등을
출력합니다.

옵션:
  --only NAMES     이 프로그램만: chef,cooks(one_cook은 언제나 실행)
  --menu MENUS     이 메뉴만: waiting(대기), chopping(손질), mixed(혼합)
  --dishes N       요리의 수, 1에서 10000까지(기본값 10)
  --repeat N       모두 N번씩 실행해 중앙값을 씀(기본값 1)
  --also FILE      직접 만든 프로그램을 추가. 다른 프로그램처럼 --json, --menu,
                   --dishes를 알아야 함
  --python         python3이 있으면 docs/python의 프로그램도 실행
  --limit SECONDS  제한 시간, 넘는 프로그램은 강제로 끝냄(기본값 60)
  --timeline       누가 언제 무엇을 요리했는지 한 축에 그림
  --html FILE      모두 보여 주는 페이지를 씀: 표, 그리고 고른 두 프로그램의
                   타임라인과 소스
  --json           표 대신 JSON 객체의 목록을 출력
  --code A B       실행하지 않고 두 프로그램의 소스가 어떻게 다른지 보여 줌. 예:
                   cooks chef. chef.py는 파이썬 프로그램
  --lang LANGUAGE  표와 타임라인의 언어, en(기본값)이나 ko
  --help           이 도움말을 출력
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
    /// Write a page to this file.
    pub html: Option<PathBuf>,
    /// Print JSON.
    pub json: bool,
    /// Show how these two programs differ, and run nothing.
    pub code: Option<[String; 2]>,
    /// Of tables and timelines; JSON is the same in every language.
    pub language: Language,
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
            html: None,
            json: false,
            code: None,
            language: Language::En,
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
                Long("html") => options.html = Some(line.value()?.into()),
                Long("code") => {
                    let mut name = || line.value()?.string();
                    options.code = Some([name()?, name()?]);
                }
                Long("json") => options.json = true,
                Long("lang") => options.language = line.value()?.parse()?,
                Long("help") => {
                    report::say(match options.language {
                        Language::En => HELP,
                        Language::Ko => HELP_KO,
                    });
                    process::exit(0);
                }
                other => return Err(other.unexpected()),
            }
        }
        Ok(options)
    }

    /// The programs to run; the baseline is always among them. Ends the process
    /// on a name that no program has (one line, status 2).
    ///
    /// # Errors
    ///
    /// As for [`programs::kitchens`].
    pub fn programs(&self) -> Result<Vec<Program>> {
        let mut all = programs::kitchens()?;
        if self.python {
            all.extend(python::kitchens()?);
        }
        Ok(self.choose(all))
    }

    fn choose(&self, mut all: Vec<Program>) -> Vec<Program> {
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
        all
    }
}

fn whole(line: &mut Parser, most: usize) -> Result<usize, lexopt::Error> {
    line.value()?.parse_with(|text| match text.parse() {
        Ok(count) if (1..=most).contains(&count) => Ok(count),
        _ => Err(format!("a whole number from 1 to {most}")),
    })
}
