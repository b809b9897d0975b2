//! The tables of programs in the READMEs. They are made from the headers, so
//! a program is described in one place.

use std::fs;

use shared::{Failure, Language, Result};

use crate::programs::{self, Program};

/// What stands in a README before and after its table.
const BEGIN: &str = "<!-- programs: made by `cargo tables` -->\n";
const END: &str = "<!-- end of programs -->\n";

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
    let programs = programs::all()?;
    let mut models: Vec<&str> =
        programs.iter().map(|program| program.model.as_str()).collect();
    models.dedup();
    let mut readmes = vec![readme("README.md", &map(&models, &programs))?];
    for model in models {
        let own: Vec<_> =
            programs.iter().filter(|p| p.model == model).collect();
        readmes.push(readme(&format!("{model}/README.md"), &table(&own))?);
    }
    Ok(readmes.into_iter().flatten().collect())
}

/// The README at `path`, if it is there and has a place for a table.
fn readme(path: &str, table: &str) -> Result<Option<Readme>> {
    let Ok(is) = fs::read_to_string(programs::root().join(path)) else {
        return Ok(None);
    };
    let Some((before, rest)) = is.split_once(BEGIN) else {
        return Ok(None);
    };
    let after = rest.split_once(END).map(|(_, after)| after);
    let no_end = || Failure::new(format!("{path}: the table has no end"));
    let after = after.ok_or_else(no_end)?;
    let shall_be = format!("{before}{BEGIN}{table}{END}{after}");
    Ok(Some(Readme { path: path.into(), is, shall_be }))
}

/// All programs: a heading for each crate, and below it its table.
fn map(models: &[&str], programs: &[Program]) -> String {
    let chapters = models.iter().map(|model| {
        let own: Vec<_> =
            programs.iter().filter(|p| p.model == *model).collect();
        let picture = picture(model, Language::En);
        format!("\n### [{model}]({model}): {picture}\n\n{}", table(&own))
    });
    chapters.collect::<String>() + "\n"
}

fn table(programs: &[&Program]) -> String {
    let rows = programs.iter().map(|program| {
        let Program { name, .. } = program;
        let claims = program.claims().join(", ");
        format!("| {} | `{name}` | {claims} |\n", need(program))
    });
    let heading = "| what it shows | program | claims |\n|---|---|---|\n";
    heading.to_string() + &rows.collect::<String>()
}

/// The first line of the header, as a cell of a table.
fn need(program: &Program) -> String {
    program.title().trim_end_matches('.').replace('|', "\\|")
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
            "다른 모든 프로그램을 실행하는 프로그램",
        ],
        _ => ["what all of them use", "모두가 함께 쓰는 것"],
    };
    match language {
        Language::En => english,
        Language::Ko => korean,
    }
}
