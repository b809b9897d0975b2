//! `block_on` in a task: tokio panics, smol and async-std block its thread.
//!
//!     cargo run -p asyncio --bin block_on_ways
//!
//! A task calls a sync function. Five ways wait for async code in it; one only
//! drops a runtime, which waits if that runtime has jobs. tokio refuses two of
//! the six: they panic. The other four return, so they have waited, and have
//! blocked the thread of the task. Only `block_in_place` moves the other tasks
//! to another thread first. `block_on` of smol and async-std gives no warning.
//! A second runtime (`wait_on`) blocks the thread, too, but it does the work in
//! threads of its own: the work never waits for the blocked thread. Use
//! `wait_on` in plain threads. In a task of tokio's multi-threaded runtime put
//! `block_in_place` around it, or use `.await`.
//!
//! Read `bridge_sync` first. The entry point in A23 is Python's `asyncio.run`.
//!
//! Claims: A23
//! Change this and watch: `on_tokio` instead of `|| block_in_place(on_tokio)`.
//! Three ways panic then, and A23 is contradicted.
//!
//! Output (times vary, counts do not):
//!     in a task of tokio         ends
//!     tokio's Handle::block_on   panics: Cannot start a runtime from within a runtime
//!     a Runtime that is dropped  panics: Cannot drop a runtime in a context where blocking is not allowed
//!     smol::block_on             returns 12
//!     async_std::task::block_on  returns 12
//!     block_in_place             returns 12
//!     a second runtime: wait_on  returns 12
//!     The article, A23: "Nothing blocks, except for the entry point."
//!     Our answer for Rust: false (not true)
//!     Our answer to A23 is borne out: in a task 4 of 6 ways wait, and block its thread; the others panic

use std::{panic, time::Duration};

use shared::{Result, Table, claim, flags, panic_text};
use tokio::runtime::Runtime;
use tokio::task::{JoinError, block_in_place};

fn main() -> Result {
    flags([]);
    panic::set_hook(Box::new(|_| {})); // silent: the table tells of panics
    let runtime = Runtime::new()?;
    let mut table = Table::new(["in a task of tokio", "ends"]);
    let waited = WAYS.map(|(way, wait)| {
        let task = runtime.spawn(async move { wait() });
        let ended = runtime.block_on(task);
        let waited = ended.is_ok(); // and so has blocked the thread
        let ends = ended.map_or_else(panics, |got| format!("returns {got}"));
        table.row([&way, &ends]);
        waited
    });
    table.print();
    let figure = format!(
        "in a task {} of {} ways wait, and block its thread; the others panic",
        waited.iter().filter(|waited| **waited).count(),
        waited.len()
    );
    claim("A23", waited == [false, false, true, true, true, true], figure)
}

type Way = (&'static str, fn() -> u32);

const WAYS: [Way; 6] = [
    ("tokio's Handle::block_on", on_tokio),
    ("a Runtime that is dropped", dropped),
    // WRONG: these two block the thread of the task, and say nothing.
    ("smol::block_on", || smol::block_on(price())),
    ("async_std::task::block_on", || async_std::task::block_on(price())),
    // The other tasks move to another thread first.
    ("block_in_place", || block_in_place(on_tokio)),
    // It blocks the thread of the task, too; the work has threads of its own.
    ("a second runtime: wait_on", second_runtime),
];

/// Takes a moment, on any runtime.
async fn price() -> u32 {
    smol::Timer::after(Duration::from_millis(1)).await;
    12
}

fn on_tokio() -> u32 {
    Handle::current().block_on(price()) // WRONG: tasks need this thread
}

fn dropped() -> u32 {
    let runtime = Runtime::new().expect("one more can be made");
    drop(runtime); // WRONG: it might have to wait for a job
    12
}

fn second_runtime() -> u32 {
    let runtime = Runtime::new().expect("one more can be made");
    let price = wait_on(runtime.handle(), price());
    runtime.shutdown_background(); // does not wait, so it may end in a task
    price.expect("`price` does not panic")
}

fn panics(error: JoinError) -> String {
    let payload = error.into_panic();
    let text = panic_text(&*payload);
    format!("panics: {}", text.split('.').next().unwrap_or(text))
}

// ANCHOR: block_on_ways
use tokio::runtime::Handle;

/// Runs `work` on the runtime of this handle, and blocks the calling thread
/// until its result is there; `None` if it panics, or the runtime ends.
///
/// Something must drive the runtime meanwhile: a multi-threaded runtime does it
/// itself. Do not call this in a task of the same runtime. It blocks a worker;
/// if the runtime has only one, nobody is left to run `work`: a deadlock. In a
/// task of another runtime it ends; until then that task's thread is blocked.
pub fn wait_on<T: Send + 'static>(
    runtime: &Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let (sender, result) = std::sync::mpsc::sync_channel(1);
    runtime.spawn(async move { sender.send(work.await) });
    result.recv().ok()
}
// ANCHOR_END: block_on_ways
