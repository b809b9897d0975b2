//! What must not compile does not, and for the reason that we say: checked by
//! the error's code, for its wording belongs to one version of the compiler.

use std::{collections::BTreeSet, env, fs, path::Path, process::Command};

/// Compiles each file in `compile_fail` of the crate in `folder`, alone: see
/// [`errors`] for the rest.
pub fn nothing_compiles(folder: &str, temporary: &str, arguments: &[String]) {
    let folder = Path::new(folder).join("compile_fail");
    let mut checked = 0;
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let source = fs::read_to_string(&file).unwrap();
        let code = source.strip_prefix("//! ").and_then(|s| s.split_once(':'));
        let (code, _) = code.expect("the first line is `//! CODE: reason`");
        let only = BTreeSet::from([code.to_string()]);
        assert_eq!(errors(&file, temporary, arguments), only, "{file:?}");
        checked += 1;
    }
    assert!(checked > 0);
}

/// The codes of the errors that the compiler reports for this file; none if it
/// compiles. What the compiler writes then goes to `temporary`. The `arguments`
/// tell it which libraries the file may use.
pub fn errors(
    file: &Path,
    temporary: &str,
    arguments: &[String],
) -> BTreeSet<String> {
    let rustc = env::var("RUSTC").unwrap_or("rustc".into());
    let output = Command::new(rustc)
        .args(["--edition=2024", "--crate-type=lib", "--emit=metadata"])
        .args(["--error-format=json", "--out-dir", temporary])
        .args(arguments)
        .arg(file)
        .output()
        .unwrap();
    let messages = String::from_utf8(output.stderr).unwrap();
    // "Aborting due to ..." is an error, too, and has no code.
    let code = |line: &str| -> Option<String> {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_error = message["level"] == "error";
        let code = message["code"]["code"].as_str()?;
        is_error.then(|| code.to_string())
    };
    let codes: BTreeSet<String> = messages.lines().filter_map(code).collect();
    assert_eq!(codes.is_empty(), output.status.success(), "{messages}");
    codes
}
