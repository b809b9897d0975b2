//! Python beside it: the interpreter, and the programs of `docs/python`.

mod claims;
mod table;

use std::{
    env, fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use serde::Deserialize;
use shared::{Failure, Result, measure, oven::Oven};
use subprocess::run_child::{Limits, Stop, Why, run_child};

pub use claims::{Script, scripts};
use claims::{not_judged, run};
use table::{tell, tell_json};

use crate::{
    ledger::{self, Claim},
    programs::{Program, root},
    progress::{end, note},
};

/// The names of the kitchens in Python.
pub const NAMES: [&str; 5] =
    ["cooks.py", "chef.py", "kitchens.py", "brigade.py", "takeout.py"];

/// What stands in the place of a crate.
pub(crate) const MODEL: &str = "python";

/// The oldest version that runs these programs.
const OLDEST: (u32, u32) = (3, 10);

/// An interpreter says what it is in less than this.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(20),
    output: 1 << 16,
    grace: Duration::from_secs(1),
};

/// A Python interpreter.
#[derive(Clone, Debug, Deserialize)]
pub struct Python {
    /// What it is: `CPython 3.11.7 with the GIL`.
    #[serde(rename = "python")]
    pub label: String,
    /// The file to run.
    pub executable: PathBuf,
    /// CPU time of one stroke of its knife, in nanoseconds.
    stroke_ns: f64,
}

impl Python {
    /// Looks for `python3` on `PATH`, and asks it what it is.
    ///
    /// # Errors
    ///
    /// A sentence: there is none, it is too old, or it does not run.
    pub fn find() -> Result<Python, String> {
        let path = env::var_os("PATH").unwrap_or_default();
        let found =
            env::split_paths(&path).map(|folder| folder.join("python3"));
        let found = { found }.find(|file| file.is_file());
        let found = found.ok_or("there is no python3 on PATH")?;
        // Any version understands this line.
        let ask = "import sys; print('%d.%d' % sys.version_info[:2])";
        let version = said(Command::new(&found).args(["-c", ask]))?;
        let number = version.trim().split_once('.');
        let number = number.and_then(|(major, minor)| {
            Some((major.parse().ok()?, minor.parse().ok()?))
        });
        match number {
            Some(number) if number >= OLDEST => {}
            _ => {
                let (major, minor) = OLDEST;
                let version = version.trim();
                return Err(format!(
                    "python3 is {version}; {major}.{minor} or newer is needed"
                ));
            }
        }
        let about =
            said(Command::new(&found).arg(folder().join("kitchen.py")))?;
        serde_json::from_str(&about).map_err(|why| format!("python3: {why}"))
    }

    /// How many strokes Rust makes while this interpreter makes one: measured
    /// here, by the clock of the thread.
    fn strokes_of_rust(&self) -> f64 {
        const STROKES: u64 = 1_000_000;
        let once = |_| {
            let start = measure::thread_cpu();
            shared::chop(1, STROKES);
            (measure::thread_cpu() - start).as_nanos()
        };
        let best = (0..9).map(once).min().unwrap_or_default().max(1);
        let ratio = self.stroke_ns * STROKES as f64 / best as f64;
        ratio.max(1.0)
    }
}

/// What it prints, or why it fails, in one line.
fn said(command: &mut Command) -> Result<String, String> {
    let ran = run_child(command, b"", LIMITS, &Stop::never())
        .map_err(|why| format!("python3: {why}"))?;
    if ran.why == Why::Ended && ran.status.success() {
        return Ok(String::from_utf8_lossy(&ran.stdout.bytes).into_owned());
    }
    let why = String::from_utf8_lossy(&ran.stderr.bytes).into_owned();
    let last = why.lines().next_back().unwrap_or_default();
    Err(format!("python3: {}: {last}", ran.status))
}

/// Where the programs in Python are.
pub fn folder() -> PathBuf {
    root().join("docs/python")
}

/// The source of a program of `docs/python`.
///
/// # Errors
///
/// There is no such file.
pub fn source(name: &str) -> io::Result<String> {
    fs::read_to_string(folder().join(name))
}

/// The kitchens in Python, to be run as all others. They share an oven, which
/// is lit here, on a thread that ends with this process. Where no python3 is
/// there are none, and a line on standard error says so.
///
/// # Errors
///
/// The oven does not light, or a source cannot be read.
pub fn kitchens() -> Result<Vec<Program>> {
    match Python::find() {
        Ok(python) => {
            let (oven, knife) = (light()?, python.strokes_of_rust());
            let one = |name: &&str| program(&python, name, oven, knife);
            Ok(NAMES.iter().map(one).collect::<Result<_, _>>()?)
        }
        Err(why) => {
            note(format_args!("no rows of Python: {why}"));
            Ok(Vec::new())
        }
    }
}

fn light() -> io::Result<SocketAddr> {
    let oven = Oven::at((Ipv4Addr::LOCALHOST, 0).into())?;
    let address = oven.address();
    // As for a kitchen's own oven: a chef with a thousand dishes may be slow.
    let oven = oven.with_patience(Duration::from_secs(60));
    thread::spawn(move || oven.run());
    Ok(address)
}

fn program(
    python: &Python,
    name: &str,
    oven: SocketAddr,
    knife: f64,
) -> io::Result<Program> {
    let source_path = folder().join(name);
    let arguments = [
        source_path.clone().into(),
        "--oven".into(),
        oven.to_string().into(),
        "--strokes-divided-by".into(),
        format!("{knife:.1}").into(),
    ];
    Ok(Program {
        name: name.into(),
        model: MODEL.into(),
        source: fs::read_to_string(&source_path)?,
        source_path,
        arguments: arguments.into(),
        ..Program::from_elsewhere(python.executable.clone())
    })
}

/// Runs the scripts for these claims, and prints what they have measured.
///
/// # Errors
///
/// There is no Python, a script is wrong, or one contradicts the ledger.
pub fn answer(claims: &[Claim], options: &ledger::Options) -> Result {
    let python = Python::find().map_err(Failure::new)?;
    let scripts = scripts(&options.scripts)?;
    let stop = Stop::listen()?;
    let Some((reports, mut problems)) = run(claims, &scripts, &python, &stop)?
    else {
        end(&stop, "claims");
    };
    match options.json {
        true => tell_json(claims, &reports, &python),
        false => tell(claims, &reports, &python, options.language),
    }
    if options.strict {
        problems.extend(not_judged(&reports));
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(problems.join("; "))),
    }
}

/// The lines of code of a source in Python: without blank lines, comments and
/// docstrings.
pub fn code_lines(source: &str) -> Vec<&str> {
    // In a string of several lines: whether it is a docstring.
    let mut string = None;
    let is_code = |line: &&str| {
        let is_docstring = string.unwrap_or(line.starts_with("\"\"\""));
        // One that opens and closes has two of them.
        if line.matches("\"\"\"").count() == 1 {
            string = string.is_none().then_some(is_docstring);
        }
        !is_docstring && !line.is_empty() && !line.starts_with('#')
    };
    source.lines().map(str::trim).filter(is_code).collect()
}

/// The docstring at the top of a source in Python, without its quotes.
pub fn docstring(source: &str) -> &str {
    let text = source.strip_prefix("\"\"\"").unwrap_or_default();
    text.split("\"\"\"").next().unwrap_or_default()
}

/// The file name of a path, as text.
fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docstrings_comments_and_blank_lines_are_no_code() {
        let source = "\"\"\"Title.\n\nMore.\n\"\"\"\n\nimport a  # here\n\n\
                      def b():\n    \"\"\"One line.\"\"\"\n    # why\n    c()\n";
        assert_eq!(code_lines(source), ["import a  # here", "def b():", "c()"]);
        let string = "A = \"\"\"\nx\n\"\"\"\nb()\n";
        assert_eq!(code_lines(string).len(), 4);
        assert_eq!(docstring(source), "Title.\n\nMore.\n");
        assert_eq!(docstring("import a\n"), "");
    }

    #[test]
    fn every_program_is_there() {
        for name in NAMES {
            assert!(source(name).is_ok(), "{name}");
        }
    }
}
