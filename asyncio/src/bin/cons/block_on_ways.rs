//! `block_on` in a task: tokio panics, smol and async-std block its thread.
//!
//!     cargo run -p asyncio --bin block_on_ways
//!
//! Each way waits for async code in a sync function that a task has called.
//! smol's and async-std's `block_on` work anywhere, also in tasks of tokio: the
//! thread is lost to the other tasks for so long, and nobody says so. A runtime
//! that is dropped in a task panics, because its end may have to wait.
//!
//! Read `bridge_sync` first.
//!
//! Claims: A23
//! Change this and watch: `on_tokio` for `in_place` in the table. Three ways
//! panic then, and A23 is contradicted.
//!
//! Output (figures vary):
//!     in a task of tokio         ends
//!     tokio's Handle::block_on   Cannot start a runtime from within a runtime
//!     a Runtime that is dropped  Cannot drop a runtime in a context where blocking is not allowed
//!     smol::block_on             returns 12
//!     async_std::task::block_on  returns 12
//!     block_in_place             returns 12
//!     a runtime elsewhere        returns 12
//!     The article, A23: "Nothing blocks, except for the entry point."
//!     Our answer for Rust: false (not true)
//!     A23 borne out: in a task 4 of 6 ways to wait block its thread, others panic

use std::{panic, time::Duration};

use shared::{Failure, Result, Table, claim, flags, panic_text};
use tokio::runtime::{Builder, Runtime};
use tokio::task::block_in_place;

fn main() -> Result {
    flags([]);
    panic::set_hook(Box::new(|_| {})); // silent: the table tells of panics
    let runtime = Runtime::new()?;
    let mut table = Table::new(["in a task of tokio", "ends"]);
    let mut panics = Vec::new();
    for (way, wait) in WAYS {
        let task = runtime.spawn(async move { wait() });
        match runtime.block_on(task) {
            Ok(price) => table.row([&way, &format_args!("returns {}", price?)]),
            Err(error) => {
                let payload = error.into_panic();
                let text = panic_text(&*payload).lines().next();
                let text = text.and_then(|line| line.split('.').next());
                table.row([&way, &text.unwrap_or_default()]);
                panics.push(way);
            }
        }
    }
    table.print();
    let blocks = WAYS.len() - panics.len();
    let figure = format!(
        "in a task {blocks} of {} ways to wait block its thread, others panic",
        WAYS.len()
    );
    claim("A23", panics == [WAYS[0].0, WAYS[1].0], figure)
}

type Way = (&'static str, fn() -> Result<u32>);

const WAYS: [Way; 6] = [
    ("tokio's Handle::block_on", on_tokio),
    ("a Runtime that is dropped", dropped),
    ("smol::block_on", on_smol),
    ("async_std::task::block_on", on_async_std),
    ("block_in_place", in_place),
    ("a runtime elsewhere", elsewhere),
];

/// Takes a moment, on any runtime.
async fn price() -> u32 {
    smol::Timer::after(Duration::from_millis(1)).await;
    12
}

fn on_tokio() -> Result<u32> {
    Ok(Handle::current().block_on(price())) // WRONG: tasks need this thread
}

fn dropped() -> Result<u32> {
    drop(Runtime::new()?); // WRONG: it might have to wait for a job
    Ok(12)
}

fn on_smol() -> Result<u32> {
    Ok(smol::block_on(price())) // WRONG: blocks this thread, and says nothing
}

fn on_async_std() -> Result<u32> {
    Ok(async_std::task::block_on(price())) // WRONG: as above
}

fn in_place() -> Result<u32> {
    block_in_place(on_tokio) // the other tasks move to another thread first
}

fn elsewhere() -> Result<u32> {
    let runtime = Builder::new_multi_thread().worker_threads(1).build()?;
    let price = wait_on(runtime.handle(), price());
    runtime.shutdown_background(); // does not wait, so it may end in a task
    price.ok_or_else(|| Failure::new("it panics"))
}

// ANCHOR: block_on_ways
use tokio::runtime::Handle;

/// Runs `work` on the runtime of this handle, and blocks the calling thread
/// until its result is there; `None` if it panics, or the runtime ends. Works
/// in any thread, also in a task, but not in one of the same runtime: its only
/// worker may be the one that this blocks.
pub fn wait_on<T: Send + 'static>(
    runtime: &Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let (sender, result) = std::sync::mpsc::sync_channel(1);
    runtime.spawn(async move { sender.send(work.await) });
    result.recv().ok()
}
// ANCHOR_END: block_on_ways
