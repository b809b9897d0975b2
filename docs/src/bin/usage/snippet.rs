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

use std::path::PathBuf;

use docs::programs;
use docs::snippets::{self, Found, Snippet, Wish};
use shared::{Failure, Result, report, say, wrong_usage};

fn main() -> Result {
    let wish = Wish::read();
    let snippets = snippets::all(&programs::all()?)?;
    match wish {
        Wish::List => list(&snippets.iter().collect::<Vec<_>>()),
        Wish::Find(need, folder) => match snippets::search(&snippets, &need) {
            Err(why) => wrong_usage("snippet", why),
            Ok(Found::Several(several)) => list(&several),
            Ok(Found::One(one)) => give(one, folder, &snippets)?,
            Ok(Found::Together(named)) => {
                give(&Snippet::together(&named)?, folder, &[])?;
            }
        },
        Wish::Check => match snippets::check(&snippets)?.as_slice() {
            [] => say!("{} snippets, each builds alone", snippets.len()),
            failed => return Err(Failure::new(failed.join(", "))),
        },
    }
    Ok(())
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

/// Makes a crate of it, or prints it.
fn give(snippet: &Snippet, to: Option<PathBuf>, all: &[Snippet]) -> Result {
    let Some(folder) = to else {
        print(snippet, all);
        return Ok(());
    };
    let name = snippets::create(snippet, &folder)?;
    let manifest = folder.join("Cargo.toml");
    say!("{name}: cargo run --manifest-path {}", manifest.display());
    Ok(())
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
