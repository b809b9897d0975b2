//! The tests of this crate, in one program: linked once.

#[path = "../../../shared/tests/support/mod.rs"]
mod support;

mod compile_fail;
mod headers;
mod meals;
mod scenarios;
