//! A panic in a task: `await` returns its message, a dropped handle loses it.
//!
//!     cargo run -p asyncio --bin task_panic
//!
//! A panic ends its task, not the runtime. The handle returns it as an `Err` to
//! whoever awaits the task. If nobody does, the rest of the program does not
//! learn of it; only the panic hook has printed it. Python logs "Task exception
//! was never retrieved", when the task is collected.
//!
//! `task_panic_ways` compares nine ways on three runtimes.
//!
//! Claims: T6, F6
//! Change this and watch: `panic_any(7)` (of `std::panic`) for the `panic!`. It
//! is no text, and T6 is contradicted.
//!
//! Output (figures vary):
//!     the panic hook hears of a panic
//!     await returns: panicked: line 7 is no number
//!     the panic hook hears of a panic
//!     the dropped handle returns nothing; the next task Ok(())
//!     T6 borne out: awaiting the task returned "panicked: line 7 is no number"
//!     F6 borne out: awaiting the task returned "panicked: line 7 is no number"

use std::panic;

use shared::{Result, claim, flags, say};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    panic::set_hook(Box::new(|_| say!("the panic hook hears of a panic")));

    let failed = tokio::spawn(parse()).await;
    let awaited = failed.map_or_else(failure, |()| "no error".into());
    say!("await returns: {awaited}");

    drop(tokio::spawn(parse())); // WRONG: nobody can ask for its error any more
    let next = tokio::spawn(async {}).await; // runs after it, on its thread
    say!("the dropped handle returns nothing; the next task {next:?}");

    let figure = format!("awaiting the task returned {awaited:?}");
    claim("T6", awaited == "panicked: line 7 is no number", &figure)?;
    claim("F6", next.is_ok() && awaited.starts_with("panicked"), figure)
}

async fn parse() {
    panic!("line {} is no number", 7);
}

// ANCHOR: task_panic
use tokio::task::JoinError;

/// Why a task has failed, as a text for a log.
pub fn failure(error: JoinError) -> String {
    let payload = match error.try_into_panic() {
        Ok(payload) => payload,
        Err(error) => return error.to_string(), // it was cancelled
    };
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    format!("panicked: {}", text.unwrap_or("(not a text)"))
}
// ANCHOR_END: task_panic
