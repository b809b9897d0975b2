//! Every snippet alone, in an empty crate.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process,
};

use duct::cmd;
use shared::Result;

use super::{Snippet, new_crate};
use crate::programs;

/// Builds every snippet by itself, each in an empty crate, offline, with the
/// versions of this workspace's lock file. Returns what does not compile.
///
/// Snippets with the same dependencies are built together: cargo would give
/// each of them the features that another one asks for.
///
/// # Errors
///
/// The crates cannot be written.
pub fn check(snippets: &[Snippet]) -> Result<Vec<String>> {
    let mut alike: BTreeMap<&[String], Vec<&Snippet>> = BTreeMap::new();
    for snippet in snippets {
        alike.entry(&snippet.dependencies).or_default().push(snippet);
    }
    let mut failed = Vec::new();
    for (number, snippets) in alike.into_values().enumerate() {
        failed.extend(check_together(number, &snippets)?);
    }
    Ok(failed)
}

fn check_together(number: usize, snippets: &[&Snippet]) -> Result<Vec<String>> {
    let root = programs::root();
    let folder = Folder::new(root, number)?;
    let names = snippets.iter().map(|snippet| crate_name(snippet));
    let members: Vec<_> = names.map(|name| format!("{name:?}")).collect();
    let members = members.join(", ");
    let manifest =
        format!("[workspace]\nresolver = \"3\"\nmembers = [{members}]\n");
    fs::write(folder.0.join("Cargo.toml"), manifest)?;
    fs::copy(root.join("Cargo.lock"), folder.0.join("Cargo.lock"))?;
    for snippet in snippets {
        let name = crate_name(snippet);
        new_crate::write(snippet, &name, &folder.0.join(&name), "")?;
    }
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    let checked = cmd!(cargo, "check", "--offline", "--keep-going", "--quiet")
        .dir(&folder.0)
        .env("RUSTFLAGS", "--deny warnings")
        .env("CARGO_TARGET_DIR", root.join("target/snippets"))
        .stdin_null()
        .stderr_to_stdout()
        .stdout_capture()
        .unchecked()
        .run()?;
    let said = String::from_utf8_lossy(&checked.stdout);
    let is_named = |snippet: &&&Snippet| {
        said.contains(&format!("`{}`", crate_name(snippet)))
    };
    let failed = snippets.iter().filter(is_named);
    let mut failed: Vec<String> = failed.map(|s| s.name.clone()).collect();
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
    fn new(root: &Path, number: usize) -> Result<Folder> {
        let name = format!("snippets-{}-{number}", process::id());
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
