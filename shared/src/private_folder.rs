//! A folder for one run, which only this user can enter. A child of the program
//! makes it, and removes it at the end, also if the program is killed.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::Stdio,
    thread,
    time::Duration,
};

use nix::unistd::mkdtemp;

use crate::{Failure, Result, role};

/// In the parent: makes the folder, does `work` in it, and has it removed.
///
/// ```standalone_crate
/// use shared::{private_folder, role};
///
/// # fn main() -> shared::Result {
/// if let Some([]) = role::started_as("keeper") {
///     return Ok(private_folder::keep()?); // the child
/// }
/// private_folder::with(|folder| Ok(std::fs::write(folder.join("file"), "x")?))
/// # }
/// ```
///
/// # Errors
///
/// The folder cannot be made, or what `work` returns.
pub fn with<T>(work: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    let mut keeper = role::command("keeper")?
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0) // Ctrl+C does not reach it
        .spawn()?;
    let mut line = String::new();
    let stdout = keeper.stdout.take().expect("it was piped");
    let said = BufReader::new(stdout).read_line(&mut line);
    let folder = said.and_then(|_| fs::canonicalize(line.trim_end()));
    let done = match &folder {
        Ok(folder) => work(folder),
        Err(_) => Err(Failure::new("no folder could be made")),
    };
    keeper.wait()?; // closes its input first
    if let Ok(folder) = folder {
        let _ = fs::remove_dir_all(folder); // if the child was killed
    }
    done
}

/// In the child, in the role `keeper`: makes the folder, says where it is, and
/// removes it when the standard input has ended.
///
/// # Errors
///
/// The folder cannot be made, or the input cannot be read.
pub fn keep() -> io::Result<()> {
    let program = crate::program::name();
    let folder = mkdtemp(&env::temp_dir().join(format!("{program}-XXXXXX")))?;
    let said = writeln!(io::stdout(), "{}", folder.display());
    let waited =
        said.and_then(|()| io::copy(&mut io::stdin(), &mut io::sink()));
    // Again, if a process of a killed parent has still made a file.
    for _ in 0..100 {
        if fs::remove_dir_all(&folder).is_ok() {
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    waited.map(drop)
}
