//! The programs of this workspace: where they are, how they are built, and
//! which of them are kitchens.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use shared::Result;
use subprocess::cargo;

use crate::{python, source};

/// A program that can be run.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its name, as after `--bin`.
    pub name: String,
    /// The crate, which is the model of concurrency it shows.
    pub model: String,
    /// Its source text; empty for a program from elsewhere.
    pub source: String,
    /// The file with its source text; empty for a program from elsewhere.
    pub source_path: PathBuf,
    /// The file to run.
    pub path: PathBuf,
    /// What it is always started with: for a program in Python its file.
    pub arguments: Vec<OsString>,
    /// What its crate depends on, as lines for a manifest.
    pub dependencies: Vec<Dependency>,
    /// Whether `cargo test` links it once more, for unit tests inside it.
    pub harness: bool,
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
            source_path: PathBuf::new(),
            path,
            arguments: Vec::new(),
            dependencies: Vec::new(),
            harness: false,
        }
    }

    /// Whether it is one of those in `docs/python`.
    pub fn is_python(&self) -> bool {
        self.model == python::MODEL
    }

    /// Its lines of code: without blank lines, comments and the header.
    /// `None`: its source is not known.
    pub fn code_lines(&self) -> Option<usize> {
        match self.is_python() {
            _ if self.source.is_empty() => None,
            true => Some(python::code_lines(&self.source).len()),
            false => Some(source::code_lines(&self.source).len()),
        }
    }

    /// Whether it cooks the ten dishes.
    pub fn is_kitchen(&self) -> bool {
        self.source.contains("Kitchen::open()")
    }

    /// Whether it measures a cost: its figures depend on optimisation, so its
    /// header runs it with `--release`.
    pub fn is_cost_program(&self) -> bool {
        let mut words = self.run_command().unwrap_or_default().split(' ');
        words
            .by_ref()
            .take_while(|word| *word != "--")
            .any(|w| w == "--release")
    }

    /// Whether one of its verdicts rests on time, which may deceive once.
    pub fn judges_by_time(&self) -> bool {
        self.source.contains("claim_timed")
    }

    /// The lines of its header, without `//!`.
    pub fn header(&self) -> impl Iterator<Item = &str> {
        self.source.lines().map_while(|line| line.strip_prefix("//!"))
    }

    /// The first line of its header: what it shows.
    pub fn title(&self) -> &str {
        self.header().next().unwrap_or_default().trim()
    }

    /// The command in its header that runs it; of several, the first one.
    pub fn run_command(&self) -> Option<&str> {
        self.header().find_map(|line| {
            let command = line.strip_prefix("     ")?;
            command.starts_with("cargo run ").then_some(command)
        })
    }

    /// The first output that its header shows, without its margin; empty, if
    /// it shows none.
    pub fn output(&self) -> String {
        let after = self.header().skip_while(|l| !l.starts_with(" Output"));
        let shown = after.skip(1).take_while(|line| {
            line.trim().is_empty() || line.starts_with("     ")
        });
        let lines = shown.map(|line| line.get(5..).unwrap_or_default());
        let text = lines.collect::<Vec<_>>().join("\n");
        text.trim_end().trim_start_matches('\n').to_string()
    }

    /// The claims that its header promises to report.
    pub fn claims(&self) -> Vec<&str> {
        let line = self.header().find_map(|l| l.strip_prefix(" Claims: "));
        line.into_iter().flat_map(|line| line.split(", ")).collect()
    }
}

/// All kitchen programs: those whose source opens a kitchen.
///
/// # Errors
///
/// As for [`all`].
pub fn kitchens() -> Result<Vec<Program>> {
    let mut programs = all()?;
    programs.retain(Program::is_kitchen);
    Ok(programs)
}

/// All programs, in the order of the workspace: the crates as its manifest
/// lists them, and their programs in reading order.
///
/// # Errors
///
/// `cargo metadata` fails, or a source cannot be read.
pub fn all() -> Result<Vec<Program>> {
    let question = ["metadata", "--no-deps", "--format-version=1"];
    let metadata = cargo::command(question).stderr_null().read()?;
    let metadata: Metadata = serde_json::from_str(&metadata)?;
    let folder = cargo::folder(&cargo::own_profile()?)?;
    let mut programs = Vec::new();
    for member in &metadata.workspace_members {
        let mut packages = metadata.packages.iter();
        let Some(package) = packages.find(|package| package.id == *member)
        else {
            continue;
        };
        // Cargo sorts by name; the manifest is in reading order.
        let manifest = fs::read_to_string(&package.manifest_path)?;
        let place =
            |target: &&Target| manifest.find(&format!("/{}.rs\"", target.name));
        let mut targets: Vec<_> = package.targets.iter().collect();
        targets.retain(|target| target.kind == ["bin"]);
        targets.sort_by_key(place);
        for target in targets {
            programs.push(Program {
                name: target.name.clone(),
                model: package.name.clone(),
                source: fs::read_to_string(&target.src_path)?,
                source_path: target.src_path.clone(),
                path: folder.join(&target.name),
                arguments: Vec::new(),
                dependencies: package.dependencies.clone(),
                harness: target.test,
            });
        }
    }
    Ok(programs)
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
    test: bool,
}

/// Builds all programs, in the profile in which this one was built.
///
/// # Errors
///
/// Something does not compile; cargo has said what, on standard error.
pub fn build_all() -> Result {
    cargo::build(&cargo::own_profile()?, ["--workspace", "--bins"])
}

/// Builds the crates of these programs, in the profile in which this one was
/// built. (Their crates, for a program may start another one beside it.)
///
/// # Errors
///
/// As for [`build_all`].
pub fn build_crates_of(programs: &[Program]) -> Result {
    let models: BTreeSet<&str> =
        programs.iter().map(|program| program.model.as_str()).collect();
    let packages = models.iter().flat_map(|model| ["--package", model]);
    cargo::build(&cargo::own_profile()?, packages.chain(["--bins"]))
}

/// Builds these programs with the release profile, and only these. From now on
/// that build of them is the one to run.
///
/// # Errors
///
/// Something does not compile; cargo has said what, on standard error.
pub fn build_in_release(programs: &mut [&mut Program]) -> Result {
    let options =
        programs.iter().flat_map(|p| ["--package", &p.model, "--bin", &p.name]);
    cargo::build("release", options)?;
    let folder = cargo::folder("release")?;
    for program in programs {
        program.path = folder.join(&program.name);
    }
    Ok(())
}

/// The root of the workspace.
pub fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().expect("this crate is a folder of the workspace")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(source: &str) -> Program {
        let source = source.to_string();
        Program { source, ..Program::from_elsewhere("test".into()) }
    }

    #[test]
    fn the_first_run_command_of_the_header_says_what_is_a_cost_program() {
        let is_cost = |command: &str| {
            let source = format!(
                "//! A title.\n//!\n//!     {command}\n\
                 //!     cargo run --release -p a --bin other\n"
            );
            program(&source).is_cost_program()
        };
        assert!(is_cost("cargo run --release -p a --bin b"));
        assert!(is_cost("cargo run --release -p a --bin b -- --quick"));
        assert!(!is_cost("cargo run -p a --bin b"));
        assert!(!is_cost("cargo run -p a --bin b -- --release"));
        assert!(!program("fn main() {}\n").is_cost_program());
    }

    #[test]
    fn claims_stand_in_the_header_only() {
        let source = "//! A title.\n//!\n//! Claims: T1, T2\n\n";
        assert_eq!(program(source).claims(), ["T1", "T2"]);
        assert!(program("fn main() {}\n//! Claims: T1\n").claims().is_empty());
    }

    #[test]
    fn an_output_ends_where_the_next_text_begins() {
        let source = "//! A.\n//!\n//! Output:\n//!\n//!      7 dishes\n//!\n\
                      //!     done\n//! More.\n//!     none\n";
        assert_eq!(program(source).output(), " 7 dishes\n\ndone");
        assert_eq!(program("//! A.\n").output(), "");
    }
}
