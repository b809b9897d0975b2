//! The living documentation: the statements of the article, the programs that
//! answer them, and what these programs print when they are run.

pub mod book;
pub mod compare;
pub mod diff;
pub mod figure;
pub mod html;
pub mod ledger;
pub mod programs;
pub mod progress;
pub mod python;
pub mod results;
pub mod snippets;
pub mod source;
pub mod svg;
pub mod tables;
mod texts;
pub mod titles;
