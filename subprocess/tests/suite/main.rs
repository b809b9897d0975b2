//! The tests of this crate, in one program: linked once.

#[path = "../../../shared/tests/support/mod.rs"]
mod support;

mod costs;
mod ends;
mod headers;
mod pipes;
mod pros;
mod rows;
mod run_child;
mod starts;
mod takeout;
mod usage;
