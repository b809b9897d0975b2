//! What must not compile does not, and for the reason that we say: checked
//! against the library itself.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use crate::support::{errors, nothing_compiles};

const TEMPORARY: &str = env!("CARGO_TARGET_TMPDIR");

#[test]
fn what_must_not_compile_does_not() {
    nothing_compiles(env!("CARGO_MANIFEST_DIR"), TEMPORARY, &library());
}

/// So that the errors above are those of the lines that we mean.
#[test]
fn what_differs_only_there_compiles() {
    let file = Path::new(TEMPORARY).join("compiles.rs");
    let source = "use futures_pool::{Executor, ThreadPool};\n\
                  fn square(n: u64) -> u64 { n * n }\n\
                  pub fn f(p: &ThreadPool) { drop(p.submit(square, 3)) }\n";
    fs::write(&file, source).unwrap();
    assert_eq!(errors(&file, TEMPORARY, &library()), BTreeSet::new());
}

/// Tells the compiler where the library is, and what that depends on.
fn library() -> [String; 2] {
    let built = env::current_exe().unwrap();
    let built = built.parent().unwrap();
    let library = newest_library(built);
    [
        format!("-Ldependency={}", built.display()),
        format!("--extern=futures_pool={}", library.display()),
    ]
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
