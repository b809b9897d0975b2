//! Capture what a panic says: in memory, with its location, not on stderr.
//!
//!     cargo run -p threading --bin panic_capture
//!
//! Python replaces `sys.stderr`, or sets `threading.excepthook`. Rust's std
//! cannot redirect standard error (`dup2` of the C library can, for the whole
//! process). It is not necessary, either: a panic hook is called before a panic
//! is printed. There is one hook for all threads. So ours captures only in
//! threads that ask for it.
//!
//! A second panic during the clean-up of the first one aborts the process (see
//! the program `panic_in_drop`). So the hook prints both reports then, before
//! they are lost.
//!
//! Claims: T8
//! Change this and watch: call `print(panic)` as the first line of the hook,
//! always. The report is in memory and on standard error, and T8 is
//! contradicted.
//!
//! Output (figures vary):
//!     not captured: 180 bytes on stderr
//!         in memory: nothing
//!     captured: 0 bytes on stderr
//!         in memory: parser at threading/src/bin/cons/panic_capture.rs:76:37: not a number: abc
//!     The article, T8: "To see the message, redirect standard error into memory and print it."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to T8 is borne out: a panic writes 180 bytes to stderr, and 0 if it is captured in memory

use shared::{Result, claim, flags, role, say};

fn main() -> Result {
    if let Some([way]) = role::started_as("victim") {
        return victim(way == "captured"); // as a child: this program again
    }
    flags([]);
    let [_, printed] = run("not captured")?;
    let [memory, stderr] = run("captured")?;

    let parts = ["parser at ", "panic_capture.rs:", "not a number: abc"];
    let complete = parts.iter().all(|part| memory.contains(part));
    let (before, after) = (printed.len(), stderr.len());
    let figure = format!(
        "a panic writes {before} bytes to stderr, and {after} if it is \
         captured in memory"
    );
    claim("T8", before > 0 && after == 0 && complete, figure)
}

/// What was in memory (the child writes it to its stdout), and what was on
/// standard error. The panic happens in a child:
/// standard error belongs to the whole process.
fn run(way: &str) -> Result<[String; 2]> {
    let mut child = role::command("victim")?;
    let ended = child.arg(way).env("RUST_BACKTRACE", "0").output()?;
    let memory = String::from_utf8(ended.stdout)?.trim_end().to_string();
    let stderr = String::from_utf8(ended.stderr)?;
    say!("{way}: {} bytes on stderr", stderr.len());
    say!("    in memory: {memory}");
    Ok([memory, stderr])
}

/// The child: a thread panics, and the child prints what it has in memory.
fn victim(capture: bool) -> Result {
    // Both closures use no variable, so both become function pointers.
    let job = if capture { || captured(parse) } else { || Ok(parse()) };
    let parser = thread::Builder::new().name("parser".into());
    match parser.spawn(job)?.join() {
        Ok(Err(report)) => say!("{report}"),
        Ok(Ok(_)) | Err(_) => say!("nothing"),
    }
    Ok(())
}

fn parse() -> u32 {
    let text = "abc";
    text.parse().unwrap_or_else(|_| panic!("not a number: {text}"))
}

// ANCHOR: panic_capture
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::{sync::Once, thread};

thread_local! {
    static WANTED: Cell<bool> = const { Cell::new(false) };
    static REPORT: Cell<Option<String>> = const { Cell::new(None) };
}

/// Runs `job`. If it panics, returns the report: thread, location and message.
/// The report is not printed. Panics of other threads are printed as usual, by
/// the hook that was there before.
///
/// If `job` panics a second time, both reports are printed. (The hook cannot
/// know whether `job` has caught its first panic.)
///
/// # Errors
///
/// `job` has panicked. (With `panic = "abort"` the process ends instead.)
pub fn captured<T>(job: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = take_hook();
        set_hook(Box::new(move |panic| {
            if !WANTED.get() || cfg!(panic = "abort") {
                return print(panic);
            }
            let thread = thread::current();
            let report = format!(
                "{} at {}: {}",
                thread.name().unwrap_or("a thread"),
                panic.location().map_or(String::new(), |p| p.to_string()),
                panic.payload_as_str().unwrap_or("(not a text)")
            );
            if let Some(first) = REPORT.replace(Some(report)) {
                eprintln!("{first}");
                print(panic); // the process may be about to abort
            }
        }));
    });
    let outer = WANTED.replace(true);
    REPORT.take();
    // `AssertUnwindSafe`: what `job` left half changed is the caller's concern.
    let result = catch_unwind(AssertUnwindSafe(job));
    WANTED.set(outer);
    result.map_err(|payload| {
        REPORT.take().unwrap_or_else(|| {
            // No report: the panic came from `resume_unwind`, which calls no
            // hook (rayon uses it). `downcast_ref` asks for a type: a panic
            // holds `&str` or `String`.
            let literal = payload.downcast_ref::<&str>().copied();
            let text = payload.downcast_ref().map(String::as_str).or(literal);
            text.unwrap_or("(not a text)").to_string()
        })
    })
}
// ANCHOR_END: panic_capture
