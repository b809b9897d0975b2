//! Environment and working directory of a child: inherited, unless you say so.
//!
//!     cargo run -p subprocess --bin child_env
//!
//! A child gets a copy of the whole environment, and with it each password that
//! stands there. `env` adds or replaces a variable, `env_remove` takes one out,
//! and `env_clear` takes out all that come from the parent. `current_dir` sets
//! the folder in which the child begins; the parent stays where it is. In
//! Python: `env=..` replaces the whole environment, and `cwd=..` is the folder.
//!
//! Claims: S11
//! Change this and watch: write `env` before `env_clear` in the last row. The
//! variable is gone: the calls count in their order.
//!
//! Output (figures vary):
//!     call                     PATH  PASSWORD  MODE
//!     none                     /bin  12345     -
//!     .env("MODE", "fast")     /bin  12345     fast
//!     .env_remove("PASSWORD")  /bin  -         -
//!     .env_clear()             -     -         -
//!     .env_clear().env(..)     -     -         fast
//!     with_variables, and the folder /: /bin - - in /
//!     Not in the article, S11: "Arguments, environment and folder are passed without a shell."
//!     Our answer for Rust: holds (true)
//!     Our answer to S11 is borne out: 6 of 6 children see what they are given

use std::{env, fs};

use shared::{Result, Table, claim, ensure, flags, role, say};

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        return tell_environment();
    }
    if let Some([]) = role::started_as("parent") {
        return compare();
    }
    flags([]);
    // A parent with two variables, whatever this program has itself.
    let mut parent = role::command("parent")?;
    parent.env_clear().envs([("PATH", "/bin"), ("PASSWORD", "12345")]);
    let status = parent.status()?;
    ensure(status.success(), "the parent has failed")
}

type Change = fn(&mut Command) -> &mut Command;

fn compare() -> Result {
    let mut table = Table::new(["call", "PATH", "PASSWORD", "MODE"]);
    let mut seen = Vec::new();
    let ways: [(&str, Change); 5] = [
        ("none", |command| command),
        (".env(\"MODE\", \"fast\")", |command| command.env("MODE", "fast")),
        (".env_remove(\"PASSWORD\")", |c| c.env_remove("PASSWORD")),
        (".env_clear()", |command| command.env_clear()),
        (".env_clear().env(..)", |c| c.env_clear().env("MODE", "fast")),
    ];
    for (name, way) in ways {
        let told = way(&mut role::command("child")?).output()?.stdout;
        let told = String::from_utf8(told)?;
        let cells: Vec<&str> = told.split_whitespace().collect();
        table.row([&name, &cells[0], &cells[1], &cells[2]]);
        seen.push(cells[..3].join(" "));
    }
    table.print();
    let kept = with_variables(env::current_exe()?, &["PATH"]);
    let told = { kept }.arg("as-child").current_dir("/").output()?.stdout;
    let told = String::from_utf8(told)?;
    say!("with_variables, and the folder /: {}", told.trim_end());
    let right =
        ["/bin 12345 -", "/bin 12345 fast", "/bin - -", "- - -", "- - fast"];
    let in_root = told.trim_end() == "/bin - - in /";
    let count = seen.iter().zip(right).filter(|(seen, right)| seen == right);
    let count = count.count() + usize::from(in_root);
    let figure = format!("{count} of 6 children see what they are given");
    claim("S11", count == 6, figure)
}

/// In the child.
fn tell_environment() -> Result {
    let names = ["PATH", "PASSWORD", "MODE"];
    let value = |name| env::var(name).unwrap_or("-".into());
    let folder = fs::canonicalize(".")?;
    say!("{} in {}", names.map(value).join(" "), folder.display());
    Ok(())
}

// ANCHOR: child_env
use std::{ffi::OsStr, process::Command};

/// A command that gets only these variables of ours, and no password that
/// stands beside them. A variable that is not set here is not set there.
/// (Without `PATH`, name the program by its whole path.)
pub fn with_variables(program: impl AsRef<OsStr>, names: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    for name in names {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}
// ANCHOR_END: child_env
