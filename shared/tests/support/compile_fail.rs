//! What must not compile does not, and for the reason that we say: checked by
//! the error's code, for its wording belongs to one version of the compiler.

use std::{collections::BTreeSet, env, fs, path::Path, process::Command};

/// Compiles each file in `compile_fail` of the crate in `folder`, alone. What
/// the compiler writes, if it does, goes to `temporary`.
pub fn nothing_compiles(folder: &str, temporary: &str) {
    let folder = Path::new(folder).join("compile_fail");
    let mut checked = 0;
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let source = fs::read_to_string(&file).unwrap();
        let code = source.strip_prefix("//! ").and_then(|s| s.split_once(':'));
        let (code, _) = code.expect("the first line is `//! CODE: reason`");
        assert_eq!(
            errors(&file, temporary),
            BTreeSet::from([code.to_string()]),
            "{file:?}"
        );
        checked += 1;
    }
    assert!(checked > 0);
}

/// The codes of the errors that the compiler reports.
fn errors(file: &Path, temporary: &str) -> BTreeSet<String> {
    let rustc = env::var("RUSTC").unwrap_or("rustc".into());
    let output = Command::new(rustc)
        .args(["--edition=2024", "--crate-type=lib", "--emit=metadata"])
        .args(["--error-format=json", "--out-dir"])
        .arg(temporary)
        .arg(file)
        .output()
        .unwrap();
    assert!(!output.status.success(), "{file:?} compiles");
    let messages = String::from_utf8(output.stderr).unwrap();
    let message = |line: &str| -> Option<String> {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_error = message["level"] == "error";
        let code = message["code"]["code"].as_str()?;
        is_error.then(|| code.to_string())
    };
    messages.lines().filter_map(message).collect()
}
