//! The article's statements, as the ledger has them.

use std::fmt;

/// Every statement, and our answer. (Data of `docs`; a program that was copied
/// out prints its findings with them, too.)
const LEDGER: &str = include_str!("../../docs/ledger.toml");

/// A statement of the article, and our answer to it.
pub(crate) struct Statement {
    id: &'static str,
    says: &'static str,
    answer: &'static str,
}

impl Statement {
    /// The statement of this number, if the ledger has it.
    pub fn find(id: &'static str) -> Option<Statement> {
        let entry = LEDGER.split("\n[[claim]]\n").find(|entry| {
            value(entry, "id").is_some_and(|number| number == id)
        })?;
        let says = value(entry, "says")?;
        Some(Statement { id, says, answer: value(entry, "rust")? })
    }
}

/// The text behind `key = ` in one entry. No text there has an escape in it.
fn value(entry: &'static str, key: &str) -> Option<&'static str> {
    entry.lines().find_map(|line| {
        let text = line.strip_prefix(key)?.strip_prefix(" = \"")?;
        text.strip_suffix('"')
    })
}

/// What an answer of the ledger means: `holds`, `limits`, `differs`, `inverted`,
/// `false` or `outdated`.
pub fn meaning(answer: &str) -> &'static str {
    match answer {
        "holds" => "true",
        "limits" => "true within limits",
        "differs" => "the same topic, by another mechanism",
        "inverted" => "the opposite problem",
        "false" => "not true",
        "outdated" => "not true any more, nor of Python",
        _ => "",
    }
}

/// Two lines.
impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Statement { id, says, answer } = self;
        writeln!(f, "The article, {id}: \"{says}\"")?;
        writeln!(f, "Our answer for Rust: {answer} ({})", meaning(answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_is_found_and_every_answer_explained() {
        let ids: Vec<&str> = LEDGER
            .lines()
            .filter_map(|line| line.strip_prefix("id = \"")?.strip_suffix('"'))
            .collect();
        assert!(ids.len() >= 100, "{ids:?}");
        for id in ids {
            let told = Statement::find(id).map(|found| found.to_string());
            let told = told.unwrap_or_else(|| panic!("{id} is not found"));
            assert!(told.starts_with(&format!("The article, {id}: \"")));
            assert!(!told.contains(" ()"), "{told}");
            assert!(told.lines().all(|line| line.len() <= 108), "{told}");
        }
        assert!(Statement::find("T0").is_none());
        assert!(!LEDGER.contains('\\'));
    }
}
