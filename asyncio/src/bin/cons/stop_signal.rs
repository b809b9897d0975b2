//! Ctrl+C (SIGINT), SIGTERM: the first asks to stop, the second ends at once.
//!
//!     cargo run -p asyncio --bin stop_signal
//!
//! Without a handler, a signal ends the program at once, and no destructor
//! (`Drop`) runs. tokio's `signal` takes that default away for the rest of the
//! program: from then on Ctrl+C only wakes whoever awaits it. So a shutdown
//! that hangs needs a way out: the second signal exits, with status 130, as
//! shells use it for SIGINT. SIGTERM is what `kill`, systemd and containers
//! send. In Python: `loop.add_signal_handler`; without it, KeyboardInterrupt
//! cancels the main task of `asyncio.run`.
//!
//! `graceful_shutdown` shows what to do with jobs that still run.
//!
//! Claims: F12
//! Change this and watch: leave out the line with `exit`. The second Ctrl+C
//! does nothing then, and F12 is contradicted.
//!
//! Output (figures vary):
//!     no handler: signal: 2 (SIGINT), not cleaned up
//!     asked to stop: exit status: 0, cleaned up
//!     stuck, asked twice: exit status: 130, not cleaned up
//!     The article, F12: "Graceful shutdown needs careful design: one Ctrl+C does not end it."
//!     Our answer for Rust: inverted (the opposite problem)
//!     F12 borne out: Ctrl+C ended a program (exit status: 0), the second a stuck one (exit status: 130)

use std::{future::pending, time::Duration};

use shared::interrupt::{CleanUp, Interrupted, press_ctrl_c};
use shared::{Result, claim, flags, role, say, watchdog::Watchdog};

fn main() -> Result {
    if let Some([server]) = role::started_as("server") {
        return run_server(&server);
    }
    flags([]);
    let killed = interrupt("no handler", "deaf", 1)?;
    let asked = interrupt("asked to stop", "stops", 1)?;
    let twice = interrupt("stuck, asked twice", "stuck", 2)?;

    let codes = [&killed, &asked, &twice].map(|ended| ended.status.code());
    let by = asked.status;
    let cleaned = [killed, asked].map(|ended| ended.cleaned_up());
    let figure = format!(
        "Ctrl+C ended a program ({by}), the second a stuck one ({})",
        twice.status
    );
    let ended = codes == [None, Some(0), Some(130)];
    claim("F12", ended && cleaned == [0, 1], figure)
}

/// Presses Ctrl+C in a child.
fn interrupt(what: &str, server: &str, most: usize) -> Result<Interrupted> {
    let ended = press_ctrl_c(role::command("server")?.arg(server), 1, most)?;
    let clean = if ended.cleaned_up() == 1 { "" } else { "not " };
    say!("{what}: {}, {clean}cleaned up", ended.status);
    Ok(ended)
}

/// The child.
#[tokio::main]
async fn run_server(server: &str) -> Result {
    let _bound = Watchdog::guard("the server", Duration::from_secs(3))?;
    let stop = (server != "deaf").then(stop_signal).transpose()?;
    let _guard = CleanUp::at_the_end();
    match stop {
        Some(stop) => stop.await,
        None => pending().await,
    }
    if server == "stuck" {
        pending::<()>().await; // WRONG: a shutdown without a time limit
    }
    Ok(())
}

// ANCHOR: stop_signal
use tokio::signal::unix::{SignalKind, signal};

/// A future that is ready at the first Ctrl+C (SIGINT) or SIGTERM. The next one
/// ends the process at once, with status 130, unless all threads of the runtime
/// are blocked. Call it first in `main`: until then a signal kills.
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut next = async move || {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    Ok(async move {
        next().await;
        tokio::spawn(async move {
            next().await;
            std::process::exit(130);
        });
    })
}
// ANCHOR_END: stop_signal
