//! Running other programs: what `takeout` and `compare` need to find them, to
//! build them, and to end them.

pub mod child;
pub mod compare;
pub mod ledger;
pub mod programs;
pub mod snippets;
pub mod source;
