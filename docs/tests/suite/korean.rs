//! What is told in English is told in Korean, too.

use docs::{programs, titles};

/// A title in Korean fits a line, as the first line of a header does.
#[test]
fn every_program_has_a_korean_title_and_no_title_is_left_over() {
    let titles = titles::korean().unwrap();
    let programs = programs::all().unwrap();
    let names = || programs.iter().map(|program| &program.name);
    for name in names() {
        let title = titles.get(name);
        let title = title.unwrap_or_else(|| panic!("{name} has no title"));
        assert!(title.chars().any(is_korean), "{name}: {title}");
        assert!(!title.ends_with(['.', ' ']), "{name}: {title}");
        assert!(width(title) <= 78, "{name}: {title}");
    }
    for left in titles.keys() {
        assert!(names().any(|name| name == left), "there is no {left}");
    }
}

fn is_korean(character: char) -> bool {
    ('가'..='힣').contains(&character)
}

/// Columns at a terminal: a Korean syllable takes two.
fn width(text: &str) -> usize {
    text.chars().map(|c| if is_korean(c) { 2 } else { 1 }).sum()
}
