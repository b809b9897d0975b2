//! The tests of this crate, in one program: linked once.

#[path = "../../../shared/tests/support/mod.rs"]
mod support;

mod ends;
mod headers;
mod pros;
mod run_child;
mod starts;
mod takeout;
