//! Call async code from a sync function in a task: `block_on` panics there.
//!
//!     cargo run -p asyncio --bin bridge_sync
//!
//! A sync function cannot `await`. `Handle::block_on` waits for async code, but
//! in a task it would block a thread that other tasks need, so tokio panics
//! instead. So run the sync function on a thread that may block:
//! `spawn_blocking`, which is Python's `run_in_executor` and
//! `asyncio.to_thread`. Or let the other tasks move to another thread first:
//! `block_in_place`; on a runtime of one thread it panics.
//!
//! The program `block_on_ways` compares runtimes; `runtime_shutdown` shows what
//! happens when the runtime ends.
//!
//! Claims: A23
//! Change this and watch: `flavor = "current_thread"` instead of
//! `worker_threads = 2`. `block_in_place` panics, too, and A23 is contradicted.
//!
//! Output (times vary, counts do not):
//!     in the task itself: panics: Cannot start a runtime from within a runtime
//!     block_in_place: returns 15
//!     spawn_blocking: returns 15
//!     The article, A23: "Nothing blocks, except for the entry point."
//!     Our answer for Rust: false (not true)
//!     Our answer to A23 is borne out: waiting for async code panics in a task, and blocks a thread in 2 of 2 cures

use std::{panic, time::Duration};

use shared::{Result, claim, flags, say};
use tokio::runtime::Handle;
use tokio::{task::block_in_place, time::sleep};

#[tokio::main(worker_threads = 2)]
async fn main() -> Result {
    flags([]);
    panic::set_hook(Box::new(|_| {})); // silent: `told` prints the panics
    let in_task = async { total() }; // WRONG: `total` blocks this thread
    let told_in_task = told("in the task itself", in_task).await;
    let in_place = async { block_in_place(total) };
    let told_in_place = told("block_in_place", in_place).await;
    let elsewhere = told("spawn_blocking", call_sync(total)).await;

    let bridges = [told_in_place, elsewhere].iter().flatten().count();
    let panics = if told_in_task.is_none() { "panics" } else { "returns" };
    let figure = format!(
        "waiting for async code {panics} in a task, and blocks a thread in \
         {bridges} of 2 cures"
    );
    claim("A23", told_in_task.is_none() && bridges == 2, figure)
}

/// A sync function that needs async code.
fn total() -> u32 {
    Handle::current().block_on(price()) + 3
}

async fn price() -> u32 {
    sleep(Duration::from_millis(1)).await;
    12
}

/// What a task returns, if it does not panic.
async fn told<Task>(way: &str, task: Task) -> Option<u32>
where
    Task: Future<Output = u32> + Send + 'static,
{
    match tokio::spawn(task).await {
        Ok(total) => {
            say!("{way}: returns {total}");
            Some(total)
        }
        Err(error) => {
            let payload = error.into_panic();
            let text = shared::panic_text(&*payload);
            say!("{way}: panics: {}", text.split('.').next().unwrap_or(text));
            None
        }
    }
}

// ANCHOR: bridge_sync
/// Runs `call` on another thread, and awaits its result. `call` may block, even
/// by `Handle::current().block_on`. If it panics, the caller panics, too. It
/// goes on if this future is dropped. Needs tokio.
pub async fn call_sync<T: Send + 'static>(
    call: impl FnOnce() -> T + Send + 'static,
) -> T {
    let called = tokio::task::spawn_blocking(call).await;
    called.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}
// ANCHOR_END: bridge_sync
