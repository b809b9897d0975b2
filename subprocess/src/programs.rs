//! The programs of this workspace: where they are, how they are built, and
//! which of them are kitchens.

use std::{
    env,
    ffi::OsStr,
    fs,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use duct::cmd;
use serde::Deserialize;
use shared::{Failure, Result};

/// A program that can be run.
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
    /// What its crate depends on, as lines for a manifest.
    pub dependencies: Vec<Dependency>,
}

/// Another crate, and what of it is used.
#[derive(Clone, Debug, Deserialize)]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// Which versions.
    pub req: String,
    /// Beyond the default ones, unless there are no default ones.
    pub features: Vec<String>,
    /// Whether the default features are in.
    pub uses_default_features: bool,
    /// `None`: a dependency of the crate itself, not of its tests.
    pub kind: Option<String>,
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
            dependencies: Vec::new(),
        }
    }
}

/// All kitchen programs: those whose source opens a kitchen.
///
/// # Errors
///
/// As for [`all`].
pub fn kitchens() -> Result<Vec<Program>> {
    let mut programs = all()?;
    programs.retain(|program| program.source.contains("Kitchen::open()"));
    Ok(programs)
}

/// All programs, in the order of the workspace: the crates as its manifest
/// lists them, and their programs in reading order.
///
/// # Errors
///
/// `cargo metadata` fails, or a source cannot be read.
pub fn all() -> Result<Vec<Program>> {
    let metadata = cargo(["metadata", "--no-deps", "--format-version=1"])?
        .stderr_null()
        .read()?;
    let metadata: Metadata = serde_json::from_str(&metadata)?;
    let folder = folder()?;
    let mut programs = Vec::new();
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
        targets.retain(|target| target.kind == ["bin"]);
        targets.sort_by_key(place);
        for target in targets {
            programs.push(Program {
                name: target.name.clone(),
                model: package.name.clone(),
                source: fs::read_to_string(&target.src_path)?,
                path: folder.join(&target.name),
                dependencies: package.dependencies.clone(),
            });
        }
    }
    Ok(programs)
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
    dependencies: Vec<Dependency>,
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
    let arguments = ["build", "--profile", profile, "--target-dir"];
    let arguments = arguments.map(OsStr::new).into_iter().chain([target]);
    // Somebody at a terminal wants to see that it goes on.
    let quiet = (!io::stderr().is_terminal()).then_some(OsStr::new("--quiet"));
    let arguments = arguments.chain(quiet);
    cargo(arguments.chain(what.iter().map(OsStr::new)))?.run()?;
    Ok(())
}

/// Cargo in this workspace, wherever the program was called from.
fn cargo<A: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = A>,
) -> Result<duct::Expression> {
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    let arguments = arguments.into_iter().map(|a| a.as_ref().to_os_string());
    let cargo = cmd(cargo, arguments).stdin_null();
    Ok(cargo.dir(env!("CARGO_MANIFEST_DIR")))
}

/// Where cargo puts the programs: beside this one.
fn folder() -> Result<PathBuf> {
    let mut path = env::current_exe()?;
    path.pop();
    Ok(path)
}
