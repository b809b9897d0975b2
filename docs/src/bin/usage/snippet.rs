//! The part of a program that is there to be copied, and what it depends on.
//!
//!     cargo run -p docs --bin snippet -- queue_pipeline
//!     cargo snippet timeout
//!     cargo snippet queue_pipeline --new /tmp/pipeline
//!
//! Change this and watch: `cargo snippet` alone lists all of them, by need.
//! `cargo snippet --check` builds each one alone, in an empty crate.
//!
//! Output (figures vary) of the first command:
//!     // Cargo.toml: crossbeam = { version = "0.8" }
//!     use crossbeam::channel::{Receiver, Sender};
//!
//!     /// What a thread does between two channels of a pipeline. It ends when `input`
//!     /// has no sender any more, or `output` no receiver; both are closed then, so
//!     /// the stages after it and before it end, too. Take `bounded` channels.
//!     pub fn stage<From, To>(
//!         input: Receiver<From>,
//!         work: impl Fn(From) -> To,
//!         output: Sender<To>,
//!     ) {
//!         for item in input {
//!             if output.send(work(item)).is_err() {
//!                 break;
//!             }
//!         }
//!     }

use std::path::{Path, PathBuf};

use docs::{
    programs,
    snippets::{self, Found, Snippet},
};
use lexopt::{
    Arg::{Long, Value},
    Parser,
};
use shared::{Failure, Result, report, say, wrong_usage};

const HELP: &str = "\
Usage: cargo snippet                    lists all, by need
       cargo snippet NEED               finds one: timeout, Semaphore, Popen
       cargo snippet NAME               prints one, and what it depends on
       cargo snippet NAME --new FOLDER  makes a crate of it that builds and runs
       cargo snippet --check            builds each one alone

NAME is a program, or program:anchor.
";

fn main() -> Result {
    let wish = read_wish(Parser::from_env())
        .unwrap_or_else(|why| wrong_usage("snippet", why));
    let snippets = snippets::all(&programs::all()?)?;
    match wish {
        Wish::Help => report::say(HELP),
        Wish::List => list(&snippets.iter().collect::<Vec<_>>()),
        Wish::Find(need, folder) => match snippets::search(&snippets, &need) {
            Err(why) => wrong_usage("snippet", why),
            Ok(Found::Several(several)) => list(&several),
            Ok(Found::One(one)) => match folder {
                None => print(one, &snippets),
                Some(folder) => create(one, &folder)?,
            },
        },
        Wish::Check => match snippets::check(&snippets)?.as_slice() {
            [] => say!("{} snippets, each builds alone", snippets.len()),
            failed => return Err(Failure::new(failed.join(", "))),
        },
    }
    Ok(())
}

enum Wish {
    Help,
    List,
    /// By name or need; and the folder for a new crate, if one is wanted.
    Find(String, Option<PathBuf>),
    Check,
}

fn read_wish(mut line: Parser) -> Result<Wish, lexopt::Error> {
    let mut words: Vec<String> = Vec::new();
    let mut folder = None;
    while let Some(argument) = line.next()? {
        match argument {
            Long("help") => return Ok(Wish::Help),
            Long("list") => return Ok(Wish::List),
            Long("check") => return Ok(Wish::Check),
            Long("new") => folder = Some(line.value()?.into()),
            Value(word) => words.push(word.to_string_lossy().into()),
            other => return Err(other.unexpected()),
        }
    }
    match (words.is_empty(), &folder) {
        (true, Some(_)) => Err("which snippet?".into()),
        (true, None) => Ok(Wish::List),
        (false, _) => Ok(Wish::Find(words.join(" "), folder)),
    }
}

/// A program's title, and below it its snippets with what each does.
fn list(snippets: &[&Snippet]) {
    let mut title = "";
    for snippet in snippets {
        if snippet.title != title {
            title = &snippet.title;
            say!("{title}");
        }
        say!("    {:<32} {}", snippet.name, snippet.about);
    }
}

fn print(snippet: &Snippet, all: &[Snippet]) {
    for line in &snippet.dependencies {
        say!("// Cargo.toml: {line}");
    }
    report::say(&snippet.code);
    let others = all.iter().filter(|one| one.program() == snippet.program());
    let others = others.filter(|one| one.name != snippet.name);
    let others: Vec<&str> = others.map(|one| one.name.as_str()).collect();
    if !others.is_empty() {
        say!("// More in this program: {}", others.join(", "));
    }
}

fn create(snippet: &Snippet, folder: &Path) -> Result {
    let name = snippets::create(snippet, folder)?;
    let manifest = folder.join("Cargo.toml");
    say!("{name}: cargo run --manifest-path {}", manifest.display());
    Ok(())
}
