//! The living documentation: the statements of the article, the programs that
//! answer them, and what these programs print when they are run.

pub mod compare;
pub mod ledger;
pub mod programs;
pub mod progress;
pub mod snippets;
pub mod source;
pub mod tables;
mod texts;
pub mod titles;
