//! What `claims` can be asked for.

use std::{path::PathBuf, process};

use lexopt::Arg::{Long, Value};
use lexopt::{Parser, ValueExt};
use shared::{Language, report, wrong_usage};

use super::Claim;
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
  --lang LANGUAGE  en (default) or ko: the language of all but the figures
  --html FILE      write a page with all of it, in both languages
  --json           print a list of JSON objects
  --ledger FILE    another ledger
  --help           print this
";

/// The same, for `--lang ko --help`.
const HELP_KO: &str = "\
사용법: cargo claims [OPTIONS] [CLAIM...]

주장에 대해 보고하는 프로그램을 실행합니다. 글의 주장마다 파이썬에서는 무엇이
사실인지, Rust에 대한 우리의 답은 무엇인지, 무엇을 쟀는지 출력합니다. CLAIM은 A23
같은 번호입니다. 번호를 주지 않으면 모든 주장을 잽니다.

우리의 답:
  holds      참
  limits     조건부로 참
  differs    같은 주제, 다른 방식
  inverted   문제가 정반대
  false      참이 아님
  outdated   이제는 파이썬에서도 참이 아님

판정(측정값이 우리의 답에 맞는지):
  뒷받침됨       측정값이 우리의 답과 맞음
  어긋남         측정값이 우리의 답과 반대임. 오류로 봄
  판정하지 않음  컴퓨터가 너무 바빠 알 수 없었거나, 시간을 잰 두 실행의
                 판정이 서로 다름. 오류로 보지 않음

비용을 재는 프로그램은 release 프로파일로 빌드합니다.

옵션:
  --section NAME   이 장만: threading, asyncio, multiprocessing, futures_pool,
                   subprocess, across
  --strict         판정하지 않은 주장도 오류로 봄
  --dev            모든 프로그램을 dev 빌드로 실행. 빌드는 빨리 끝나지만, 그
                   수치를 인용해서는 안 됨
  --python         대신 docs/python/claims의 스크립트를 실행해, 파이썬에서 사실인
                   것에 대해 잰 값을 출력
  --scripts FOLDER 다른 스크립트
  --lang LANGUAGE  출력의 언어, en(기본값)이나 ko. 측정 문장은 영어 그대로
  --html FILE      모두 담은 페이지를 두 언어로 씀
  --json           JSON 객체의 목록을 출력
  --ledger FILE    원장 대신 이 파일을 씀
  --help           이 도움말을 출력
";

/// Which claims are to be measured, how, and how they are to be shown.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only these; all, if there is none.
    pub ids: Vec<String>,
    /// Only this chapter.
    pub section: Option<String>,
    /// The file with the ledger.
    pub ledger: PathBuf,
    /// Of all that is printed but the figures, which are what a program said.
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

    /// The claims that are asked for. Ends the process where there is none of
    /// that chapter or with that number (one line, status 2).
    pub fn choose(&self, mut claims: Vec<Claim>) -> Vec<Claim> {
        let Options { section, ids, .. } = self;
        if let Some(section) = section {
            claims.retain(|claim| claim.section == *section);
        }
        if claims.is_empty() {
            wrong_usage("claims", "there is no such section");
        }
        let is_there =
            |id: &&String| claims.iter().any(|claim| claim.id == **id);
        if let Some(id) = ids.iter().find(|id| !is_there(id)) {
            wrong_usage("claims", format!("there is no claim {id}"));
        }
        claims.retain(|claim| ids.is_empty() || ids.contains(&claim.id));
        claims
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
                    report::say(match options.language {
                        Language::En => HELP,
                        Language::Ko => HELP_KO,
                    });
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
