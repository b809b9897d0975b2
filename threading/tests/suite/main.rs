//! The tests of this crate that may run beside each other, in one program:
//! linked once. What measures (`headers`) is a program of its own.

#[path = "../../../shared/tests/support/mod.rs"]
mod support;

mod compile_fail;
mod meals;
mod scenarios;
