//! The tests of this crate, in one program: linked once.

#[path = "../../../shared/tests/support/mod.rs"]
mod support;

mod book;
mod claims;
mod compare;
mod headers;
mod house;
mod korean;
mod pages;
mod python;
mod snippets;
mod twins;
mod wrong_twins;

/// A program that is there for these tests only.
fn example(name: &str) -> String {
    let program = env!("CARGO_BIN_EXE_compare");
    let built = support::built_example(program, "docs", name);
    built.to_str().unwrap().to_string()
}
