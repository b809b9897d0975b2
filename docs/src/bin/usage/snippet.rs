//! The part of a program that is there to be copied, and what it depends on.
//!
//!     cargo run -p docs --bin snippet -- queue_pipeline
//!     cargo snippet --list
//!
//! Change this and watch: `cargo snippet --check` builds each one alone, in an
//! empty crate.
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

use docs::{
    programs,
    snippets::{self, Snippet},
};
use lexopt::{
    Arg::{Long, Value},
    Parser,
};
use shared::{Failure, Result, report, say, wrong_usage};

const HELP: &str = "\
Usage: cargo snippet NAME | --list | --check

NAME is a program, or program:anchor. Prints the lines for Cargo.toml, and the
code.
";

fn main() -> Result {
    let snippets = snippets::all(&programs::all()?)?;
    match read_wish(Parser::from_env()) {
        Ok(Wish::One(name)) => match snippets::find(&snippets, &name) {
            Ok(snippet) => print(snippet),
            Err(why) => wrong_usage("snippet", why),
        },
        Ok(Wish::List) => snippets.iter().for_each(|one| say!("{}", one.name)),
        Ok(Wish::Check) => match snippets::check(&snippets)?.as_slice() {
            [] => say!("{} snippets, each builds alone", snippets.len()),
            failed => return Err(Failure::new(failed.join(", "))),
        },
        Ok(Wish::Help) => report::say(HELP),
        Err(why) => wrong_usage("snippet", why),
    }
    Ok(())
}

enum Wish {
    One(String),
    List,
    Check,
    Help,
}

fn read_wish(mut line: Parser) -> Result<Wish, lexopt::Error> {
    let wish = match line.next()? {
        Some(Long("list")) => Wish::List,
        Some(Long("check")) => Wish::Check,
        Some(Long("help")) => Wish::Help,
        Some(Value(name)) => Wish::One(name.to_string_lossy().into()),
        Some(other) => return Err(other.unexpected()),
        None => return Err("which one?".into()),
    };
    match line.next()? {
        Some(more) => Err(more.unexpected()),
        None => Ok(wish),
    }
}

fn print(snippet: &Snippet) {
    for line in &snippet.dependencies {
        say!("// Cargo.toml: {line}");
    }
    report::say(&snippet.code);
}
