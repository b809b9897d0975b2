//! The second Ctrl+C (SIGINT): a job is stuck, and graceful shutdown hangs.
//!
//!     cargo run -p futures_pool --bin ctrl_c_twice
//!
//! A tokio runtime waits at its end for blocking jobs that have begun. From the
//! first call of `tokio::signal` on, Ctrl+C does not end the process any more,
//! even when nobody listens. So a program that shuts down gracefully needs a
//! way out for the second Ctrl+C: here it exits with status 130, which shells
//! use for SIGINT.
//!
//! Read `ctrl_c` first.
//!
//! Claims: F12, X4
//! Change this and watch: let the job take 100 ms. It is done before the second
//! Ctrl+C, one is enough, and F12 is contradicted.
//!
//! Output (figures vary):
//!     two Ctrl+C, tokio's handler: signal: 9 (SIGKILL) after 1001.3 ms
//!     two Ctrl+C, the second one exits: exit status: 130 after 201.5 ms
//!     The article, F12: "Graceful shutdown needs careful design: one Ctrl+C does not end it."
//!     Our answer for Rust: inverted (the opposite problem)
//!     Our answer to F12 is borne out: Ctrl+C, pressed 2 times, ended a program with a stuck job: exit status: 130
//!     Not in the article, X4: "What Ctrl+C does, model by model."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to X4 is borne out: Ctrl+C left 0 processes behind

use std::os::unix::process::ExitStatusExt;
use std::{process, thread, time::Duration};

use shared::interrupt::{Interrupted, press_ctrl_c};
use shared::watchdog::Watchdog;
use shared::{Result, claim, flags, measure::ms, role, say};
use signal_hook::consts::SIGKILL;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;

fn main() -> Result {
    if let Some([way_out]) = role::started_as("victim") {
        return stuck(way_out == "exit"); // as a child: this program again
    }
    flags([]);
    let hangs = interrupt("two Ctrl+C, tokio's handler", "none")?;
    let exits = interrupt("two Ctrl+C, the second one exits", "exit")?;

    let killed = hangs.status.signal() == Some(SIGKILL);
    let exited = exits.status.code() == Some(130);
    let twice = hangs.presses == 2 && exits.presses == 2;
    let nothing = hangs.said.is_empty() && exits.said.is_empty();
    let figure = format!(
        "Ctrl+C, pressed {} times, ended a program with a stuck job: {}",
        exits.presses, exits.status
    );
    claim("F12", killed && exited && twice && nothing, figure)?;
    let orphans = hangs.orphans + exits.orphans;
    claim("X4", orphans == 0, format!("Ctrl+C left {orphans} processes behind"))
}

/// Starts this program again as a child, and presses Ctrl+C on it.
fn interrupt(what: &str, way_out: &str) -> Result<Interrupted> {
    let ended = press_ctrl_c(role::command("victim")?.arg(way_out), 1, 2)?;
    say!("{what}: {} after {:.1} ms", ended.status, ms(ended.took));
    Ok(ended)
}

#[tokio::main]
async fn stuck(way_out: bool) -> Result {
    let _bound = Watchdog::guard("the job", Duration::from_secs(3))?;
    let mut interrupts = signal(SignalKind::interrupt())?;
    if way_out {
        exit_at_the_second_ctrl_c()?; // The one change
    }
    spawn_blocking(|| {
        say!("{}", process::id());
        // WRONG: nobody can end it. (The sleep stands for a call that blocks,
        // and lasts longer than the program lives.)
        thread::sleep(Duration::from_secs(4));
        say!("done");
    });
    interrupts.recv().await;
    Ok(()) // and the runtime waits for the job
}

// ANCHOR: ctrl_c_twice
use std::{io, sync::Arc, sync::atomic::AtomicBool};

use signal_hook::{consts::SIGINT, flag};

/// The first Ctrl+C is left to the program's own handler: without one, nothing
/// happens. The second one ends the program at once, with status 130. To be
/// called once, early in `main`.
///
/// # Errors
///
/// The system refuses the handler.
pub fn exit_at_the_second_ctrl_c() -> io::Result<()> {
    let told = Arc::new(AtomicBool::new(false));
    // The handlers run in this order. The first one ends the program if the
    // flag is set, and the second one sets it. In the other order the first
    // Ctrl+C would end the program at once.
    flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(&told))?;
    flag::register(SIGINT, told)?;
    Ok(())
}
// ANCHOR_END: ctrl_c_twice
