//! All programs, and how a page leads to one of them.

use super::{Page, table};
use crate::{programs::Program, tables::picture};

impl Page<'_> {
    /// A program's name as a link to its row in the chapter of all programs.
    pub(super) fn source(&self, name: &str) -> Result<String, String> {
        if name.ends_with(".py") {
            self.facts.python(name)?;
        } else {
            self.facts.program(name)?;
        }
        Ok(format!("[`{name}`](programs.md#{name})"))
    }

    /// All programs by crate: what each shows, its name, and its claims.
    pub(super) fn programs(&self) -> Result<String, String> {
        let programs = &self.facts.programs;
        let mut models: Vec<&str> =
            programs.iter().map(|program| program.model.as_str()).collect();
        models.dedup();
        let mut out = String::new();
        for model in models {
            let own = programs.iter().filter(|program| program.model == model);
            let rows = own.map(|program| self.row(program));
            let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
            let picture = picture(model, self.language);
            out += &format!("\n## {model}: {picture}\n\n");
            out += &table(&self.texts.programs, false, &rows);
        }
        if !self.facts.python.is_empty() {
            out += &format!("\n## {}\n\n", self.texts.python_programs);
            let names = self.facts.python.keys();
            let lines = names.map(|name| {
                format!("- <code id=\"{name}\">docs/python/{name}</code>\n")
            });
            out += &lines.collect::<String>();
        }
        Ok(out)
    }

    fn row(&self, program: &Program) -> Result<Vec<String>, String> {
        let name = &program.name;
        let title = self.facts.title(program, self.language)?;
        let title = title.replace('|', "\\|");
        let claims = program.claims().join(", ");
        Ok(vec![title, format!("<code id=\"{name}\">{name}</code>"), claims])
    }
}
