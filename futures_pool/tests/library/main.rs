//! What can be said of the library without a pool of processes at work: what
//! must not compile, what is refused, what a Python programmer finds under
//! another name, and where each promise is tested.

#[path = "../../../shared/tests/support/compile_fail.rs"]
mod support;

mod compile_fail;
mod python;
mod table;
mod without_init;
