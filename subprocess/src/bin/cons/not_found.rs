//! ENOENT (No such file or directory): which file is it that was not found?
//!
//!     cargo run -p subprocess --bin not_found
//!
//! To start a child the system needs its program, the folder in which the child
//! shall begin, and for a script the interpreter that its first line names. If
//! one of them is missing, the error is the same for all: error 2, and no name.
//! The part to copy looks for what is missing after such an error, and names
//! it.
//!
//! A name without `/` is looked for in the folders of PATH: in those of the
//! child, if the command sets its PATH. In Python: `FileNotFoundError`, with
//! the name of the program or of the folder.
//!
//! Change this and watch: make the script executable for nobody (mode 0o600).
//! The error is another one, "Permission denied".
//!
//! Output (times vary, counts do not):
//!     there is no program "/no/such/program"
//!     there is no "no-such-name" in PATH
//!     there is no folder "FOLDER/missing"
//!     there is no "/no/interpreter", which "FOLDER/script" needs to run
//!     what is missing was named in 4 of 4 errors

use std::os::unix::fs::PermissionsExt;

use shared::{Result, ensure, flags, private_folder, role, say};

fn main() -> Result {
    if let Some([]) = role::started_as("keeper") {
        return Ok(private_folder::keep()?);
    }
    flags([]);
    let named = private_folder::with(explain_all)?;
    say!("what is missing was named in {named} of 4 errors");
    ensure(named == 4, "an error was not explained")
}

/// How many of four errors name what is missing.
fn explain_all(folder: &Path) -> Result<usize> {
    let script = folder.join("script");
    fs::write(&script, "#!/no/interpreter -x\n")?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700))?;
    let mut in_path = Command::new("no-such-name");
    in_path.env("PATH", folder);
    let mut in_folder = Command::new(env::current_exe()?);
    in_folder.current_dir(folder.join("missing"));
    let cases = [
        ("/no/such/program", Command::new("/no/such/program")),
        ("no-such-name", in_path),
        ("/missing", in_folder),
        ("/no/interpreter", Command::new(&script)),
    ];
    let mut named = 0;
    for (missing, mut command) in cases {
        let error = spawn_explained(&mut command).map(drop).unwrap_err();
        let told = error.to_string();
        // Without the name of the temporary folder.
        say!("{}", told.replace(&folder.display().to_string(), "FOLDER"));
        let is_same_kind = error.kind() == io::ErrorKind::NotFound;
        named += usize::from(is_same_kind && told.contains(missing));
    }
    Ok(named)
}

// ANCHOR: not_found
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::{env, ffi::OsString, fs};

/// Starts a child. If something was not found, the error says what it was.
///
/// # Errors
///
/// As those of `spawn`, with the same kind.
pub fn spawn_explained(command: &mut Command) -> io::Result<Child> {
    command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            io::Error::new(ErrorKind::NotFound, what_is_missing(command))
        }
        kind => {
            let program = command.get_program().display();
            io::Error::new(kind, format!("{program}: {error}"))
        }
    })
}

fn what_is_missing(command: &Command) -> String {
    let folder = command.get_current_dir();
    if folder.is_some_and(|folder| !folder.is_dir()) {
        return format!(
            "there is no folder {:?}",
            folder.unwrap_or(Path::new(""))
        );
    }
    let folder = folder.unwrap_or(Path::new(""));
    let program = command.get_program();
    let file = if program.as_encoded_bytes().contains(&b'/') {
        folder.join(program) // an absolute one stays as it is
    } else {
        let folders = path_of(command).unwrap_or_default();
        let entries = env::split_paths(&folders);
        let mut files = entries.map(|f| folder.join(f).join(program));
        match files.find(|file| file.exists()) {
            Some(file) => file,
            None => {
                return format!("there is no {program:?} in PATH");
            }
        }
    };
    match interpreter(&file) {
        Ok(Some(name)) if !name.exists() => {
            format!("there is no {name:?}, which {file:?} needs to run")
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            format!("there is no program {file:?}")
        }
        _ => format!("{file:?}, or something that it needs, was not found"),
    }
}

/// The PATH of the child: its own, or ours.
fn path_of(command: &Command) -> Option<OsString> {
    match command.get_envs().find(|(name, _)| *name == "PATH") {
        Some((_, value)) => value.map(OsString::from),
        None => env::var_os("PATH"),
    }
}

/// What the first line of a script names: `#!/usr/bin/python3`.
fn interpreter(file: &Path) -> io::Result<Option<PathBuf>> {
    let mut begin = Vec::new();
    fs::File::open(file)?.take(256).read_to_end(&mut begin)?;
    let begin = String::from_utf8_lossy(&begin);
    // Not `lines`: a `\r` at the end of a line belongs to the name.
    let line = begin.split('\n').next().and_then(|l| l.strip_prefix("#!"));
    let name = line.and_then(|l| l.split([' ', '\t']).find(|w| !w.is_empty()));
    Ok(name.map(PathBuf::from))
}
// ANCHOR_END: not_found
