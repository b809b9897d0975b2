//! asyncio's add_signal_handler: wait for Ctrl+C (SIGINT) or SIGTERM in a task.
//!
//!     cargo run -p asyncio --bin cookbook_signal
//!
//! From the first call of `signal` on, that signal does not end the program any
//! more: it is a value to await. Nothing is raised in any task, as Python's
//! KeyboardInterrupt is.
//!
//! Stopping a server: `graceful_shutdown`. The other recipes: see `cookbook`.
//!
//! Claims: A20
//! Change this and watch: `raise` before `stop_signal`. There is no handler
//! yet, and SIGTERM ends the program.
//!
//! Output (figures vary):
//!     the work was ended by SIGTERM
//!     The article, A20: "It offers many functions for concurrency."
//!     Our answer for Rust: holds (true)
//!     Our answer to A20 is borne out: a task awaited SIGTERM

use nix::sys::signal::{Signal, raise};
use shared::{Result, claim, flags, say};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let stop = stop_signal()?;
    raise(Signal::SIGTERM)?; // as `kill` does, or a service manager
    let work = std::future::pending::<&str>();
    let ended = select! {
        signal = stop => signal,
        done = work => done,
    };
    say!("the work was ended by {ended}");
    claim("A20", ended == "SIGTERM", format!("a task awaited {ended}"))
}

// ANCHOR: stop_signal
use std::io;
use tokio::{select, signal::unix::SignalKind, signal::unix::signal};

/// `loop.add_signal_handler`: returns what waits for SIGINT (Ctrl+C, Python's
/// `KeyboardInterrupt`) or SIGTERM, and says which one came.
///
/// From this call on these signals end the program no more, even when nobody
/// awaits them.
pub fn stop_signal() -> io::Result<impl Future<Output = &'static str>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        }
    })
}
// ANCHOR_END: stop_signal
