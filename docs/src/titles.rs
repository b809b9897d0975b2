//! What the programs show, in Korean. In English that is the first line of a
//! program's header.

use std::{collections::BTreeMap, fs};

use shared::{Failure, Result};

use crate::programs;

/// The Korean title of each program, by the program's name.
///
/// # Errors
///
/// `docs/ko/titles.toml` cannot be read, or is not a table of texts.
pub fn korean() -> Result<BTreeMap<String, String>> {
    let path = programs::root().join("docs/ko/titles.toml");
    let text = fs::read_to_string(&path)
        .map_err(|why| Failure::new(format!("{}: {why}", path.display())))?;
    Ok(toml::from_str(&text)?)
}
