//! The tests of this crate that may run beside each other, in one program:
//! linked once. What changes the process that it runs in (`refused`) is a
//! program of its own.

#[path = "../../../shared/tests/support/mod.rs"]
mod support;

mod ends;
mod headers;
mod locks;
mod meals;
mod memory;
mod messages;
mod ring;
mod starts;
