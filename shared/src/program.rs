//! What a running program is called, and what its header tells.

use std::{env, fs, panic::Location, path::Path};

use crate::Language;

/// The file name of the running executable: a program that was copied out or
/// renamed knows its name.
pub(crate) fn name() -> String {
    let path = env::current_exe().ok().or_else(|| {
        let first = env::args_os().next()?; // by what name it was called
        Some(first.into())
    });
    let name = path.as_deref().and_then(Path::file_name).unwrap_or_default();
    let name = name.to_string_lossy();
    // What Linux says of a file that was replaced meanwhile, as by a build.
    let name = name.strip_suffix(" (deleted)").unwrap_or(&name);
    let name = name.strip_suffix(env::consts::EXE_SUFFIX).unwrap_or(name);
    name.to_string()
}

/// The model that a program's `main` belongs to: `threading/src/bin/cooks.rs`
/// is of `threading`, and `src/main.rs` of none.
pub(crate) fn model(main: &Location) -> Option<String> {
    folder_above_src(Path::new(main.file()))
}

/// What the header of a program's source tells, up to the output that it shows:
/// for `--help`. Nothing for a program that was copied out of this workspace.
pub(crate) fn header(main: &Location) -> String {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let source = workspace.map(|folder| folder.join(main.file()));
    let source = source.and_then(|file| fs::read_to_string(file).ok());
    header_of(&source.unwrap_or_default())
}

/// What stands above the options of a kitchen program for `--help`: in English
/// its header. In Korean its title, and the commands of the header.
pub(crate) fn about(name: &str, main: &Location, language: Language) -> String {
    let header = header(main);
    match language {
        Language::En => header,
        Language::Ko => {
            let title = title_of(name).map(|title| title + "\n\n");
            let commands =
                header.lines().filter(|l| l.starts_with("    cargo"));
            let commands: String =
                commands.map(|line| format!("{line}\n")).collect();
            let space = if commands.is_empty() { "" } else { "\n" };
            title.unwrap_or_default() + &commands + space
        }
    }
}

/// What every program shows, in Korean. (Data of `docs`, as the ledger.)
const TITLES: &str = include_str!("../../docs/ko/titles.toml");

fn title_of(program: &str) -> Option<String> {
    let text = TITLES.lines().find_map(|line| {
        line.strip_prefix(program)?.strip_prefix(" = \"")?.strip_suffix('"')
    })?;
    Some(text.replace("\\\"", "\""))
}

fn header_of(source: &str) -> String {
    let header = source.lines().map_while(|line| line.strip_prefix("//!"));
    let told = header.take_while(|line| !line.starts_with(" Output"));
    told.map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned() + "\n")
        .collect()
}

fn folder_above_src(source: &Path) -> Option<String> {
    let folders = source.ancestors().find(|path| path.ends_with("src"));
    let model = folders?.parent()?.file_name()?;
    Some(model.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_ends_where_the_output_begins() {
        let source = "//! A title.\n//!\n//!     cargo run\n//!\n\
                      //! Output:\n//!     7\n\nfn main() {}\n";
        assert_eq!(header_of(source), "A title.\n\n    cargo run\n\n");
        assert_eq!(header_of("fn main() {}\n//! A title.\n"), "");
    }

    #[test]
    fn the_model_is_the_folder_above_src() {
        let model = |path: &str| folder_above_src(Path::new(path));
        let cooks = model("threading/src/bin/usage/cooks.rs");
        assert_eq!(cooks.as_deref(), Some("threading"));
        let copied = model("/home/me/src/soup/src/main.rs");
        assert_eq!(copied.as_deref(), Some("soup"));
        for none in ["src/main.rs", "src/bin/chef.rs", "/src/chef.rs", "a.rs"] {
            assert_eq!(model(none), None, "{none}");
        }
    }
}
