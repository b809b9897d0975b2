//! The tables in the READMEs. Those of programs are made from the headers, so a
//! program is described in one place; in Korean from `ko/titles.toml`. The one
//! of models is made from `{en,ko}/which_model.md` and from the results.

use std::{collections::BTreeMap, fs};

use shared::{Failure, Language, Result};

use crate::{
    book::{Chapter, Facts, render},
    programs::{self, Program},
};

/// A part of a README that is made, and between which lines it stands.
struct Part {
    name: &'static str,
    text: String,
}

/// A README with a table of programs.
#[derive(Debug)]
pub struct Readme {
    /// Its path in the workspace.
    pub path: String,
    /// What it says now.
    pub is: String,
    /// What it has to say.
    pub shall_be: String,
}

/// The READMEs of the workspace and of its crates that have a table.
///
/// # Errors
///
/// A file cannot be read, or a table has no end.
pub fn readmes() -> Result<Vec<Readme>> {
    let facts = Facts::read()?;
    let programs = &facts.programs;
    let mut models: Vec<&str> =
        programs.iter().map(|program| program.model.as_str()).collect();
    models.dedup();
    let mut readmes = Vec::new();
    for words in [Words::english(), Words::korean(&facts.titles)] {
        let file = words.file;
        let map = map(&models, programs, &words);
        let which = which(words.language, &facts)?;
        readmes.push(readme(file, [programs_part(map), which].into())?);
        for model in &models {
            let own: Vec<_> =
                programs.iter().filter(|p| p.model == *model).collect();
            let path = format!("{model}/{file}");
            let table = programs_part(table(&own, &words));
            readmes.push(readme(&path, [table].into())?);
        }
    }
    Ok(readmes.into_iter().flatten().collect())
}

fn programs_part(text: String) -> Part {
    Part { name: "programs", text }
}

/// Which model does one want? A table whose figures come from the results.
fn which(language: Language, facts: &Facts) -> Result<Part> {
    let name = "which_model";
    let template = Chapter::read(language, name, "")?;
    let (text, problems) = render(&template, language, facts);
    match problems.first() {
        None => Ok(Part { name: "which", text }),
        Some(problem) => Err(Failure::new(problem.to_string())),
    }
}

/// The README at `path`, if it is there and has a place for its first part.
fn readme(path: &str, parts: Vec<Part>) -> Result<Option<Readme>> {
    let Ok(is) = fs::read_to_string(programs::root().join(path)) else {
        return Ok(None);
    };
    let mut shall_be = is.clone();
    for (at, Part { name, text }) in parts.into_iter().enumerate() {
        let begin = format!("<!-- {name}: made by `cargo tables` -->\n");
        let end = format!("<!-- end of {name} -->\n");
        let Some((before, rest)) = shall_be.split_once(&begin) else {
            match at {
                0 => return Ok(None),
                _ => return Err(Failure::new(format!("{path}: no {name}"))),
            }
        };
        let after = rest.split_once(&end).map(|(_, after)| after);
        let no_end = || Failure::new(format!("{path}: {name} has no end"));
        let after = after.ok_or_else(no_end)?;
        shall_be = format!("{before}{begin}{text}{end}{after}");
    }
    Ok(Some(Readme { path: path.into(), is, shall_be }))
}

/// All programs: a heading for each crate, and below it its table.
fn map(models: &[&str], programs: &[Program], words: &Words) -> String {
    let chapters = models.iter().map(|model| {
        let own: Vec<_> =
            programs.iter().filter(|p| p.model == *model).collect();
        let (picture, table) =
            (picture(model, words.language), table(&own, words));
        format!("\n### [{model}]({model}): {picture}\n\n{table}")
    });
    chapters.collect::<String>() + "\n"
}

fn table(programs: &[&Program], words: &Words) -> String {
    let rows = programs.iter().map(|program| {
        let Program { name, .. } = program;
        let (title, claims) = (words.title(program), program.claims());
        format!("| {title} | `{name}` | {} |\n", claims.join(", "))
    });
    let heading = format!("{}\n|---|---|---|\n", words.heading);
    heading + &rows.collect::<String>()
}

/// What the READMEs of one language say of programs.
struct Words<'a> {
    file: &'static str,
    heading: &'static str,
    language: Language,
    /// Instead of the first line of a header.
    titles: Option<&'a BTreeMap<String, String>>,
}

impl<'a> Words<'a> {
    fn english() -> Words<'a> {
        Words {
            file: "README.md",
            heading: "| what it shows | program | claims |",
            language: Language::En,
            titles: None,
        }
    }

    fn korean(titles: &'a BTreeMap<String, String>) -> Words<'a> {
        Words {
            file: "README.ko.md",
            heading: "| 보여 주는 것 | 프로그램 | 주장 |",
            language: Language::Ko,
            titles: Some(titles),
        }
    }

    /// What a program shows, as a cell of a table.
    fn title(&self, program: &Program) -> String {
        let own = || program.header().next().unwrap_or_default().trim();
        let title = match self.titles {
            None => own().trim_end_matches('.'),
            Some(titles) => titles.get(&program.name).map_or(own(), |t| t),
        };
        title.replace('|', "\\|")
    }
}

/// How the article pictures a model.
pub fn picture(model: &str, language: Language) -> &'static str {
    let [english, korean] = match model {
        "threading" => ["one kitchen, ten cooks", "주방 하나, 요리사 열 명"],
        "asyncio" => ["one kitchen, one chef", "주방 하나, 셰프 한 명"],
        "multiprocessing" => {
            ["ten kitchens, ten cooks", "주방 열 개, 요리사 열 명"]
        }
        "futures_pool" => {
            ["pools of threads and of processes", "스레드 풀과 프로세스 풀"]
        }
        "subprocess" => ["other people's programs", "남이 만든 프로그램"],
        "docs" => [
            "the programs that run all the others",
            "다른 프로그램을 모두 실행하는 프로그램",
        ],
        _ => ["what all of them use", "모두가 함께 쓰는 것"],
    };
    match language {
        Language::En => english,
        Language::Ko => korean,
    }
}
