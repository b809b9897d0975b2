//! A panic in a task: its handle returns the message, dropping it loses that.
//!
//!     cargo run -p asyncio --bin task_panic
//!
//! A panic ends its task, not the program. The panic hook hears of it first;
//! the usual hook writes to standard error. Then whoever awaits the handle gets
//! the message: tokio returns it as an error, as `gather` does in Python with
//! `return_exceptions=True`. If the handle is dropped, the rest of the program
//! does not learn that the task has failed. (Python logs "Task exception was
//! never retrieved".)
//!
//! The program `task_panic_ways` compares six ways on three runtimes,
//! `task_panic_dropped` shows tasks that nobody awaits.
//!
//! Claims: T6, F6, X3
//! Change this and watch: `panic_any(7)` instead of the `panic!`. The message
//! is no text then, and T6 is contradicted.
//!
//! Output (figures vary):
//!     hook hears: a panic in line 66 of the source
//!     awaiting the handle returns Err("line 7 is no number")
//!     hook hears: a panic in line 66 of the source
//!     dropping the handle returns nothing
//!     The article, T6: "There is no built-in way to get an exception of a thread back to who waits for it."
//!     Our answer for Rust: false (not true)
//!     Our answer to T6 is borne out: awaiting a task returned its panic: "line 7 is no number"
//!     The article, F6: "Exceptions are easy to debug: result() raises what the worker raised."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to F6 is borne out: awaiting a task returned its panic: "line 7 is no number"
//!     Not in the article, X3: "What a panic does, model by model."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to X3 is borne out: after two panics, the next task on this thread: Ok(7)

use std::panic;

use shared::{Result, claim, flags, say};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    panic::set_hook(Box::new(|panic| {
        let line = panic.location().map_or(0, |place| place.line());
        say!("hook hears: a panic in line {line} of the source");
    }));
    let awaited = outcome(tokio::spawn(parse())).await;
    say!("awaiting the handle returns {awaited:?}");
    let task = tokio::spawn(parse());
    while !task.is_finished() {
        tokio::task::yield_now().await; // so that it panics before we go on
    }
    drop(task); // WRONG: nobody can ask for its message any more
    say!("dropping the handle returns nothing");

    let next = outcome(tokio::spawn(async { 7 })).await;
    let message = awaited.err().unwrap_or_default();
    let returned = message == "line 7 is no number";
    let figure = format!("awaiting a task returned its panic: {message:?}");
    claim("T6", returned, &figure)?;
    claim("F6", returned, &figure)?;
    let figure =
        format!("after two panics, the next task on this thread: {next:?}");
    claim("X3", next == Ok(7), figure)
}

async fn parse() -> u32 {
    panic!("line {} is no number", 7)
}

// ANCHOR: task_panic
/// What a task returns; or the message of its panic, or that it was cancelled.
/// Dropping this future lets the task go on.
pub async fn outcome<T>(task: tokio::task::JoinHandle<T>) -> Result<T, String> {
    let error = match task.await {
        Ok(output) => return Ok(output),
        Err(error) => error,
    };
    let Ok(payload) = error.try_into_panic() else {
        return Err("the task was cancelled".into());
    };
    Err(match payload.downcast::<String>() {
        Ok(formatted) => *formatted, // panic!("line {n} is no number")
        Err(payload) => match payload.downcast_ref::<&str>() {
            Some(literal) => literal.to_string(),
            None => "a panic without a text".into(),
        },
    })
}
// ANCHOR_END: task_panic
