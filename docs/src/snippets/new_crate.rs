//! A snippet in a crate of its own.

use std::{fs, path::Path};

use shared::{Failure, Result};

use super::{Snippet, together::merged};

/// Makes a crate in `folder` that builds and runs: the snippet, and what it
/// depends on. Returns its name.
///
/// # Errors
///
/// There is something at `folder` already, or it cannot be written.
pub fn create(snippet: &Snippet, folder: &Path) -> Result<String> {
    let place = folder.display();
    if folder.exists() {
        return Err(Failure::new(format!("{place} is there already")));
    }
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let name = package_name(&name);
    // It may be made inside another workspace, of which it is no part.
    let snippet = &with_main_of_tokio(snippet)?;
    let written = write(snippet, &name, folder, "\n[workspace]\n");
    written.map_err(|why| Failure::new(format!("{place}: {why}")))?;
    if !snippet.has_main() {
        let library = name.replace('-', "_");
        let main = format!(
            "fn main() {{\n    println!(\"{} is in src/lib.rs: use {library}::...\");\n}}\n",
            snippet.name
        );
        fs::write(folder.join("src/main.rs"), main)?;
    }
    Ok(name)
}

/// A reader who has parts for tokio writes `#[tokio::main]` next.
fn with_main_of_tokio(snippet: &Snippet) -> Result<Snippet> {
    const MAIN: &str =
        r#"tokio = { features = ["macros", "rt-multi-thread"] }"#;
    let lines = &snippet.dependencies;
    let uses_tokio = lines.iter().any(|line| line.starts_with("tokio = "));
    let lines = lines.iter().map(String::as_str);
    let lines = lines.chain(uses_tokio.then_some(MAIN));
    Ok(Snippet { dependencies: merged(lines)?, ..snippet.clone() })
}

/// The crate's manifest, which ends with `rest`; and the snippet: a program if
/// it has a `main`, else a library.
pub(super) fn write(
    snippet: &Snippet,
    name: &str,
    folder: &Path,
    rest: &str,
) -> Result {
    let file = if snippet.has_main() { "main.rs" } else { "lib.rs" };
    fs::create_dir_all(folder.join("src"))?;
    let dependencies = snippet.dependencies.join("\n");
    let manifest = format!(
        "[package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [dependencies]\n{dependencies}\n{rest}"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src").join(file), &snippet.code)?;
    Ok(())
}

/// What cargo accepts: letters, digits, `_` and `-`, and a letter first.
fn package_name(folder: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name = folder.replace(|c| !allowed(c), "-");
    match name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        true => name,
        false => format!("my-{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_folder_makes_a_name_for_a_package() {
        assert_eq!(package_name("my_app-2"), "my_app-2");
        assert_eq!(package_name("2 apps"), "my-2-apps");
        assert_eq!(package_name("가"), "my--");
        assert_eq!(package_name(""), "my-");
    }
}
