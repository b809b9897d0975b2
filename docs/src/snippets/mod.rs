//! The parts of the programs that are there to be copied.
//!
//! They stand between `// ANCHOR: name` and `// ANCHOR_END: name`, and compile
//! alone, given the dependencies and features that they use.

mod check;
mod features;
mod new_crate;
mod options;
mod search;
mod together;

use std::fs;

use shared::{Failure, Result};

pub use check::check;
pub use new_crate::create;
pub use options::Wish;
pub use search::{Found, search, synonyms};

use crate::programs::{self, Dependency, Program};

/// A part to copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// `program:anchor`.
    pub name: String,
    /// The first sentence of its documentation.
    pub about: String,
    /// The first line of its program's header.
    pub title: String,
    /// The code, moved to the left margin.
    pub code: String,
    /// The dependencies that it uses, as lines of a manifest.
    pub dependencies: Vec<String>,
}

impl Snippet {
    /// The program that it stands in.
    pub fn program(&self) -> &str {
        self.name.split(':').next().unwrap_or_default()
    }

    /// The name of its anchor, which is also that of its module where it stands
    /// beside others.
    pub fn anchor(&self) -> &str {
        self.name.split(':').next_back().unwrap_or_default()
    }

    /// Whether it is a program, and not a part of one.
    pub fn has_main(&self) -> bool {
        self.code.lines().any(|line| {
            line.starts_with("fn main()") || line.starts_with("async fn main()")
        })
    }
}

/// All parts to copy, in the order of the programs.
///
/// # Errors
///
/// An anchor has no end, or no beginning.
pub fn all(programs: &[Program]) -> Result<Vec<Snippet>> {
    let mut snippets = Vec::new();
    for program in programs {
        snippets.extend(of(program)?);
    }
    Ok(snippets)
}

fn of(program: &Program) -> Result<Vec<Snippet>> {
    let mut snippets = Vec::new();
    let mut open: Option<(&str, Vec<&str>)> = None;
    let wrong = |what: &str, name: &str| {
        Failure::new(format!("{}: {what} of {name}", program.name))
    };
    let source = with_library_parts(program)?;
    for line in source.lines() {
        let comment = line.trim_start().strip_prefix("// ANCHOR");
        if let Some(name) = comment.and_then(|c| c.strip_prefix(": ")) {
            if let Some((other, _)) = open.replace((name, Vec::new())) {
                return Err(wrong("no end", other));
            }
        } else if let Some(name) =
            comment.and_then(|c| c.strip_prefix("_END: "))
        {
            match open.take() {
                Some((begun, lines)) if begun == name => {
                    snippets.push(snippet(program, name, &lines));
                }
                _ => return Err(wrong("no beginning", name)),
            }
        } else if let Some((_, lines)) = &mut open {
            lines.push(line);
        }
    }
    match open {
        Some((name, _)) => Err(wrong("no end", name)),
        None => Ok(snippets),
    }
}

/// The source, and where it says `// The part to copy: src/run_child.rs`, that
/// file of its crate: a library that other programs use, too.
fn with_library_parts(program: &Program) -> Result<String> {
    let mut all = program.source.clone();
    for line in program.source.lines() {
        if let Some(file) = line.strip_prefix("// The part to copy: ") {
            let file = programs::root().join(&program.model).join(file);
            all += &fs::read_to_string(file)?;
        }
    }
    Ok(all)
}

fn snippet(program: &Program, anchor: &str, lines: &[&str]) -> Snippet {
    let margin = |line: &&str| line.len() - line.trim_start().len();
    let filled = lines.iter().filter(|line| !line.trim().is_empty());
    let margin = filled.map(margin).min().unwrap_or(0);
    let shifted = lines.iter().map(|line| line.get(margin..).unwrap_or(""));
    let code = shifted.collect::<Vec<_>>().join("\n").trim().to_string() + "\n";
    let used = |dependency: &&Dependency| {
        dependency.kind.is_none()
            && has_path_of(&code, &dependency.name.replace('-', "_"))
    };
    let dependencies = program.dependencies.iter().filter(used);
    let mut dependencies: Vec<_> =
        dependencies.map(|one| manifest_line(one, &code)).collect();
    if has_path_of(&code, &program.model) {
        dependencies.push(own_library(&program.model, &code));
    }
    let name = format!("{}:{anchor}", program.name);
    let title = program.header().next().unwrap_or_default().trim().into();
    Snippet { name, about: first_sentence(&code), title, code, dependencies }
}

/// Whether a path in the code begins with this name: `nix::` is no part of `unix::`.
fn has_path_of(code: &str, package: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let path = format!("{package}::");
    let mut places = code.match_indices(&path);
    places.any(|(at, _)| !code[..at].ends_with(is_part))
}

/// Of the first documentation comment in the code.
fn first_sentence(code: &str) -> String {
    let comment = |line: &str| {
        let line = line.trim_start();
        let text = line.strip_prefix("///").or(line.strip_prefix("//!"))?;
        Some(text.trim().to_string())
    };
    let lines = code.lines().map(comment);
    let lines = lines.skip_while(Option::is_none).map_while(|line| line);
    let text = lines.collect::<Vec<_>>().join(" ");
    match text.split_once(". ") {
        Some((first, _)) => format!("{first}."),
        None => text,
    }
}

/// The library beside the program. It is on no registry, so it is named by its
/// folder.
fn own_library(package: &str, code: &str) -> String {
    let folder = programs::root().join(package);
    let mut line =
        format!("{package} = {{ path = {folder:?}, default-features = false");
    // The one module that needs a feature.
    if code.contains("multiprocessing::sandbox") {
        line += ", features = [\"sandbox\"]";
    }
    line + " }"
}

fn manifest_line(dependency: &Dependency, code: &str) -> String {
    let Dependency { name, req, features, .. } = dependency;
    let features = features::needed(name, features, code);
    let version = req.trim_start_matches('^');
    let mut line = format!("{name} = {{ version = \"{version}\"");
    if !dependency.uses_default_features {
        line += ", default-features = false";
    }
    if !features.is_empty() {
        line += &format!(", features = {features:?}");
    }
    line + " }"
}
