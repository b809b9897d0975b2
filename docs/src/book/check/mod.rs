//! What is wrong in the chapters, and where they and the results no longer say
//! what the sources say.

mod commands;
mod editions;
mod figures;
mod links;
mod prose;
mod results;
mod sections;

use shared::Result;

use super::{Chapter, Edition, Facts, Problem, edition, render};

/// Everything that is wrong in both editions, by file and line.
///
/// # Errors
///
/// The facts or the chapters cannot be read, or a program whose options a
/// chapter names does not compile.
pub fn check() -> Result<Vec<Problem>> {
    let facts = Facts::read()?;
    let editions = edition::editions()?;
    let mut problems = results::check(&facts);
    for edition in &editions {
        problems.extend(editions::check_summary(edition));
        let pages = pages(edition, &facts, &mut problems);
        for (chapter, _) in &pages {
            problems.extend(figures::check(chapter, edition.language));
            problems.extend(sections::check(chapter, edition.language));
        }
        problems.extend(links::check(&pages));
        problems.extend(every_program_is_listed(&pages, &facts));
    }
    let [english, korean] = &editions;
    problems.extend(editions::compare(english, korean));
    problems.extend(commands::check(&editions, &facts)?);
    problems.sort();
    problems.dedup();
    Ok(problems)
}

/// The chapters with their pages; what cannot be replaced is a problem.
fn pages<'a>(
    edition: &'a Edition,
    facts: &Facts,
    problems: &mut Vec<Problem>,
) -> Vec<(&'a Chapter, String)> {
    let chapters = edition.chapters.iter().map(|chapter| {
        let (page, wrong) = render(chapter, edition.language, facts);
        problems.extend(wrong);
        (chapter, page)
    });
    chapters.collect()
}

/// The chapter of all programs has a row for each of them.
fn every_program_is_listed(
    pages: &[(&Chapter, String)],
    facts: &Facts,
) -> Vec<Problem> {
    let page = pages.iter().find(|(chapter, _)| chapter.name == "programs");
    let Some((chapter, page)) = page else { return Vec::new() };
    let is_missing = |name: &&String| {
        let id = format!("id=\"{name}\"");
        !page.contains(&id)
    };
    let names = facts.programs.iter().map(|program| &program.name);
    let problem = |name| chapter.problem(0, format!("{name} is not listed"));
    names.filter(is_missing).map(problem).collect()
}
