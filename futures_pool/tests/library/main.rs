//! What can be said of the library without a pool at work: what must not
//! compile, what is refused, and where each promise is tested.

#[path = "../../../shared/tests/support/compile_fail.rs"]
mod support;

mod compile_fail;
mod table;
mod without_init;
