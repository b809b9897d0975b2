//! The tests of this crate, in one program: linked once.

#[path = "../../../shared/tests/support/mod.rs"]
mod support;

mod headers;
mod run_child;
mod takeout;
