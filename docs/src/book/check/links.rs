//! Links: the page is there, and so is the place in it.

use std::collections::{HashMap, HashSet};

use super::prose::with_links;
use crate::book::{Chapter, Problem};

/// A link in a chapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// In which line it ends.
    pub line: usize,
    /// Where it leads.
    pub target: String,
}

/// The links that a chapter has itself, without those of its directives.
pub fn links(chapter: &Chapter) -> Vec<Link> {
    let mut links = Vec::new();
    for (line, text) in chapter.prose() {
        let text = with_links(text);
        for (_, rest) in
            text.match_indices("](").map(|(at, _)| text.split_at(at + 2))
        {
            let target = rest.split([')', ' ']).next().unwrap_or_default();
            links.push(Link { line, target: target.into() });
        }
    }
    links
}

/// Links of an edition that lead nowhere.
pub fn check(pages: &[(&Chapter, String)]) -> Vec<Problem> {
    let ids: HashMap<&str, Vec<String>> =
        pages.iter().map(|(c, page)| (c.name.as_str(), ids(page))).collect();
    let mut problems = Vec::new();
    for (chapter, page) in pages {
        for Link { line, target } in links(chapter) {
            if let Err(why) = follow(&target, chapter, &ids) {
                problems.push(chapter.problem(line, why));
            }
        }
        let mut seen = HashSet::new();
        let twice = super::links::ids(page);
        let twice = twice.into_iter().filter(|id| !seen.insert(id.clone()));
        problems.extend(
            twice.map(|id| chapter.problem(0, format!("#{id} is there twice"))),
        );
    }
    problems
}

fn follow(
    target: &str,
    chapter: &Chapter,
    ids: &HashMap<&str, Vec<String>>,
) -> Result<(), String> {
    if target.starts_with("https://") {
        return Ok(());
    }
    let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
    let name = match file {
        "" => &chapter.name,
        file => file
            .strip_suffix(".md")
            .ok_or_else(|| format!("{target} is no chapter"))?,
    };
    let ids = ids.get(name);
    let ids = ids.ok_or_else(|| format!("there is no chapter {file}"))?;
    match fragment.is_empty() || ids.iter().any(|id| id == fragment) {
        true => Ok(()),
        false => Err(format!("there is no place {target}")),
    }
}

/// The places of a page that a link may lead to, in their order: its headings,
/// named as mdBook does it, and the elements with a name.
pub fn ids(page: &str) -> Vec<String> {
    let [name, file] = ["", ""].map(String::from);
    let chapter = Chapter { name, file, text: page.into() };
    let mut ids = Vec::new();
    for (_, line) in chapter.prose() {
        let heading = line.trim_start_matches('#');
        let is_heading = heading.len() < line.len() && heading.starts_with(' ');
        if is_heading {
            let id = id_of(heading);
            let same = ids.iter().filter(|other| **other == id).count();
            ids.push(if same == 0 { id } else { format!("{id}-{same}") });
        }
        let named = line.split(" id=\"").skip(1);
        ids.extend(
            named.filter_map(|rest| Some(rest.split_once('"')?.0.into())),
        );
    }
    ids
}

/// As mdBook does it: letters and digits in lower case, a dash for each space;
/// or what stands in `{#...}`.
fn id_of(heading: &str) -> String {
    if let Some((_, id)) = heading.trim_end().split_once("{#") {
        return id.trim_end_matches('}').trim().into();
    }
    let heading = heading.trim().to_lowercase();
    let letters = heading.chars().filter_map(|c| match c {
        c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c),
        c if c.is_whitespace() => Some('-'),
        _ => None,
    });
    letters.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chapter(text: &str) -> Chapter {
        Chapter { name: "a".into(), file: "a.md".into(), text: text.into() }
    }

    #[test]
    fn headings_are_places() {
        let page = "# What is `x`, then?\n## 락 (lock)\n## B {#here}\n## B\n\
                    ## B\n```rust\n# no\n```\n<p id=\"p\"></p>\n";
        let wanted = ["what-is-x-then", "락-lock", "here", "b", "b-1", "p"];
        assert_eq!(ids(page), wanted);
    }

    #[test]
    fn a_link_leads_somewhere() {
        let text = "# A\n[1](#a) [2](b.md#p) [`3`](b.md) [4](https://x.org)\n\
                    [5](c.md)\n[6](b.md#q) `[7](d.md)`\n[8](README)\n";
        let (a, b) = (chapter(text), chapter(""));
        let b = Chapter { name: "b".into(), ..b };
        let pages =
            [(&a, a.text.clone()), (&b, "<i id=\"p\"></i>".to_string())];
        let told: Vec<_> = check(&pages)
            .into_iter()
            .map(|problem| (problem.place.line, problem.what))
            .collect();
        let wanted = [
            (3, "there is no chapter c.md"),
            (4, "there is no place b.md#q"),
            (5, "README is no chapter"),
        ];
        assert_eq!(told, wanted.map(|(n, what)| (n, what.to_string())));
    }
}
