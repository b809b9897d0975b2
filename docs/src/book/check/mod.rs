//! What is wrong in the chapters.

use shared::Result;

use super::{Facts, Problem, editions, render};

/// Everything that is wrong in both editions, by file and line.
///
/// # Errors
///
/// The facts or the chapters cannot be read.
pub fn check() -> Result<Vec<Problem>> {
    let facts = Facts::read()?;
    let editions = editions()?;
    let mut problems = Vec::new();
    for edition in &editions {
        for chapter in &edition.chapters {
            problems.extend(render(chapter, edition.language, &facts).1);
        }
    }
    problems.sort();
    Ok(problems)
}
