//! The book in a browser: every page of both editions, narrow and wide, light
//! and dark.

use std::{collections::BTreeSet, fs, path::PathBuf};

use docs::{book, programs::root};
use serde_json::json;

use super::{Browser, ask, is_silent, keep, look};

/// Makes the book, and looks at every page.
pub fn every_page_is_legible(browser: &Browser) {
    let problems = book::build().unwrap();
    let lines: Vec<String> = problems.iter().map(|p| p.to_string()).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
    for (width, dark) in
        [(400, false), (400, true), (1200, false), (1200, true)]
    {
        browser.look(width, dark);
        for (name, page) in pages() {
            browser.load(&page);
            let colour = if dark { "dark" } else { "light" };
            let name = format!("book-{name}-{width}-{colour}");
            let shot = browser.screenshot(3_000);
            keep(&name, &shot);
            let shown = look(browser, &format!("colours('{shot}')"));
            assert_eq!(shown["width"], width, "{name}");
            assert!(shown["colours"].as_u64() > Some(5), "{name}: {shown}");
            let wide = look(browser, "overflow()");
            // Tables and code scroll in boxes of their own.
            assert_eq!(wide["wide"], 0, "{name}: {wide:#}");
            let texts = look(browser, "pale(4.5)");
            assert!(texts["seen"].as_u64() > Some(3), "{name}: {texts:#}");
            assert_eq!(texts["pale"], json!({}), "{name}");
            is_silent(browser);
        }
    }
}

/// The page that offers both editions, and all pages of both.
fn pages() -> Vec<(String, PathBuf)> {
    let book = root().join("target/book");
    let mut pages = vec![("start".to_string(), book.join("index.html"))];
    for language in ["en", "ko"] {
        for chapter in book::CHAPTERS {
            let name = format!("{language}-{chapter}");
            pages.push((name, book.join(format!("{language}/{chapter}.html"))));
        }
    }
    pages
}

/// What has no glyph is drawn as the same box, whatever it is.
pub fn korean_is_drawn(browser: &Browser) {
    browser.look(1200, false);
    browser.load(&root().join("target/book/ko/index.html"));
    assert_eq!(ask(browser, "document.documentElement.lang"), "ko");
    for element in ["main", "main code, .sidebar"] {
        let draw = |glyph: char| {
            let script = format!(
                "const font = getComputedStyle(document.querySelector(\
                 {element:?})).fontFamily;
                 const sheet = document.createElement('canvas');
                 const pen = sheet.getContext('2d');
                 pen.font = '60px ' + font;
                 pen.fillText({glyph:?}, 20, 80);
                 return sheet.toDataURL()"
            );
            browser.run(&script).to_string()
        };
        let glyphs = ['가', '힣', '를', '\u{10fffd}'];
        let drawn: BTreeSet<String> = glyphs.map(draw).into();
        assert_eq!(drawn.len(), glyphs.len(), "{element}");
    }
}

/// A page leads to the same page of the other edition, and back.
pub fn editions_lead_to_each_other(browser: &Browser) {
    browser.load(&root().join("target/book/en/threading.html"));
    let link = "document.querySelector('.edition a')";
    for language in ["ko", "en"] {
        assert_eq!(ask(browser, &format!("{link}.hreflang")), language);
        let address = ask(browser, &format!("{link}.href"));
        let address = address.as_str().unwrap().to_string();
        assert!(address.ends_with(&format!("{language}/threading.html")));
        let file = address.trim_start_matches("file://");
        assert!(fs::exists(file).unwrap(), "{file}");
        browser.load(file.as_ref());
        assert_eq!(ask(browser, "document.documentElement.lang"), language);
    }
}
