//! Detect a blocked event loop in a running service, and say how to repair it.
//!
//!     cargo run -p asyncio --bin stall_detector
//!
//! A call that blocks stops all tasks of its thread. A task cannot report that:
//! it is stopped, too. So a heartbeat task sends a beat four times per limit,
//! and a thread outside of the runtime notices when no beat comes. It reports
//! while the call still blocks, but it does not say which call that is.
//! (Python's `slow_callback_duration` logs only when the callback is over.)
//!
//! The repair depends on the flavour of the runtime: `spawn_blocking` on both;
//! `block_in_place` works on `multi_thread` only (on `current_thread` it
//! panics); its call may use borrowed values. The program `responsive` compares
//! the repairs.
//!
//! Claims: A3, A23
//! Change this and watch: `worker_threads(2)`. One of two workers is blocked,
//! the other one goes on: that stall is not reported, and A23 is contradicted.
//!
//! Output (times vary, counts do not):
//!     current_thread, call in a task: no turn for 200ms; use spawn_blocking
//!     multi_thread, call in a task: no turn for 200ms; use spawn_blocking or block_in_place
//!     current_thread, spawn_blocking: no stall
//!     The article, A23: "Nothing blocks, except for the entry point."
//!     Our answer for Rust: false (not true)
//!     Our answer to A23 is borne out: 2 of 2 blocking calls stopped the loop and were reported
//!     The article, A3: "Turning system calls into coroutines makes a program more responsive."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A3 is borne out: a call on a thread of its own stopped the loop 0 times

use std::sync::mpsc::Receiver;

use shared::measure::NoiseMeter;
use shared::{Result, claim, claim_timed, flags, say};
use tokio::runtime::{Builder, Runtime};
use tokio::task::spawn_blocking;

const LIMIT: Duration = Duration::from_millis(200);

fn main() -> Result {
    flags([]);
    let one = Builder::new_current_thread().enable_time().build()?;
    let mut many = Builder::new_multi_thread();
    let many = many.worker_threads(1).enable_time().build()?;
    let blocked = run(&one, "current_thread, call in a task", blocks)?
        + run(&many, "multi_thread, call in a task", blocks)?;
    let meter = NoiseMeter::start();
    let stalled = run(&one, "current_thread, spawn_blocking", moves)?;

    let figure = format!(
        "{blocked} of 2 blocking calls stopped the loop and were reported"
    );
    claim("A23", blocked == 2, figure)?;
    let figure = format!(
        "a call on a thread of its own stopped the loop {stalled} times"
    );
    claim_timed("A3", stalled == 0, meter.read(), figure)
}

/// Blocks its thread. Returns the report of the detector.
async fn blocks(reports: Receiver<String>) -> Option<String> {
    call(reports) // WRONG: no other task of this thread has a turn meanwhile
}

async fn moves(reports: Receiver<String>) -> Option<String> {
    spawn_blocking(|| call(reports)).await.expect("it does not panic")
}

/// Stands for a call that blocks. It waits for the report about itself, at most
/// 400 ms: so the report has come while it blocked.
fn call(reports: Receiver<String>) -> Option<String> {
    reports.recv_timeout(2 * LIMIT).ok()
}

/// Runs a service that makes the call. Returns 1 if a stall was reported.
fn run<F>(
    tokio: &Runtime,
    what: &str,
    service: fn(Receiver<String>) -> F,
) -> Result<usize>
where
    F: Future<Output = Option<String>> + Send + 'static,
{
    let (send, reports) = mpsc::channel();
    let send_report = move |text: &str| _ = send.send(text.to_string());
    let watched = watch_for_stalls(tokio.handle(), LIMIT, send_report)?;
    let report = tokio.block_on(tokio.spawn(service(reports)))?;
    watched.abort();
    say!("{what}: {}", report.as_deref().unwrap_or("no stall"));
    Ok(usize::from(report.is_some()))
}

// ANCHOR: stall_detector
use std::sync::mpsc::{self, RecvTimeoutError::Timeout};
use std::{io, time::Duration};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::AbortHandle;

/// Calls `report` when no task of the runtime had a turn for `limit`, because
/// calls block all of its threads: once for each stall, and while it lasts. The
/// text says how to repair it, not which call it is. The watching ends with the
/// runtime, or when its task is aborted.
///
/// It does not notice when only some of several workers are blocked. A
/// `current_thread` runtime that is outside of `block_on` counts as blocked. A
/// `limit` of a few milliseconds gives false alarms.
///
/// # Errors
///
/// The system refuses another thread.
///
/// # Panics
///
/// When the runtime has no timers (`enable_time`), and when `limit` is zero.
pub fn watch_for_stalls(
    runtime: &Handle,
    limit: Duration,
    mut report: impl FnMut(&str) + Send + 'static,
) -> io::Result<AbortHandle> {
    let repair = match runtime.runtime_flavor() {
        RuntimeFlavor::CurrentThread => "spawn_blocking",
        _ => "spawn_blocking or block_in_place",
    };
    let text = format!("no turn for {limit:?}; use {repair}");
    let _entered = runtime.enter();
    let mut pulse = tokio::time::interval(limit / 4);
    let (beat, beats) = mpsc::channel();
    let watcher = std::thread::Builder::new().name("stall-detector".into());
    // Not joined: it ends when nobody can send a beat any more.
    watcher.spawn(move || {
        let mut last_beat = Ok(());
        while last_beat.is_ok() {
            last_beat = beats.recv_timeout(limit);
            if last_beat == Err(Timeout) {
                report(&text);
                // The next beat ends the stall: one report for each.
                last_beat = beats.recv().map_err(Into::into);
            }
        }
    })?;
    let heart = tokio::spawn(async move {
        while beat.send(()).is_ok() {
            pulse.tick().await;
        }
    });
    Ok(heart.abort_handle())
}
// ANCHOR_END: stall_detector
