//! Pages for a browser: one file each, with everything in it.

mod escape;

pub use escape::{escape, script_json};
