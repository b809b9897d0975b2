//! The book: chapters in two languages, whose code, figures, tables and pictures
//! come from the sources and from runs.
//!
//! A chapter is a template, `docs/{en,ko}/src/<chapter>.md`. It is Markdown in
//! which `{{name argument ...}}` is a [`Directive`]. What replaces it is made
//! from [`Facts`]. mdBook turns the pages into HTML.

mod chapter;
pub mod check;
mod directive;
mod edition;
mod facts;
mod make;
mod measure;
mod options;
mod page;
mod texts;

pub use chapter::{Chapter, Line, Place, Problem};
pub use directive::Directive;
pub use edition::{CHAPTERS, Edition, editions};
pub use facts::Facts;
pub use make::{build, write_pages};
pub use measure::measure;
pub use options::Wish;
pub use page::render;
