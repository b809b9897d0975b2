//! The tests of this crate that may run beside each other, in one program:
//! linked once. What changes the process that it runs in (`scenarios`,
//! `servers`) is a program of its own.

#[path = "../../../shared/tests/support/mod.rs"]
mod support;

mod compile_fail;
mod cons;
mod headers;
mod meals;
mod readme;
mod recipes;
