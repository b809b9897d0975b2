//! The article's statements, as the ledger has them.

use crate::Language;

/// Every statement, and our answer. (Data of `docs`; a program that was copied
/// out prints its findings with them, too.)
const LEDGER: &str = include_str!("../../docs/ledger.toml");

/// A statement of the article, and our answer to it.
pub(crate) struct Statement {
    id: &'static str,
    says: &'static str,
    ko: &'static str,
    answer: &'static str,
}

impl Statement {
    /// The statement of this number, if the ledger has it.
    pub fn find(id: &'static str) -> Option<Statement> {
        let entry = LEDGER.split("\n[[claim]]\n").find(|entry| {
            value(entry, "id").is_some_and(|number| number == id)
        })?;
        let says = value(entry, "says")?;
        let (ko, answer) = (value(entry, "ko")?, value(entry, "rust")?);
        Some(Statement { id, says, ko, answer })
    }

    /// Two lines: the statement, and our answer.
    pub fn told(&self, language: Language) -> String {
        let Statement { id, says, ko, answer } = *self;
        let says = match language {
            Language::En => says,
            Language::Ko => ko,
        };
        let meaning = meaning(answer, language);
        (language.texts().statement)(id, says, answer, meaning) + "\n"
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
pub fn meaning(answer: &str, language: Language) -> &'static str {
    (language.texts().meaning)(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::width;

    #[test]
    fn every_statement_is_found_and_every_answer_explained() {
        let ids: Vec<&str> = LEDGER
            .lines()
            .filter_map(|line| line.strip_prefix("id = \"")?.strip_suffix('"'))
            .collect();
        assert!(ids.len() >= 100, "{ids:?}");
        for id in ids {
            let found = Statement::find(id);
            let found = found.unwrap_or_else(|| panic!("{id} is not found"));
            let heads = [
                (Language::En, ["The article, ", "Not in the article, "]),
                (Language::Ko, ["글의 주장 ", "글에 없는 주장 "]),
            ];
            for (language, heads) in heads {
                let told = found.told(language);
                let begins =
                    |head| told.starts_with(&format!("{head}{id}: \""));
                assert!(heads.into_iter().any(begins), "{told}");
                for empty in [" ()", ": ("] {
                    assert!(!told.contains(empty), "{told}");
                }
                assert!(told.lines().all(|l| width(l) <= 108), "{told}");
            }
        }
        assert!(Statement::find("T0").is_none());
        assert!(!LEDGER.contains('\\'));
    }
}
