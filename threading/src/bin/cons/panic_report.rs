//! A panic in a thread: `join` returns its message, a dropped handle loses it.
//!
//!     cargo run -p threading --bin panic_report
//!
//! A panic ends its thread, not the process. The panic hook hears of it first;
//! the usual hook writes the thread's name, the location and the message to
//! standard error, as `threading.excepthook` does in Python. Then `join`
//! returns the message, which Python's `join` never does. If the handle is
//! dropped, the rest of the program does not learn that the thread has failed.
//!
//! The program `panic_ways` compares four ways to start work that panics.
//!
//! Claims: T6, T7
//! Change this and watch: `panic_any(7)` instead of the `panic!`. `join`
//! returns the number 7 then, which is no text, and T6 is contradicted.
//!
//! Output (times vary, counts do not):
//!     hook hears: thread parser panics in line 79 of the source
//!     join returns: line 7 is no number
//!     hook hears: thread parser panics in line 79 of the source
//!     dropping the handle returns nothing
//!     The article, T6: "There is no built-in way to get an exception of a thread back to who waits for it."
//!     Our answer for Rust: false (not true)
//!     Our answer to T6 is borne out: join returned the panic message "line 7 is no number"
//!     The article, T7: "That makes threads hard to debug."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to T7 is borne out: the hook hears the thread and the line of 2 of 2 panics, of which one is joined

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::{io, panic, thread, thread::JoinHandle};

use shared::{Result, claim, flags, say};

fn main() -> Result {
    flags([]);
    show_what_the_hook_hears();

    let joined = parser()?.join();
    let returned = joined.err().and_then(message);
    say!("join returns: {}", returned.as_deref().unwrap_or("no text"));

    let thread = parser()?;
    while !thread.is_finished() {
        thread::yield_now(); // so that it panics before `main` goes on
    }
    drop(thread); // WRONG: nobody can ask for its message any more
    say!("dropping the handle returns nothing");

    let returned = returned.unwrap_or_default();
    let figure = format!("join returned the panic message \"{returned}\"");
    claim("T6", returned == "line 7 is no number", figure)?;
    let heard = HEARD.load(Relaxed);
    let figure = format!(
        "the hook hears the thread and the line of {heard} of 2 panics, of \
         which one is joined"
    );
    claim("T7", heard == 2, figure)
}

/// How often the hook has heard of `parser`, with a location.
static HEARD: AtomicUsize = AtomicUsize::new(0);

/// Prints one line for each panic, as the usual hook does on standard error.
fn show_what_the_hook_hears() {
    panic::set_hook(Box::new(|panic| {
        let thread = thread::current();
        let name = thread.name().unwrap_or("without a name");
        let line = panic.location().map_or(0, |place| place.line());
        say!("hook hears: thread {name} panics in line {line} of the source");
        if name == "parser" && line > 0 {
            HEARD.fetch_add(1, Relaxed);
        }
    }));
}

/// Starts a thread that fails. It has a name: the report of a panic shows it.
fn parser() -> io::Result<JoinHandle<()>> {
    let parser = thread::Builder::new().name("parser".into());
    parser.spawn(|| panic!("line {} is no number", 7))
}

// ANCHOR: panic_report
/// The message of a panic, from the `Err` that `join` or `catch_unwind`
/// returns; `None` if it was raised with something else than a text.
pub fn message(payload: Box<dyn std::any::Any + Send>) -> Option<String> {
    match payload.downcast::<String>() {
        Ok(formatted) => Some(*formatted), // panic!("line {n} is no number")
        Err(payload) => payload.downcast_ref::<&str>().map(|s| s.to_string()),
    }
}
// ANCHOR_END: panic_report
