//! Every statement of the article, run and measured on this machine.
//!
//!     cargo run -p subprocess --bin claims
//!     cargo claims --section threading
//!
//! Change this and watch: `SMOL_THREADS=2 cargo claims --section asyncio`: two
//! chefs, and the ledger says which claim that contradicts.
//!
//! Output (figures vary) of `--section multiprocessing`:
//!     M1  Multiprocessing: ten kitchens, ten cooks, ten dishes.
//!         differs   as measured by kitchens: 10 threads in 10 processes, 5.6 times as fast as one cook
//!     M2  It is for parallelism.
//!         false     open: its chapter is still to be written
//!     M3  It fits tasks that use much CPU and wait little.
//!         differs   open: its chapter is still to be written
//!     M4  It offers more than the process pool: shared memory.
//!         differs   open: its chapter is still to be written
//!     M5  Shared memory is hard to reason about, even between threads of one process.
//!         limits    open: its chapter is still to be written
//!     M6  With more processes and sockets it is harder still to understand.
//!         holds     open: its chapter is still to be written
//!     M7  Use it last, when all other packages have failed.
//!         holds     open: its chapter is still to be written
//!     M8  Its strengths (left empty in the article): what crashes, leaks or hangs can be ended.
//!         holds     open: its chapter is still to be written
//!     M9  Its weaknesses (left empty): starting, encoding, and cleaning up.
//!         holds     open: its chapter is still to be written
//!     9 claims, 8 of them open

use std::{io::IsTerminal, path::PathBuf, process};

use indicatif::{ProgressBar, ProgressStyle};
use lexopt::{Arg::Long, Parser, ValueExt};
use serde_json::json;
use shared::{Failure, Result, report, say, wrong_usage};
use subprocess::{
    child::Interrupt,
    ledger::{self, Claim, Report},
    programs,
};

const HELP: &str = "\
Usage: cargo claims [OPTIONS]

Runs the programs that report claims, and prints every statement of the article
with our answer for Rust and what was measured.

Options:
  --section NAME   only this chapter: threading, asyncio, multiprocessing,
                   futures_pool, subprocess or across
  --json           print a list of JSON objects
  --ledger FILE    another ledger
  --help           print this
";

fn main() -> Result {
    let options = read_options(Parser::from_env())
        .unwrap_or_else(|why| wrong_usage("claims", why));
    let mut claims = ledger::read(&options.ledger)?;
    let known = claims.iter().map(|claim| claim.id.clone()).collect();
    if let Some(section) = &options.section {
        claims.retain(|claim| claim.section == *section);
    }
    if claims.is_empty() {
        wrong_usage("claims", "there is no such section");
    }
    programs::build_all()?;
    let interrupt = Interrupt::listen()?;
    let all = programs::all()?;
    let progress = progress_bar();
    let Some((reports, problems)) =
        ledger::run(&claims, &known, &all, &interrupt, &progress)?
    else {
        interrupt.end("claims");
    };
    progress.finish_and_clear();
    tell(&claims, &reports, options.json);
    match problems.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(problems.join("; "))),
    }
}

struct Options {
    section: Option<String>,
    ledger: PathBuf,
    json: bool,
}

fn read_options(mut line: Parser) -> Result<Options, lexopt::Error> {
    let ledger = concat!(env!("CARGO_MANIFEST_DIR"), "/ledger.toml").into();
    let mut options = Options { section: None, ledger, json: false };
    while let Some(option) = line.next()? {
        match option {
            Long("section") => options.section = Some(line.value()?.string()?),
            Long("ledger") => options.ledger = line.value()?.into(),
            Long("json") => options.json = true,
            Long("help") => {
                report::say(HELP);
                process::exit(0)
            }
            other => return Err(other.unexpected()),
        }
    }
    Ok(options)
}

fn tell(claims: &[Claim], reports: &[Report], json: bool) {
    let of =
        |claim: &Claim| reports.iter().filter(|r| r.id == claim.id).collect();
    if json {
        let list = claims.iter().map(|claim| entry(claim, of(claim)));
        say!("{:#}", json!(list.collect::<Vec<_>>()));
        return;
    }
    for claim in claims {
        let Claim { id, says, rust, .. } = claim;
        say!("{id:<4}{says}");
        let reports: Vec<&Report> = of(claim);
        let answer = format!("{rust:?}").to_lowercase();
        if reports.is_empty() {
            say!("    {answer:<9} open: its chapter is still to be written");
        }
        for Report { program, figure, holds, .. } in reports {
            let verdict =
                if *holds { "as measured by" } else { "CONTRADICTED by" };
            say!("    {answer:<9} {verdict} {program}: {figure}");
        }
    }
    let open = claims.iter().filter(|claim| claim.programs.is_empty()).count();
    say!("{} claims, {open} of them open", claims.len());
}

/// `holds` is null, and so is `figure`, while nobody reports the claim.
fn entry(claim: &Claim, reports: Vec<&Report>) -> serde_json::Value {
    let figures: Vec<&str> =
        reports.iter().map(|r| r.figure.as_str()).collect();
    let programs: Vec<&str> =
        reports.iter().map(|r| r.program.as_str()).collect();
    let known = !reports.is_empty();
    let mut entry = json!(claim);
    entry["figure"] = json!(known.then(|| figures.join("; ")));
    entry["program"] = json!(known.then(|| programs.join(", ")));
    entry["holds"] = json!(known.then(|| reports.iter().all(|r| r.holds)));
    entry
}

fn progress_bar() -> ProgressBar {
    match std::io::stderr().is_terminal() {
        true => ProgressBar::no_length().with_style(
            ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")
                .expect("the template is right"),
        ),
        false => ProgressBar::hidden(),
    }
}
