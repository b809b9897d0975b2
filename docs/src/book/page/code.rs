//! Code, output and commands: all of them from the sources.

use super::Page;
use crate::{
    programs::{Program, root},
    snippets::Snippet,
};

impl Page<'_> {
    /// A part to copy, and the file in which it stands.
    pub(super) fn code(&self, name: &str) -> Result<String, String> {
        let mut snippets = self.facts.snippets.iter();
        let is_called =
            |one: &&Snippet| one.name == name || one.program() == name;
        let snippet = snippets.find(is_called);
        let Some(snippet) = snippet else {
            return Err(format!("there is no snippet {name}"));
        };
        let program = self.facts.program(snippet.program())?;
        let file = file_of(program, snippet.anchor());
        Ok(block(&file, "rust", &snippet.code))
    }

    /// A whole program in Python.
    pub(super) fn python(&self, name: &str) -> Result<String, String> {
        let source = self.facts.python(name)?;
        Ok(block(&format!("docs/python/{name}"), "python", source))
    }

    /// What a program prints, as its header shows it.
    pub(super) fn output(&self, name: &str) -> Result<String, String> {
        let program = self.facts.program(name)?;
        match output_of(program).as_str() {
            "" => Err(format!("the header of {name} shows no output")),
            output => Ok(fenced("text", output)),
        }
    }

    /// The command that runs a program.
    pub(super) fn run(&self, name: &str) -> Result<String, String> {
        let program = self.facts.program(name)?;
        let command = program.run_command().ok_or_else(|| {
            format!("the header of {name} has no command that runs it")
        })?;
        let console = fenced("console", &format!("$ {command}\n"));
        let title = self.texts.run;
        Ok(format!(
            "<div class=\"run\">\n<p class=\"box-title\">{title}</p>\n\n\
             {console}\n</div>\n"
        ))
    }
}

/// A block of code under the name of its file.
fn block(file: &str, language: &str, code: &str) -> String {
    let code = fenced(language, code);
    format!("<p class=\"file\"><code>{file}</code></p>\n\n{code}")
}

/// Between fences that are longer than any in the code.
fn fenced(language: &str, code: &str) -> String {
    let mut fence = "```".to_string();
    while code.contains(&fence) {
        fence.push('`');
    }
    format!("{fence}{language}\n{}\n{fence}\n", code.trim_end())
}

/// Where the anchor stands: in the program, or in the library that it names.
fn file_of(program: &Program, anchor: &str) -> String {
    let own = program.source_path.strip_prefix(root());
    let own = own.unwrap_or(&program.source_path).display().to_string();
    let begins = format!("// ANCHOR: {anchor}");
    if program.source.lines().any(|line| line.trim() == begins) {
        return own;
    }
    let parts = program.source.lines();
    let parts = parts.filter_map(|l| l.strip_prefix("// The part to copy: "));
    let mut files = parts.map(|part| format!("{}/{part}", program.model));
    let holds = |file: &String| {
        let text = std::fs::read_to_string(root().join(file));
        text.is_ok_and(|text| text.contains(&begins))
    };
    files.find(holds).unwrap_or(own)
}

/// The first output that the header shows.
fn output_of(program: &Program) -> String {
    let after = program.header().skip_while(|l| !l.starts_with(" Output"));
    let shown = after
        .skip(1)
        .take_while(|line| line.trim().is_empty() || line.starts_with("     "));
    let lines = shown.map(|line| line.get(5..).unwrap_or_default());
    let text = lines.collect::<Vec<_>>().join("\n");
    match text.trim().is_empty() {
        true => String::new(),
        false => text.trim_end().trim_start_matches('\n').to_string() + "\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_ends_where_the_next_text_begins() {
        let source = "//! A title.\n//!\n//!     cargo run\n//!\n//! Output:\n\
                      //!      7 dishes\n//!\n//!     done\n//! More.\n";
        let source = source.to_string();
        let program =
            Program { source, ..Program::from_elsewhere("test".into()) };
        assert_eq!(output_of(&program), " 7 dishes\n\ndone\n");
    }

    #[test]
    fn a_fence_is_longer_than_those_in_the_code() {
        assert_eq!(fenced("text", "a\n"), "```text\na\n```\n");
        let code = "/// ```\n/// f();\n/// ```\n";
        assert!(fenced("rust", code).starts_with("````rust\n"));
    }
}
