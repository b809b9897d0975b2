//! The parts of the programs that are there to be copied.
//!
//! They stand between `// ANCHOR: name` and `// ANCHOR_END: name`, and compile
//! alone, given the dependencies that they use.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process, str,
};

use duct::cmd;
use shared::{Failure, Result};

use crate::programs::{self, Dependency, Program};

/// A part to copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// `program:anchor`.
    pub name: String,
    /// The code, moved to the left margin.
    pub code: String,
    /// The dependencies that it uses, as lines of a manifest.
    pub dependencies: Vec<String>,
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
    for line in program.source.lines() {
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

fn snippet(program: &Program, anchor: &str, lines: &[&str]) -> Snippet {
    let margin = |line: &&str| line.len() - line.trim_start().len();
    let filled = lines.iter().filter(|line| !line.trim().is_empty());
    let margin = filled.map(margin).min().unwrap_or(0);
    let shifted = lines.iter().map(|line| line.get(margin..).unwrap_or(""));
    let code = shifted.collect::<Vec<_>>().join("\n").trim().to_string() + "\n";
    let used = |dependency: &&Dependency| {
        let path = dependency.name.replace('-', "_") + "::";
        dependency.kind.is_none() && code.contains(&path)
    };
    let dependencies = program.dependencies.iter().filter(used);
    let mut dependencies: Vec<_> = dependencies.map(manifest_line).collect();
    if code.contains(&format!("{}::", program.model)) {
        dependencies.push(own_library(&program.model));
    }
    Snippet { name: format!("{}:{anchor}", program.name), dependencies, code }
}

/// The library beside the program. It is on no registry, so it is named by its
/// folder.
fn own_library(package: &str) -> String {
    let folder = programs::root().join(package);
    format!("{package} = {{ path = {folder:?}, default-features = false }}")
}

fn manifest_line(dependency: &Dependency) -> String {
    let Dependency { name, req, features, .. } = dependency;
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

/// The snippet called `name`: `program:anchor`, or `program` for its first.
///
/// # Errors
///
/// There is none; the message names the ones whose names are nearest.
pub fn find<'a>(snippets: &'a [Snippet], name: &str) -> Result<&'a Snippet> {
    let program = |snippet: &&Snippet| {
        snippet.name == name || snippet.name.split(':').next() == Some(name)
    };
    snippets.iter().find(program).ok_or_else(|| {
        let distance = |snippet: &&Snippet| {
            let own = snippet.name.split(':').next().unwrap_or_default();
            let by_program = strsim::damerau_levenshtein(own, name);
            by_program.min(strsim::damerau_levenshtein(&snippet.name, name))
        };
        let mut near: Vec<&Snippet> = snippets.iter().collect();
        near.sort_by_key(distance);
        let near: Vec<_> =
            near.iter().take(3).map(|s| s.name.as_str()).collect();
        let near = near.join(", ");
        Failure::new(format!("no snippet {name}; the nearest are {near}"))
    })
}

/// Builds every snippet by itself, each in an empty crate, offline, with the
/// versions of this workspace's lock file. Returns what does not compile.
///
/// # Errors
///
/// The crates cannot be written.
pub fn check(snippets: &[Snippet]) -> Result<Vec<String>> {
    let root = programs::root();
    let folder = Folder::new(root)?;
    let crates: BTreeSet<String> = snippets.iter().map(crate_name).collect();
    let members: Vec<_> =
        crates.iter().map(|name| format!("{name:?}")).collect();
    let members = members.join(", ");
    let manifest =
        format!("[workspace]\nresolver = \"3\"\nmembers = [{members}]\n");
    fs::write(folder.0.join("Cargo.toml"), manifest)?;
    fs::copy(root.join("Cargo.lock"), folder.0.join("Cargo.lock"))?;
    for snippet in snippets {
        let name = crate_name(snippet);
        let own = folder.0.join(&name);
        fs::create_dir_all(own.join("src"))?;
        let dependencies = snippet.dependencies.join("\n");
        let manifest = format!(
            "[package]\nname = {name:?}\nedition = \"2024\"\n\n\
             [dependencies]\n{dependencies}\n"
        );
        fs::write(own.join("Cargo.toml"), manifest)?;
        fs::write(own.join("src/lib.rs"), &snippet.code)?;
    }
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    // Warnings of unused code are the nature of a snippet.
    let checked = cmd!(cargo, "check", "--offline", "--keep-going", "--quiet")
        .dir(&folder.0)
        .env("RUSTFLAGS", "--allow warnings")
        .env("CARGO_TARGET_DIR", root.join("target/snippets"))
        .stdin_null()
        .stderr_to_stdout()
        .stdout_capture()
        .unchecked()
        .run()?;
    let said = String::from_utf8_lossy(&checked.stdout);
    let mut failed: Vec<String> = snippets
        .iter()
        .filter(|snippet| said.contains(&format!("`{}`", crate_name(snippet))))
        .map(|snippet| snippet.name.clone())
        .collect();
    if !checked.status.success() {
        failed.push(said.into_owned());
    }
    Ok(failed)
}

fn crate_name(snippet: &Snippet) -> String {
    format!("snippet-{}", snippet.name.replace(':', "-"))
}

/// A folder under `target` that is removed when it is no longer needed.
struct Folder(PathBuf);

impl Folder {
    fn new(root: &Path) -> Result<Folder> {
        let name = format!("snippets-{}", process::id());
        let folder = Folder(root.join("target/tmp").join(name));
        fs::create_dir_all(&folder.0)?;
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // in target: not in anybody's way
    }
}
