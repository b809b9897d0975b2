//! The book: both editions say the same, and what they say is true of the
//! sources and of the results.

use std::fs;

use docs::{
    book::{Facts, editions, render},
    ledger,
    programs::root,
};

use crate::support::*;

const BOOK: &str = env!("CARGO_BIN_EXE_book");

/// Takes the build lock in turns: what options there are, programs tell.
#[test]
fn nothing_is_wrong_in_the_book() {
    let _quiet = alone();
    let ran = run(BOOK, &["check"]);
    assert!(ran.status.success(), "{}{}", ran.stdout, ran.stderr);
}

/// The search index of mdBook, its fonts and its scripts are files beside the
/// pages; so is all that we add.
#[test]
fn pages_need_no_network() {
    let theme = fs::read_to_string(root().join("docs/theme/book.css")).unwrap();
    assert!(!theme.contains("url(") && !theme.contains("@import"));
    let facts = Facts::read().unwrap();
    for edition in editions().unwrap() {
        for chapter in &edition.chapters {
            let (page, _) = render(chapter, edition.language, &facts);
            for word in [" src=", "<script", "<link", "@import", "url("] {
                let inside = page.split("```").step_by(2);
                let has = inside.into_iter().any(|text| text.contains(word));
                assert!(!has, "{}: {word}", chapter.file);
            }
        }
    }
}

/// What stands in a source or in a result is text, and never a tag.
#[test]
fn generics_are_escaped() {
    let mut facts = Facts::read().unwrap();
    let evil = "<script>alert(\"1\")</script> & <b>";
    for claim in &mut facts.claims {
        claim.says = evil.into();
        claim.ko = evil.into();
        claim.python = evil.into();
    }
    for claim in &mut facts.results.claims {
        for report in claim["reports"].as_array_mut().unwrap() {
            report["figure"] = evil.into();
        }
    }
    for program in &mut facts.programs {
        program.source += &format!("// {evil}\n");
    }
    for edition in editions().unwrap() {
        let mut template = edition.chapters[0].clone();
        template.text = "{{claim T5}}\n{{twins one_cook cooks}}\n".into();
        let (page, problems) = render(&template, edition.language, &facts);
        assert!(problems.is_empty(), "{problems:?}");
        assert!(page.contains("&lt;script&gt;alert("));
        assert!(!page.contains("<script>") && !page.contains("<b>\n"));
    }
}

/// The READMEs count what the ledger has.
#[test]
fn the_readmes_count_the_statements() {
    let claims = ledger::read(&root().join("docs/ledger.toml")).unwrap();
    let of_article = claims.iter().filter(|c| c.is_of_the_article()).count();
    let added = claims.len() - of_article;
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let words = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    for wanted in
        [format!("{of_article} statements"), format!("for {added} more")]
    {
        assert!(words.contains(&wanted), "README.md does not say {wanted}");
    }
}

#[test]
fn wrong_usage_is_told_in_a_line() {
    for (words, why) in [
        (&[][..], "build, pages, check or measure?"),
        (&["bake"], "bake: no such command"),
        (&["build", "--salt"], "--salt"),
        (&["measure", "salt"], "a part is compare, thousand"),
    ] {
        let ran = run(BOOK, words);
        assert_eq!(ran.status.code(), Some(2), "{words:?}: {ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
        assert!(ran.stderr.contains(why), "{ran:?}");
    }
    let help = run(BOOK, &["--help"]);
    assert!(help.status.success());
    assert!(help.stdout.starts_with("Usage: cargo book build"));
}
