//! The tests of this crate, in one program: linked once.

#[path = "../../../shared/tests/support/mod.rs"]
mod support;

mod claims;
mod compare;
mod headers;
mod house;
mod snippets;
mod twins;
mod wrong_twins;

use std::{path::Path, process::Command};

/// A program that is there for these tests only. It is built here, for cargo
/// builds no examples when it is told which tests to run.
fn example(name: &str) -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_compare")).parent().unwrap();
    let profile = match folder.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        other => other,
    };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--profile", profile, "--target-dir"])
        .arg(folder.parent().unwrap())
        .args(["--package", "docs", "--example", name])
        .status()
        .unwrap();
    assert!(built.success(), "{name}");
    folder.join("examples").join(name).to_str().unwrap().to_string()
}
