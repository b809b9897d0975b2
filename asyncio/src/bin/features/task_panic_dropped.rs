//! A panic in a task that nobody awaits: is it lost, and does its thread go on?
//!
//!     cargo run -p asyncio --bin task_panic_dropped
//!
//! A dropped (or detached) handle loses the panic: only the panic hook hears of
//! it. The thread goes on: here each runtime has one worker thread, and it runs
//! the next task. (The documentation of async-std says that a panic ends the
//! program.) A background task should have somebody who awaits it, and reports:
//! `spawn_reporting`. In Python: `Task.add_done_callback`.
//!
//! Read `task_panic` first.
//!
//! Claims: X3
//! Change this and watch: `panic = "abort"` in the `[profile.dev]` of
//! Cargo.toml. The first panic ends the program.
//!
//! Output (times vary, counts do not):
//!     hook hears of a panic
//!     hook hears of a panic
//!     hook hears of a panic
//!     their threads go on: async-std, smol, tokio
//!     hook hears of a panic
//!     spawn_reporting: task 4 panicked with message "no number"
//!     Not in the article, X3: "What a panic does, model by model."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to X3 is borne out: threads go on after a panic on 3 of 3 runtimes

use std::{panic, sync::mpsc, time::Duration};

use shared::{Result, claim, flags, role, say, watchdog::Watchdog};
use tokio::runtime::Builder;

fn main() -> Result {
    // Their global runtimes read this when they start.
    let one = [("SMOL_THREADS", "1"), ("ASYNC_STD_THREAD_COUNT", "1")];
    role::restart_with(one)?;
    flags([]);
    let _bound = Watchdog::guard("the tasks", Duration::from_secs(3))?;
    panic::set_hook(Box::new(|_| say!("hook hears of a panic")));
    let tokio = Builder::new_multi_thread().worker_threads(1).build()?;
    let _entered = tokio.enter(); // for `tokio::spawn`

    panic_in_three_runtimes();
    let go_on = threads_that_go_on();
    say!("their threads go on: {}", go_on.join(", "));

    let (report, reported) = mpsc::channel();
    spawn_reporting(panics(), move |text| drop(report.send(text)));
    say!("spawn_reporting: {}", reported.recv()?);
    let figure =
        format!("threads go on after a panic on {} of 3 runtimes", go_on.len());
    claim("X3", go_on.len() == 3, figure)
}

fn panic_in_three_runtimes() {
    // WRONG: nobody can ask what has become of these.
    drop(tokio::spawn(panics()));
    smol::spawn(panics()).detach();
    drop(async_std::task::spawn(panics()));
}

/// The runtimes whose only worker runs another task.
fn threads_that_go_on() -> Vec<&'static str> {
    let (tell, told) = mpsc::channel();
    drop(tokio::spawn(next("tokio", tell.clone())));
    smol::spawn(next("smol", tell.clone())).detach();
    drop(async_std::task::spawn(next("async-std", tell)));
    let mut go_on: Vec<_> = told.iter().collect(); // until all have ended
    go_on.sort();
    go_on
}

async fn panics() {
    panic!("no number");
}

async fn next(runtime: &'static str, tell: mpsc::Sender<&'static str>) {
    tell.send(runtime).expect("`main` waits for it");
}

// ANCHOR: task_panic_dropped
/// Runs `work` in a task that nobody needs to await: if it panics, `report` is
/// called with the message. Needs a tokio runtime.
pub fn spawn_reporting(
    work: impl Future<Output = ()> + Send + 'static,
    report: impl FnOnce(String) + Send + 'static,
) {
    let task = tokio::spawn(work);
    tokio::spawn(async move {
        if let Err(error) = task.await
            && error.is_panic()
        {
            report(error.to_string());
        }
    });
}
// ANCHOR_END: task_panic_dropped
