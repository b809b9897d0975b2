//! The programs of the chapter, run as processes.

mod headers;
mod meals;
mod snippets;
#[path = "../../../shared/tests/support/mod.rs"]
mod support;
