//! Finds a snippet by its name, or by what it is needed for.

use std::collections::BTreeMap;

use shared::{Failure, Result};

use super::Snippet;

/// What a Python programmer may call a thing, and the snippets that do it.
const SYNONYMS: &str = include_str!("../../synonyms.toml");

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// The one that was meant.
    One(&'a Snippet),
    /// The ones that may be meant.
    Several(Vec<&'a Snippet>),
    /// The ones that were named.
    Together(Vec<&'a Snippet>),
}

/// Looks for `program:anchor`, for `program` (its first snippet), or several of
/// these; for a word of the table of synonyms, and for a part of a name or of a
/// description.
///
/// # Errors
///
/// There is none; the message names the ones whose names are nearest.
pub fn search<'a>(snippets: &'a [Snippet], wish: &str) -> Result<Found<'a>> {
    let named = |name| snippets.iter().find(|one| is_called(one, name));
    let all: Option<Vec<_>> = wish.split(' ').map(named).collect();
    match all.as_deref() {
        Some([one]) => return Ok(Found::One(one)),
        Some(several) => return Ok(Found::Together(several.to_vec())),
        None => {}
    }
    let mut found = by_synonym(snippets, wish)?;
    for one in snippets.iter().filter(|one| speaks_of(one, wish)) {
        if !found.contains(&one) {
            found.push(one);
        }
    }
    match found[..] {
        [] => Err(nearest(snippets, wish)),
        [one] => Ok(Found::One(one)),
        _ => Ok(Found::Several(found)),
    }
}

/// By its program, or by program and anchor.
fn is_called(snippet: &Snippet, name: &str) -> bool {
    snippet.name == name || snippet.program() == name
}

/// The snippets that the table names for this word.
///
/// # Errors
///
/// The table is not one, or it names a snippet that is not there.
fn by_synonym<'a>(
    snippets: &'a [Snippet],
    wish: &str,
) -> Result<Vec<&'a Snippet>> {
    let key = plain(wish);
    let modules = ["asyncio", "threading", "multiprocessing", "subprocess"];
    let prefix = modules.iter().find_map(|m| wish.strip_prefix(m));
    let key = match prefix.and_then(|rest| rest.strip_prefix('.')) {
        Some(rest) => plain(rest),
        None => key,
    };
    let table = table()?;
    let names = table.iter().find(|(word, _)| plain(word) == key);
    let names = names.map_or(&[][..], |(_, names)| names);
    let there = names.iter().map(|name| {
        let named = snippets.iter().find(|one| is_called(one, name));
        let why = || Failure::new(format!("synonyms.toml: no snippet {name}"));
        named.ok_or_else(why)
    });
    there.collect()
}

/// All that the table of synonyms knows.
///
/// # Errors
///
/// It is not a table.
pub fn synonyms() -> Result<Vec<String>> {
    Ok(table()?.into_keys().collect())
}

fn table() -> Result<BTreeMap<String, Vec<String>>> {
    Ok(toml::from_str(SYNONYMS)?)
}

/// Whether a whole word, or several in a row, are what is wished for.
fn speaks_of(snippet: &Snippet, wish: &str) -> bool {
    let Snippet { name, about, title, .. } = snippet;
    let wish = plain(wish);
    let spoken = |text: &&String| {
        let words: Vec<String> = text
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .map(plain)
            .filter(|word| !word.is_empty())
            .collect();
        (1..=3).any(|n| words.windows(n).any(|some| some.concat() == wish))
    };
    [name, about, title].iter().any(spoken)
}

/// `ProcessPoolExecutor`, `process_pool_executor` and `process-pool-executor`
/// are the same.
fn plain(text: &str) -> String {
    let kept = |c: &char| !matches!(c, '_' | '-' | ' ' | '.' | '(' | ')' | '`');
    text.to_lowercase().chars().filter(kept).collect()
}

fn nearest(snippets: &[Snippet], name: &str) -> Failure {
    let distance = |snippet: &&Snippet| {
        let own = strsim::damerau_levenshtein(snippet.program(), name);
        own.min(strsim::damerau_levenshtein(&snippet.name, name))
    };
    let mut near: Vec<&Snippet> = snippets.iter().collect();
    near.sort_by_key(distance);
    let near: Vec<_> = near.iter().take(3).map(|s| s.name.as_str()).collect();
    let near = near.join(", ");
    Failure::new(format!("no snippet does {name}; names that are near: {near}"))
}
