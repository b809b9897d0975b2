//! What must not compile does not, and for the reason that we say: checked
//! against the library itself, by the error's code, for its wording belongs to
//! one version of the compiler.

use std::{
    collections::BTreeSet,
    env,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

#[test]
fn what_must_not_compile_does_not() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("compile_fail");
    let mut checked = 0;
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let source = fs::read_to_string(&file).unwrap();
        let code = source.strip_prefix("//! ").and_then(|s| s.split_once(':'));
        let (code, _) = code.expect("the first line is `//! CODE: reason`");
        let only = BTreeSet::from([code.to_string()]);
        assert_eq!(errors(&file), only, "{file:?}");
        checked += 1;
    }
    assert!(checked > 0);
}

/// So that the errors above are those of the lines that we mean.
#[test]
fn what_differs_only_there_compiles() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiles.rs");
    let source = "use futures_pool::{Executor, ThreadPool};\n\
                  fn square(n: u64) -> u64 { n * n }\n\
                  pub fn f(p: &ThreadPool) { drop(p.submit(square, 3)) }\n";
    File::create(&file).unwrap().write_all(source.as_bytes()).unwrap();
    assert_eq!(errors(&file), BTreeSet::new());
}

/// The codes of the errors that the compiler reports for this file.
fn errors(file: &Path) -> BTreeSet<String> {
    let rustc = env::var("RUSTC").unwrap_or("rustc".into());
    let built = env::current_exe().unwrap();
    let built = built.parent().unwrap();
    let library = newest_library(built);
    let output = Command::new(rustc)
        .args(["--edition=2024", "--crate-type=lib", "--emit=metadata"])
        .args(["--error-format=json", "--out-dir"])
        .arg(env!("CARGO_TARGET_TMPDIR"))
        .arg(format!("-Ldependency={}", built.display()))
        .arg(format!("--extern=futures_pool={}", library.display()))
        .arg(file)
        .output()
        .unwrap();
    let messages = String::from_utf8(output.stderr).unwrap();
    let code = |line: &str| -> Option<String> {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let code = message["code"]["code"].as_str().unwrap_or("no code");
        (message["level"] == "error").then(|| code.to_string())
    };
    let mut codes: BTreeSet<String> =
        messages.lines().filter_map(code).collect();
    codes.remove("no code"); // "aborting due to ..."
    assert_eq!(codes.is_empty(), output.status.success(), "{messages}");
    codes
}

/// There may be several, of other features, or of a source before this one. The
/// newest was built with this program, or after it.
fn newest_library(built: &Path) -> PathBuf {
    let files = fs::read_dir(built).unwrap().map(|file| file.unwrap().path());
    let is_library = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libfutures_pool-") && name.ends_with(".rlib")
    };
    let built =
        |path: &PathBuf| fs::metadata(path).unwrap().modified().unwrap();
    files.filter(is_library).max_by_key(built).expect("this is linked with it")
}
