//! The two editions, and where their chapters are.

use std::fs;

use shared::{Failure, Language, Result};

use super::Chapter;
use crate::programs::root;

/// The chapters, in their order.
pub const CHAPTERS: [&str; 15] = [
    "index",
    "why",
    "threading",
    "asyncio",
    "multiprocessing",
    "futures_pool",
    "subprocess",
    "which",
    "outdated",
    "from_python",
    "wrong_and_right",
    "from_async_std",
    "glossary",
    "programs",
    "measured",
];

/// The book in one language.
#[derive(Clone, Debug)]
pub struct Edition {
    /// Its language.
    pub language: Language,
    /// Its table of contents: `SUMMARY.md`.
    pub summary: Chapter,
    /// In the order of the book; one that is not written is not among them.
    pub chapters: Vec<Chapter>,
}

/// The name of a language in addresses and folders: `en`, `ko`.
pub fn folder(language: Language) -> &'static str {
    match language {
        Language::En => "en",
        Language::Ko => "ko",
    }
}

impl Edition {
    /// Reads the chapters.
    ///
    /// # Errors
    ///
    /// There is no table of contents.
    pub fn read(language: Language) -> Result<Edition> {
        let chapters =
            CHAPTERS.iter().map(|name| Chapter::read(language, name, "src/"));
        Ok(Edition {
            language,
            summary: Chapter::read(language, "SUMMARY", "src/")?,
            chapters: chapters.flatten().collect(),
        })
    }

    /// The chapter of this name, if it is written.
    pub fn chapter(&self, name: &str) -> Option<&Chapter> {
        self.chapters.iter().find(|chapter| chapter.name == name)
    }
}

/// Both editions, English first.
///
/// # Errors
///
/// As for [`Edition::read`].
pub fn editions() -> Result<[Edition; 2]> {
    Ok([Edition::read(Language::En)?, Edition::read(Language::Ko)?])
}

impl Chapter {
    /// Reads a chapter, or another template of an edition that stands in this
    /// folder of it.
    ///
    /// # Errors
    ///
    /// It is not there.
    pub fn read(
        language: Language,
        name: &str,
        below: &str,
    ) -> Result<Chapter> {
        let file = format!("docs/{}/{below}{name}.md", folder(language));
        let text = fs::read_to_string(root().join(&file))
            .map_err(|why| Failure::new(format!("{file}: {why}")))?;
        Ok(Chapter { name: name.into(), file, text })
    }
}
