//! What a panic says is caught in memory; nothing reaches standard error.
//!
//!     cargo run -p threading --bin panic_capture
//!
//! Rust cannot redirect standard error, and need not: a panic hook is given
//! the message before anybody prints it, and `catch_unwind` returns the value
//! that was thrown, with its type. The hook, too, is one for all threads.
//!
//! Claims: T8
//! Change this and watch: let our hook call the one that `take_hook` returns;
//! both reports are in memory and on standard error, and T8 is contradicted.
//!
//! Output (figures vary):
//!     default hook: 264 bytes on stderr, in memory:
//!         grill(260) returns Err(Burnt(260))
//!     our hook: 0 bytes on stderr, in memory:
//!         fryer at threading/src/bin/cons/panic_capture.rs:66: the oil burns
//!         griller at threading/src/bin/cons/panic_capture.rs:83: (not a text)
//!         grill(260) returns Err(Burnt(260))
//!     T8 borne out: stderr 264 bytes, with our hook 0

use std::ffi::OsString;
use std::process::{Command, Output};
use std::time::Duration;
use std::{env, thread};

use shared::{Result, claim, flags, say, watchdog::Watchdog};

fn main() -> Result {
    let mut arguments = env::args_os().skip(1).flat_map(OsString::into_string);
    if arguments.next().as_deref() == Some("as-victim") {
        return two_accidents(arguments.next().as_deref() == Some("our hook"));
    }
    flags([]);
    let printed = run("default hook")?;
    let caught = run("our hook")?;
    let told = String::from_utf8_lossy(&caught.stdout);
    let complete = ["fryer at ", "panic_capture.rs:", "the oil burns", "260"]
        .iter()
        .all(|part| told.contains(part));
    let [before, after] = [&printed, &caught].map(|run| run.stderr.len());
    let figure = format!("stderr {before} bytes, with our hook {after}");
    claim("T8", before > 0 && after == 0 && complete, figure)
}

/// The accidents happen in a child, because standard error belongs to the
/// whole process, and a child's can be read to its end.
fn run(hook: &str) -> Result<Output> {
    let mut victim = Command::new(env::current_exe()?);
    victim.args(["as-victim", hook]).env("RUST_BACKTRACE", "0");
    let ended = victim.output()?;
    say!("{hook}: {} bytes on stderr, in memory:", ended.stderr.len());
    for line in String::from_utf8_lossy(&ended.stdout).lines() {
        say!("    {line}");
    }
    Ok(ended)
}

/// One panic with a text, and one with a value.
fn two_accidents(our_hook: bool) -> Result {
    let _bound = Watchdog::guard("the victim", Duration::from_secs(2))?;
    if our_hook {
        capture_panics();
    }
    let cook = |name: &str| thread::Builder::new().name(name.into());
    let fryer = cook("fryer").spawn(|| panic!("the oil burns"))?;
    let _ = fryer.join(); // what this returns: see panic_report
    let griller = cook("griller").spawn(|| typed(|| grill(260)))?;
    let answer: Result<&str, Burnt> = griller.join().expect("it is caught");
    for Report { thread, place, message } in reports() {
        say!("{thread} at {place}: {message}");
    }
    say!("grill(260) returns {answer:?}");
    Ok(())
}

/// How hot it was.
#[derive(Debug)]
struct Burnt(#[expect(dead_code, reason = "for who prints it")] u32);

fn grill(degrees: u32) -> &'static str {
    if degrees > 250 {
        std::panic::panic_any(Burnt(degrees));
    }
    "galbi"
}

// ANCHOR: panic_capture
/// What the hook saw of a panic.
#[derive(Clone, Debug)]
pub struct Report {
    /// The name of the thread that panicked.
    pub thread: String,
    /// File and line.
    pub place: String,
    /// What it said.
    pub message: String,
}

static REPORTS: std::sync::Mutex<Vec<Report>> =
    std::sync::Mutex::new(Vec::new());

/// From now on panics, of all threads, are recorded instead of printed.
pub fn capture_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| (at.file(), at.line()));
        let (file, line) = place.unwrap_or(("nowhere", 0));
        let current = std::thread::current();
        let report = Report {
            thread: current.name().unwrap_or("unnamed").into(),
            place: format!("{file}:{line}"),
            message: panic.payload_as_str().unwrap_or("(not a text)").into(),
        };
        REPORTS.lock().expect("nobody panics with it").push(report);
    }));
}

/// What has been recorded since this was last asked.
pub fn reports() -> Vec<Report> {
    std::mem::take(&mut *REPORTS.lock().expect("as above"))
}

/// Turns a panic that carries an `E` into an error; any other goes on.
pub fn typed<T, E: 'static>(
    job: impl FnOnce() -> T + std::panic::UnwindSafe,
) -> Result<T, E> {
    std::panic::catch_unwind(job).map_err(|thrown| match thrown.downcast() {
        Ok(value) => *value,
        Err(other) => std::panic::resume_unwind(other),
    })
}
// ANCHOR_END: panic_capture
