//! `cargo book build` and `pages`: writes the pages, and lets mdBook make HTML
//! of them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use duct::cmd;
use shared::{Failure, Result, report};
use subprocess::cargo;

use super::{
    Chapter, Edition, Facts, Problem,
    edition::{editions, folder},
    render,
    texts::texts,
};
use crate::{programs::root, progress::note};

/// The version of mdBook for which the theme is made.
const MDBOOK: &str = "0.5.4";

/// The page that offers both editions.
const START: &str = include_str!("start.html");

/// Writes the pages of both editions as plain Markdown, for mdBook, below
/// `target/book-src`. Returns what could not be replaced in them.
///
/// # Errors
///
/// A file cannot be read or written.
pub fn write_pages() -> Result<Vec<Problem>> {
    let facts = Facts::read()?;
    let mut problems = Vec::new();
    for edition in editions()? {
        problems.extend(write_edition(&edition, &facts)?);
    }
    Ok(problems)
}

fn write_edition(edition: &Edition, facts: &Facts) -> Result<Vec<Problem>> {
    let name = folder(edition.language);
    let to = pages_of(name);
    if to.exists() {
        fs::remove_dir_all(&to)?;
    }
    fs::create_dir_all(to.join("src"))?;
    let settings = root().join("docs").join(name).join("book.toml");
    fs::copy(settings, to.join("book.toml"))?;
    copy_folder(&root().join("docs/theme"), &to.join("theme"))?;
    fs::write(to.join("src/SUMMARY.md"), &edition.summary.text)?;
    let mut problems = Vec::new();
    for chapter in &edition.chapters {
        let (page, wrong) = render(chapter, edition.language, facts);
        let page = other_edition(edition, chapter) + &page;
        fs::write(to.join(format!("src/{}.md", chapter.name)), page)?;
        problems.extend(wrong);
    }
    Ok(problems)
}

/// The link to the same page in the other language.
fn other_edition(edition: &Edition, chapter: &Chapter) -> String {
    use shared::Language::{En, Ko};
    let other = if edition.language == En { Ko } else { En };
    let [language, page] = [folder(other), &chapter.name];
    let text = texts(other).other_edition;
    format!(
        "<p class=\"edition\"><a href=\"../{language}/{page}.html\" \
         hreflang=\"{language}\" lang=\"{language}\">{text}</a></p>\n\n"
    )
}

fn pages_of(name: &str) -> PathBuf {
    root().join("target/book-src").join(name)
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy_folder(&entry.path(), &target)?,
            false => drop(fs::copy(entry.path(), target)?),
        }
    }
    Ok(())
}

/// Makes both editions, and the page that offers them, in `target/book`.
/// Returns what is wrong in the chapters; then nothing is made.
///
/// # Errors
///
/// A file cannot be read or written, or mdBook cannot be installed or fails.
pub fn build() -> Result<Vec<Problem>> {
    let problems = write_pages()?;
    if !problems.is_empty() {
        return Ok(problems);
    }
    let mdbook = mdbook()?;
    let book = root().join("target/book");
    for edition in editions()? {
        let name = folder(edition.language);
        let to = book.join(name);
        let made = cmd!(&mdbook, "build", "--dest-dir", &to, pages_of(name))
            .env("MDBOOK_LOG", "warn")
            .stderr_to_stdout()
            .stdout_capture()
            .unchecked()
            .run()?;
        let said = String::from_utf8_lossy(&made.stdout);
        // mdBook warns of what it does not understand, and goes on.
        if !made.status.success() || !said.trim().is_empty() {
            let words: Vec<&str> = said.split_whitespace().collect();
            return Err(Failure::new(format!("mdbook: {}", words.join(" "))));
        }
    }
    let start = book.join("index.html");
    fs::write(&start, START)?;
    report::say(&format!("{}\n", start.display()));
    Ok(Vec::new())
}

/// The file of mdBook, which is installed if it is not there.
fn mdbook() -> Result<PathBuf> {
    let tools = root().join("target/tools");
    let file = tools.join("bin/mdbook");
    let said = cmd!(&file, "--version").stderr_null().read();
    if said.is_ok_and(|said| said == format!("mdbook v{MDBOOK}")) {
        return Ok(file);
    }
    note(format_args!(
        "installing mdBook {MDBOOK} into target/tools (once, a minute or two)"
    ));
    let version = format!("={MDBOOK}");
    let root = tools.to_string_lossy();
    // Without optimisation it is built in half the time, and fast enough.
    let line = ["install", "mdbook", "--version", &version, "--locked"];
    let features = ["--debug", "--no-default-features", "--features", "search"];
    let place = ["--quiet", "--force", "--root", &root];
    cargo::command([&line[..], &features, &place].concat()).run()?;
    Ok(file)
}
