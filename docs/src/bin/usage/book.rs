//! The book in two languages: made from the chapters, the sources and results.
//!
//!     cargo run -p docs --bin book -- check
//!     cargo book build
//!     cargo book measure
//!
//! A chapter is Markdown in `docs/en/src` or `docs/ko/src`. What stands between
//! double braces is replaced by code, figures, tables and pictures. The code
//! comes from the sources. The figures come from `docs/results.json`, which
//! `measure` writes.
//!
//! Change this and watch: a figure in `docs/results.json`; `cargo book pages`
//! writes the pages as Markdown to `target/book-src`.
//!
//! Output (figures vary):
//!     nothing is wrong in the chapters of the book

use docs::book::{self, Wish, check::check};
use shared::{Failure, Result, report::plural, say};

fn main() -> Result {
    let wish = Wish::read();
    let problems = match wish {
        Wish::Build => book::build()?,
        Wish::Pages => book::write_pages()?,
        Wish::Check => check()?,
        Wish::Measure(part) => return book::measure(part),
    };
    for problem in &problems {
        say!("{problem}");
    }
    match problems.len() {
        0 => {
            if wish == Wish::Check {
                say!("nothing is wrong in the chapters of the book");
            }
            Ok(())
        }
        count => {
            let count = plural(count, "thing is", "things are");
            Err(Failure::new(format!("{count} wrong in the book")))
        }
    }
}
