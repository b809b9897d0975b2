//! What the chapters are made from: the sources, the ledger and the results.

use std::{collections::BTreeMap, fs, path::Path};

use shared::{Language, Result};

use crate::{
    ledger::{self, Claim},
    programs::{self, Program, root},
    results::Results,
    snippets::{self, Snippet},
    titles,
};

/// All that a directive may ask for.
#[derive(Debug)]
pub struct Facts {
    /// The programs of the workspace, in reading order.
    pub programs: Vec<Program>,
    /// The parts to copy.
    pub snippets: Vec<Snippet>,
    /// The statements of the article.
    pub claims: Vec<Claim>,
    /// What was measured.
    pub results: Results,
    /// The title of each program in Korean.
    pub titles: BTreeMap<String, String>,
    /// The programs in Python, by their file names, with their sources.
    pub python: BTreeMap<String, String>,
}

impl Facts {
    /// Reads everything.
    ///
    /// # Errors
    ///
    /// One of the files is not there, or not as it has to be.
    pub fn read() -> Result<Facts> {
        let programs = programs::all()?;
        Ok(Facts {
            snippets: snippets::all(&programs)?,
            programs,
            claims: ledger::read(&root().join("docs/ledger.toml"))?,
            results: Results::read()?,
            titles: titles::korean()?,
            python: python_sources()?,
        })
    }

    /// The program of this name.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn program(&self, name: &str) -> Result<&Program, String> {
        let found = self.programs.iter().find(|one| one.name == name);
        found.ok_or_else(|| format!("there is no program {name}"))
    }

    /// The statement with this number.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn claim(&self, id: &str) -> Result<&Claim, String> {
        let found = self.claims.iter().find(|claim| claim.id == id);
        found.ok_or_else(|| format!("there is no claim {id}"))
    }

    /// The source of a Python program, by its file name.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn python(&self, name: &str) -> Result<&str, String> {
        let found = self.python.get(name).map(String::as_str);
        found.ok_or_else(|| format!("there is no docs/python/{name}"))
    }

    /// What a program shows: the first line of its header, or that line in
    /// Korean.
    ///
    /// # Errors
    ///
    /// Nobody has written it in Korean yet.
    pub fn title(
        &self,
        program: &Program,
        language: Language,
    ) -> Result<String, String> {
        let title = match language {
            Language::En => program.title(),
            Language::Ko => {
                self.titles.get(&program.name).map(String::as_str).ok_or_else(
                    || format!("{} has no title in Korean", program.name),
                )?
            }
        };
        Ok(title.trim_end_matches('.').into())
    }
}

/// The files of `docs/python`; none of them is needed to build the book.
fn python_sources() -> Result<BTreeMap<String, String>> {
    let mut sources = BTreeMap::new();
    let Ok(folder) = fs::read_dir(root().join("docs/python")) else {
        return Ok(sources);
    };
    for file in folder {
        let path = file?.path();
        if path.extension().is_some_and(|end| end == "py") {
            let name = path.file_name().map(Path::new).unwrap_or(&path);
            let text = fs::read_to_string(&path)?;
            sources.insert(name.display().to_string(), text);
        }
    }
    Ok(sources)
}
