//! Cargo as a child: building other programs of this workspace, and where
//! they are then.

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, IsTerminal},
    path::PathBuf,
};

use duct::{Expression, cmd};
use shared::{Failure, Result};

/// The file of another program of this crate, which is built first.
///
/// `cargo run` builds only the program that it runs. So the other one is built
/// here if cargo has started us; otherwise it has to be there already.
///
/// # Errors
///
/// The program does not compile, or it is not there.
pub fn sibling(name: &str) -> Result<PathBuf> {
    if env::var_os("CARGO").is_some() {
        let package = env!("CARGO_PKG_NAME");
        build(&own_profile()?, ["--package", package, "--bin", name])?;
    }
    let path = own_folder()?.join(name);
    match path.is_file() {
        true => Ok(path),
        false => Err(Failure::new(format!("{} is missing", path.display()))),
    }
}

/// Runs `cargo build` with this profile and these options, into the target
/// directory that the running program comes from.
///
/// # Errors
///
/// Something does not compile; cargo has said what, on standard error.
pub fn build<A: Into<OsString>>(
    profile: &str,
    options: impl IntoIterator<Item = A>,
) -> Result {
    let mut arguments: Vec<OsString> =
        ["build", "--profile", profile, "--target-dir"].map(Into::into).into();
    arguments.push(target_directory()?.into());
    // Somebody at a terminal wants to see that the build makes progress.
    if !io::stderr().is_terminal() {
        arguments.push("--quiet".into());
    }
    arguments.extend(options.into_iter().map(Into::into));
    command(arguments).run()?;
    Ok(())
}

/// Cargo in this workspace, wherever the running program was called from.
pub fn command<A: Into<OsString>>(
    arguments: impl IntoIterator<Item = A>,
) -> Expression {
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    cmd(cargo, arguments).stdin_null().dir(env!("CARGO_MANIFEST_DIR"))
}

/// The profile in which the running program was built: `dev`, `release`, or
/// the name of another one.
///
/// # Errors
///
/// The system does not say where the running program is.
pub fn own_profile() -> Result<String> {
    let folder = own_folder()?;
    Ok(match folder.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => "dev".into(),
        Some(profile) => profile.into(),
    })
}

/// The directory in which cargo puts the programs that it builds with this
/// profile.
///
/// # Errors
///
/// The system does not say where the running program is.
pub fn folder(profile: &str) -> Result<PathBuf> {
    let name = if profile == "dev" { "debug" } else { profile };
    Ok(target_directory()?.join(name))
}

fn target_directory() -> Result<PathBuf> {
    let mut path = own_folder()?;
    path.pop();
    Ok(path)
}

fn own_folder() -> Result<PathBuf> {
    let mut path = env::current_exe()?;
    path.pop();
    Ok(path)
}
