//! The programs of this workspace: where they are, and which of them are
//! kitchens.

use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use duct::cmd;
use serde::Deserialize;
use shared::{Failure, Result};

/// A kitchen program: one that serves the ten dishes.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its name, as after `--bin`.
    pub name: String,
    /// The crate, which is the model of concurrency it shows.
    pub model: String,
    /// Its source text; empty for a program from elsewhere.
    pub source: String,
    /// The file to run.
    pub path: PathBuf,
}

impl Program {
    /// A program that is not part of this workspace.
    pub fn from_elsewhere(path: PathBuf) -> Program {
        let name = path.file_name().unwrap_or_default();
        Program {
            name: name.to_string_lossy().into_owned(),
            model: "elsewhere".into(),
            source: String::new(),
            path,
        }
    }
}

/// All kitchen programs, in the order of the workspace: the crates as its
/// manifest lists them, and their programs in reading order. A program is a
/// kitchen if its source opens one.
///
/// # Errors
///
/// `cargo metadata` fails, or a source cannot be read.
pub fn kitchens() -> Result<Vec<Program>> {
    let metadata = cargo(["metadata", "--no-deps", "--format-version=1"])?
        .stderr_null()
        .read()?;
    let metadata: Metadata = serde_json::from_str(&metadata)?;
    let folder = folder()?;
    let mut kitchens = Vec::new();
    for member in &metadata.workspace_members {
        let mut packages = metadata.packages.iter();
        let Some(package) = packages.find(|package| package.id == *member)
        else {
            continue;
        };
        // Cargo sorts by name; the manifest is in reading order.
        let manifest = fs::read_to_string(&package.manifest_path)?;
        let place = |target: &&Target| manifest.find(&quoted(&target.name));
        let mut targets: Vec<_> = package.targets.iter().collect();
        targets.sort_by_key(place);
        for target in targets {
            let source = fs::read_to_string(&target.src_path)?;
            if target.kind == ["bin"] && source.contains("Kitchen::open()") {
                kitchens.push(Program {
                    name: target.name.clone(),
                    model: package.name.clone(),
                    source,
                    path: folder.join(&target.name),
                });
            }
        }
    }
    Ok(kitchens)
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    name: String,
    src_path: PathBuf,
}

/// Builds all programs, in the profile in which this one was built.
///
/// # Errors
///
/// Something does not compile; cargo has said what, on standard error.
pub fn build_all() -> Result {
    build(&["--workspace", "--bins"])
}

/// The file of another program of this crate. `cargo run` builds only the one
/// that it runs, so the other one is built here if cargo is at hand.
///
/// # Errors
///
/// It does not compile, or it is not there.
pub fn sibling(name: &str) -> Result<PathBuf> {
    if env::var_os("CARGO").is_some() {
        build(&["--package", env!("CARGO_PKG_NAME"), "--bin", name])?;
    }
    let path = folder()?.join(name);
    match path.is_file() {
        true => Ok(path),
        false => Err(Failure::new(format!("{} is missing", path.display()))),
    }
}

fn build(what: &[&str]) -> Result {
    let folder = folder()?;
    let target = folder.parent().unwrap_or(Path::new(".")).as_os_str();
    let profile = match folder.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => "dev",
        Some(other) => other,
    };
    let arguments = ["build", "--quiet", "--profile", profile, "--target-dir"];
    let arguments = arguments.map(OsStr::new).into_iter().chain([target]);
    cargo(arguments.chain(what.iter().map(OsStr::new)))?.run()?;
    Ok(())
}

/// Cargo in this workspace, wherever the program was called from.
fn cargo<A: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = A>,
) -> Result<duct::Expression> {
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    let arguments = arguments.into_iter().map(|a| a.as_ref().to_os_string());
    Ok(cmd(cargo, arguments).dir(env!("CARGO_MANIFEST_DIR")))
}

/// Where cargo puts the programs: beside this one.
fn folder() -> Result<PathBuf> {
    let mut path = env::current_exe()?;
    path.pop();
    Ok(path)
}
