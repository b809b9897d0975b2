//! Graceful stop: the first SIGINT (Ctrl+C) or SIGTERM asks, the next one ends.
//!
//!     cargo run -p asyncio --bin stop_signal
//!
//! In Python one Ctrl+C may do too little; in Rust it does too much: without a
//! handler, a signal ends the program immediately, and no destructor (`Drop`)
//! runs. tokio's `signal` takes that default away for the rest of the program:
//! from then on Ctrl+C only wakes the code that awaits the signal. So a
//! shutdown that hangs needs a way out, even one that blocks all threads: the
//! handler of the second signal ends the process, with the status that shells
//! have for SIGINT (128 + 2). SIGTERM is what `kill`, systemd and containers
//! send. In Python: `loop.add_signal_handler`; without it, KeyboardInterrupt
//! cancels the main task of `asyncio.run`.
//!
//! The program `graceful_shutdown` shows what to do with jobs that still run.
//!
//! Claims: F12
//! Change this and watch: leave out the line with `130`. The second Ctrl+C does
//! nothing then, the watchdog ends the child, and F12 is contradicted.
//!
//! Output (figures vary):
//!     no handler: signal: 2 (SIGINT), not cleaned up
//!     asked to stop: exit status: 0, cleaned up
//!     stuck, asked twice: exit status: 130, not cleaned up
//!     The article, F12: "Graceful shutdown needs careful design: one Ctrl+C does not end it."
//!     Our answer for Rust: inverted (the opposite problem)
//!     Our answer to F12 is borne out: one Ctrl+C stopped a program (exit status: 0), two ended a stuck one (exit status: 130)

use std::{future::pending, thread, time::Duration};

use shared::interrupt::{CleanUp, Interrupted, press_ctrl_c};
use shared::{Result, claim, flags, role, say, watchdog::Watchdog};

fn main() -> Result {
    if let Some([server]) = role::started_as("server") {
        return run_server(&server); // as a child: this program again
    }
    flags([]);
    let killed = interrupt("no handler", "deaf", 1)?;
    let asked = interrupt("asked to stop", "stops", 1)?;
    let twice = interrupt("stuck, asked twice", "stuck", 2)?;

    let codes = [&killed, &asked, &twice].map(|ended| ended.status.code());
    let by = asked.status;
    let cleaned = [killed, asked].map(|ended| ended.cleaned_up());
    let figure = format!(
        "one Ctrl+C stopped a program ({by}), two ended a stuck one ({})",
        twice.status
    );
    let ended = codes == [None, Some(0), Some(130)];
    claim("F12", ended && cleaned == [0, 1], figure)
}

/// Starts this program again as a child, and presses Ctrl+C on it.
fn interrupt(what: &str, server: &str, most: usize) -> Result<Interrupted> {
    let ended = press_ctrl_c(role::command("server")?.arg(server), 1, most)?;
    let clean = if ended.cleaned_up() == 1 { "" } else { "not " };
    say!("{what}: {}, {clean}cleaned up", ended.status);
    Ok(ended)
}

/// The child.
#[tokio::main(flavor = "current_thread")]
async fn run_server(server: &str) -> Result {
    let _bound = Watchdog::guard("the server", Duration::from_secs(2))?;
    let stop = (server != "deaf").then(stop_signal).transpose()?;
    let _guard = CleanUp::at_the_end();
    match stop {
        Some(stop) => stop.await,
        None => pending().await,
    }
    if server == "stuck" {
        // WRONG: a shutdown without a time limit, which blocks its thread
        thread::sleep(Duration::from_secs(3));
    }
    Ok(())
}

// ANCHOR: stop_signal
use std::{io, sync::Arc, sync::atomic::AtomicBool};

use signal_hook::flag::{register, register_conditional_shutdown};
use tokio::signal::unix::{SignalKind, signal};

/// A future that is ready at the first Ctrl+C (SIGINT) or SIGTERM. The next one
/// ends the process at once, with status 130, even if all threads are blocked,
/// or if the future has been dropped. Call it first in `main`: before that, a
/// signal kills the process. It panics outside of a tokio runtime. (Unix.)
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let (int, term) = (SignalKind::interrupt(), SignalKind::terminate());
    let (mut interrupt, mut terminate) = (signal(int)?, signal(term)?);
    let asked = Arc::new(AtomicBool::new(false));
    for number in [int.as_raw_value(), term.as_raw_value()] {
        // The handlers run in this order. The first one ends the process if
        // the flag is set, and the second one sets it. In the other order the
        // first signal would end the process at once.
        register_conditional_shutdown(number, 130, asked.clone())?;
        register(number, asked.clone())?;
    }
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
// ANCHOR_END: stop_signal
