//! Both editions are the same book.

use std::collections::BTreeMap;

use super::links::{ids, links};
use crate::book::{
    CHAPTERS, Chapter, Directive, Edition, Problem,
    directive::{Piece, pieces},
};

/// The table of contents: every chapter once, in the order of the book.
pub fn check_summary(edition: &Edition) -> Vec<Problem> {
    let summary = &edition.summary;
    let listed: Vec<_> = links(summary).into_iter().collect();
    let wanted = CHAPTERS.map(|name| format!("{name}.md"));
    let mut problems = Vec::new();
    for (at, name) in wanted.iter().enumerate() {
        if edition.chapter(CHAPTERS[at]).is_none() {
            let why = format!("the chapter {name} is not there");
            problems.push(summary.problem(0, why));
        }
        match listed.get(at) {
            Some(link) if link.target == *name => {}
            Some(link) => {
                let why =
                    format!("{} stands where {name} belongs", link.target);
                problems.push(summary.problem(link.line, why));
                return problems;
            }
            None => {
                problems.push(summary.problem(0, format!("{name} is missing")));
            }
        }
    }
    if let Some(link) = listed.get(wanted.len()) {
        let why = format!("there is no chapter {}", link.target);
        problems.push(summary.problem(link.line, why));
    }
    problems
}

/// Where the second edition has other directives, commands or links.
pub fn compare(first: &Edition, second: &Edition) -> Vec<Problem> {
    let mut problems = Vec::new();
    for chapter in &first.chapters {
        let Some(other) = second.chapter(&chapter.name) else {
            let why = "this chapter is missing in the other edition";
            problems.push(chapter.problem(0, why));
            continue;
        };
        let ways: [fn(&Chapter) -> Vec<Item>; 2] = [directives, commands];
        for items in ways {
            problems.extend(differ(
                &items(chapter),
                &items(other),
                chapter,
                other,
            ));
        }
        problems.extend(other_links(first, chapter, second, other));
    }
    for chapter in &second.chapters {
        if first.chapter(&chapter.name).is_none() {
            let why = "this chapter is missing in the other edition";
            problems.push(chapter.problem(0, why));
        }
    }
    problems
}

/// What stands in a line.
type Item = (usize, String);

/// The directives in their order. Those in prose may change places between two
/// that stand on lines of their own: languages put words in other orders.
fn directives(chapter: &Chapter) -> Vec<Item> {
    let (mut all, mut in_prose) = (Vec::new(), Vec::new());
    let put = |all: &mut Vec<Item>, in_prose: &mut Vec<Item>| {
        in_prose.sort_by(|a, b| a.1.cmp(&b.1));
        all.append(in_prose);
    };
    for (line, text) in chapter.prose() {
        for piece in pieces(text) {
            let Piece::Asked(asked) = piece else { continue };
            let Ok(directive) = Directive::parse(asked) else { continue };
            let words: Vec<&str> = asked.split_whitespace().collect();
            let item = (line, format!("{{{{{}}}}}", words.join(" ")));
            match directive.is_block() {
                true => {
                    put(&mut all, &mut in_prose);
                    all.push(item);
                }
                false => in_prose.push(item),
            }
        }
    }
    put(&mut all, &mut in_prose);
    all
}

/// The commands, without comments.
fn commands(chapter: &Chapter) -> Vec<Item> {
    let commands = chapter.commands().into_iter();
    let without = |text: &str| {
        let command = text.split(" #").next().unwrap_or_default().trim();
        format!("`{command}`")
    };
    commands.map(|(line, text)| (line, without(&text))).collect()
}

/// The first difference; the others mostly follow from it.
fn differ(
    first: &[Item],
    second: &[Item],
    chapter: &Chapter,
    other: &Chapter,
) -> Option<Problem> {
    let same = |((_, a), (_, b)): &(&Item, &Item)| a == b;
    let at = first.iter().zip(second).take_while(same).count();
    match (first.get(at), second.get(at)) {
        (None, None) => None,
        (Some((line, what)), Some((there, instead))) => {
            let place = format!("{}:{line}", chapter.file);
            let why = format!("{instead} stands where {place} has {what}");
            Some(other.problem(*there, why))
        }
        (Some((line, what)), None) => {
            let why = format!("{} has no {what} at its end", other.file);
            Some(chapter.problem(*line, why))
        }
        (None, Some((line, what))) => {
            let why = format!("{} has no {what} at its end", chapter.file);
            Some(other.problem(*line, why))
        }
    }
}

/// Links that only one of two chapters has, in whatever order.
fn other_links(
    first: &Edition,
    chapter: &Chapter,
    second: &Edition,
    other: &Chapter,
) -> Vec<Problem> {
    let mut counts: BTreeMap<String, (i32, Problem)> = BTreeMap::new();
    for (edition, chapter, one) in [(first, chapter, 1), (second, other, -1)] {
        for link in links(chapter) {
            let why = format!("the other edition has no link {}", link.target);
            let problem = chapter.problem(link.line, why);
            let place = place(&link.target, edition, chapter);
            counts.entry(place).or_insert((0, problem)).0 += one;
        }
    }
    let counts = counts.into_values().filter(|(count, _)| *count != 0);
    counts.map(|(_, problem)| problem).collect()
}

/// Where a link leads, whatever the language: a heading is named by its place
/// among the headings of its chapter.
fn place(target: &str, edition: &Edition, from: &Chapter) -> String {
    if target.starts_with("https://") {
        return target.replace("/ko/", "/");
    }
    let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
    let chapter = match file.trim_end_matches(".md") {
        "" => Some(from),
        name => edition.chapter(name),
    };
    let places = chapter.map(|chapter| ids(&chapter.text));
    let at = places.and_then(|ids| ids.iter().position(|id| id == fragment));
    match at {
        Some(at) => format!("{file}#{at}"),
        None => target.into(),
    }
}

#[cfg(test)]
mod tests {
    use shared::Language;

    use super::*;

    fn edition(language: Language, text: &str) -> Edition {
        let file = format!("{language:?}/why.md");
        let chapter = Chapter { name: "why".into(), file, text: text.into() };
        let summary = Chapter { text: String::new(), ..chapter.clone() };
        Edition { language, summary, chapters: vec![chapter] }
    }

    fn told(english: &str, korean: &str) -> Vec<String> {
        let english = edition(Language::En, english);
        let korean = edition(Language::Ko, korean);
        let problems = compare(&english, &korean);
        problems.iter().map(Problem::to_string).collect()
    }

    #[test]
    fn words_may_change_places_and_blocks_may_not() {
        let english = "{{n a mixed b}} {{src c}}\n{{claim T1}}\n{{claim T2}}\n";
        let korean = "{{src c}} {{n a mixed b}}\n{{claim T1}}\n{{claim T2}}\n";
        assert!(told(english, korean).is_empty());
        let korean = "{{src c}} {{n a mixed b}}\n{{claim T2}}\n{{claim T1}}\n";
        assert_eq!(
            told(english, korean),
            ["Ko/why.md:2: {{claim T2}} stands where En/why.md:2 has \
              {{claim T1}}"]
        );
        let told = told(english, "{{n a mixed b}} {{src c}}\n{{claim T1}}\n");
        assert_eq!(
            told,
            ["En/why.md:3: Ko/why.md has no {{claim T2}} at its end"]
        );
    }

    #[test]
    fn commands_are_the_same_without_their_comments() {
        let block = |command| format!("```console\n$ {command}\n```\n");
        let english = block("cargo a  # this");
        assert!(told(&english, &block("cargo a  # 이것")).is_empty());
        assert_eq!(told(&english, &block("cargo b")).len(), 1);
    }

    #[test]
    fn links_lead_to_the_same_places() {
        let english = "# One\n# Two\n[a](why.md#two) [b](x.md)\n";
        let korean = "# 하나\n# 둘\n[나](x.md) [가](why.md#둘)\n";
        assert!(told(english, korean).is_empty());
        let korean = "# 하나\n# 둘\n[나](x.md) [가](why.md#하나)\n";
        assert_eq!(told(english, korean).len(), 2);
    }

    #[test]
    fn the_table_of_contents_lists_every_chapter() {
        let mut edition = edition(Language::En, "");
        let line = |name| format!("- [x]({name}.md)\n");
        edition.summary.text = CHAPTERS.map(line).concat();
        let missing = check_summary(&edition).len();
        assert_eq!(missing, CHAPTERS.len() - 1); // only `why` is written
        edition.summary.text = edition.summary.text.replace("why", "because");
        let told = check_summary(&edition);
        let told = told.last().unwrap().to_string();
        assert!(told.ends_with("because.md stands where why.md belongs"));
    }
}
