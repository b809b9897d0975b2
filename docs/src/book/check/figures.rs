//! No figure is typed in prose: what a run has measured comes by a directive.

use shared::Language;

use super::prose::plain;
use crate::book::{Chapter, Line, Problem, texts::texts};

/// What follows a number that somebody has measured. A word of Korean may have
/// an ending.
const UNITS: [&str; 24] = [
    "ns", "us", "µs", "μs", "ms", "s", "sec", "second", "seconds", "B", "KB",
    "kB", "MB", "GB", "KiB", "MiB", "GiB", "%", "percent", "times", "MB/s",
    "MiB/s", "GiB/s", "fps",
];
const KOREAN_UNITS: [&str; 6] =
    ["나노초", "마이크로초", "밀리초", "초", "배", "퍼센트"];

/// These are no measurements. Somebody else has fixed them, and a chapter may
/// say so.
const CONSTANTS: [(&str, &str); 9] = [
    ("8 MB", "the article, of the memory of a thread"),
    ("1 KB", "the article, of the memory of a coroutine"),
    ("8 MiB", "Linux, of the stack of a main thread"),
    ("2 MiB", "Rust's library, of the stack of a thread"),
    ("64 KiB", "Linux, of what a pipe holds"),
    ("128 KiB", "Linux, of the longest single argument"),
    ("64 MiB", "`/dev/shm` in a container, unless it is told otherwise"),
    ("100 %", "all of something"),
    ("0 %", "nothing of something"),
];

/// Numbers with a unit in the prose of a chapter. What a reader is told to
/// change has the values that he sets.
pub fn check(chapter: &Chapter, language: Language) -> Vec<Problem> {
    let change = format!("**{}", texts(language).change);
    let lines = chapter.lines();
    let mut problems = Vec::new();
    let mut is_change = false;
    for (at, (number, line)) in lines.iter().enumerate() {
        let Line::Prose(text) = line else { continue };
        is_change |= text.starts_with(&change);
        is_change &= !text.trim().is_empty();
        if is_change {
            continue;
        }
        // A unit may stand in the next line.
        let next = match lines.get(at + 1) {
            Some((_, Line::Prose(next))) => plain(next),
            _ => String::new(),
        };
        let first = next.split_whitespace().next().unwrap_or_default();
        let text = format!("{} {first}", plain(text).trim_end());
        for figure in typed(&text) {
            let why = format!(
                "\"{figure}\" is typed: a figure comes by {{{{n ...}}}}"
            );
            problems.push(chapter.problem(*number, why));
        }
    }
    problems
}

/// The numbers with a unit, except for constants.
fn typed(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
        let is_number = |c: char| c.is_ascii_digit() || ".,".contains(c);
        let end = word.find(|c| !is_number(c)).unwrap_or(word.len());
        let (number, rest) = word.split_at(end);
        if !number.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let unit = match rest.trim_start_matches('-') {
            "" if number.ends_with([',', '.']) => continue,
            "" => words.get(at + 1).copied().unwrap_or_default(),
            unit => unit,
        };
        let Some(unit) = unit_of(unit) else { continue };
        let figure = format!("{number} {unit}");
        if !CONSTANTS.iter().any(|(constant, _)| *constant == figure) {
            found.push(figure);
        }
    }
    found
}

fn unit_of(word: &str) -> Option<&str> {
    let korean = KOREAN_UNITS.iter().find(|unit| word.starts_with(**unit));
    if let Some(unit) = korean {
        return Some(unit);
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || "µμ%/".contains(c);
    let end = word.find(|c| !is_part(c)).unwrap_or(word.len());
    let word = word[..end].trim_end_matches('/');
    UNITS.contains(&word).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_a_unit_is_a_figure() {
        for (text, wanted) in [
            ("it takes 103 ms.", "103 ms"),
            ("it takes 1.5ms, or so", "1.5 ms"),
            ("about (7 times as much)", "7 times"),
            ("a 20% gain", "20 %"),
            ("a 5-second pause", "5 second"),
            ("2.1배 빠릅니다", "2.1 배"),
            ("103 밀리초가 걸립니다", "103 밀리초"),
            ("메모리 18MiB를 씁니다", "18 MiB"),
            ("200 MB/s", "200 MB/s"),
        ] {
            assert_eq!(typed(text), [wanted], "{text}");
        }
    }

    #[test]
    fn counts_and_constants_are_none() {
        for text in [
            "ten dishes, 4 threads",
            "version 3.14 says",
            "in 2022, times were other",
            "8 MB of the article",
            "스택 8MB",
            "error 11, s",
            "three times",
            "E0499 and 64-bit",
        ] {
            assert!(typed(text).is_empty(), "{text}: {:?}", typed(text));
        }
    }

    #[test]
    fn a_unit_may_stand_in_the_next_line() {
        let [name, file] = ["test", "test.md"].map(String::from);
        let text = "It takes {{n a b c}}, and 20\nms more.\n`30 ms`\n\n\
                    **Change this and watch:** set\nit to 20 ms.\n";
        let chapter = Chapter { name, file, text: text.into() };
        let problems = check(&chapter, Language::En);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].what.starts_with("\"20 ms\" is typed"));
        assert_eq!(problems[0].place.line, 1);
    }
}
