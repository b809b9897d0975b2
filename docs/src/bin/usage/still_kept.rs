//! Which packages are discontinued (unmaintained), by their own words?
//!
//!     cargo run -p docs --bin still_kept
//!
//! A package that nobody keeps gets no cure when a fault is found in it.
//! Nothing tells you when you build: the compiler takes it as before. Here
//! cargo says where the source of each package is, and the README of that
//! package says whether it is kept. A tool for the same question is `cargo
//! audit`, which asks a list of known faults (async-std stands there as
//! RUSTSEC-2025-0052).
//!
//! In Python the five packages of the article are part of the standard library.
//! The twin of each program with async-std has smol instead: see the programs
//! `chef_async_std` and `chef_smol`.
//!
//! Claims: X8
//! Change this and watch: add "in maintenance mode" to `SIGNS`, and the name of
//! another package that you use to `PACKAGES`.
//!
//! Output (figures vary):
//!     package    version  its README says
//!     tokio      1.53.3   nothing of its end
//!     rayon      1.12.0   nothing of its end
//!     crossbeam  0.8.5    nothing of its end
//!     async-std  1.13.2   `async-std` has been discontinued; use `smol` instead
//!     smol       2.0.2    nothing of its end
//!     duct       1.1.2    nothing of its end
//!     Not in the article, X8: "Which packages are still kept."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to X8 is borne out: 1 of 6 packages is given up: async-std

use std::{fs, path::Path};

use serde::Deserialize;
use shared::{Failure, Result, Table, claim, flags};
use subprocess::cargo;

/// One for each model of concurrency.
const PACKAGES: [&str; 6] =
    ["tokio", "rayon", "crossbeam", "async-std", "smol", "duct"];

/// What a README says of a package that is given up.
const SIGNS: [&str; 4] =
    ["discontinued", "unmaintained", "no longer maintained", "is deprecated"];

fn main() -> Result {
    flags([]);
    let packages = packages()?;
    let mut table = Table::new(["package", "version", "its README says"]);
    let mut given_up = Vec::new();
    for name in PACKAGES {
        let package = find(name, &packages)?;
        let said = said_of_its_end(package)?;
        let cell = said.as_deref().unwrap_or("nothing of its end");
        table.row([&name, &package.version, &cell]);
        given_up.extend(said.is_some().then_some(name));
    }
    table.print();
    let [total, count] = [PACKAGES.len(), given_up.len()];
    let names = given_up.join(", ");
    let figure = format!("{count} of {total} packages is given up: {names}");
    claim("X8", given_up == ["async-std"], figure)
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    manifest_path: String,
}

/// All that the workspace depends on.
fn packages() -> Result<Vec<Package>> {
    let question = ["metadata", "--locked", "--format-version=1"];
    let metadata = cargo::command(question).stderr_null().read()?;
    let Metadata { packages } = serde_json::from_str(&metadata)?;
    Ok(packages)
}

fn find<'a>(name: &str, packages: &'a [Package]) -> Result<&'a Package> {
    let found = packages.iter().find(|package| package.name == name);
    found.ok_or_else(|| Failure::new(format!("{name} is not there")))
}

/// The first line of its README with one of the signs.
fn said_of_its_end(package: &Package) -> Result<Option<String>> {
    let folder = Path::new(&package.manifest_path).parent();
    let folder = folder.expect("a manifest stands in a folder");
    let text = fs::read_to_string(folder.join("README.md"))?;
    let is_sign = |line: &&str| {
        let line = line.to_lowercase();
        SIGNS.iter().any(|sign| line.contains(sign))
    };
    let found = text.lines().find(is_sign);
    Ok(found.map(|line| line.trim_start_matches(['#', ' ']).to_string()))
}
