//! The end of a runtime waits for blocking jobs: shutdown with a time limit.
//!
//!     cargo run -p asyncio --bin runtime_shutdown
//!
//! A runtime that is dropped cancels its tasks. But a job of `spawn_blocking`
//! that has begun cannot be cancelled: `drop` waits for it, without a limit.
//! `shutdown_timeout` waits for so long and no longer, `shutdown_background`
//! does not wait. The job goes on until the process ends. (In Python
//! `asyncio.run` waits for the threads of its executor, up to 5 minutes.)
//!
//! Claims: A23
//! Change this and watch: a limit of 500 ms. `shutdown_timeout` waits until the
//! job is done, too, and A23 is contradicted.
//!
//! Output (times vary, counts do not):
//!     drop: 300 ms, its job of 300 ms is done
//!     shutdown_timeout: 50 ms, its job of 300 ms is left behind
//!     shutdown_background: 0 ms, its job of 300 ms is left behind
//!     The article, A23: "Nothing blocks, except for the entry point."
//!     Our answer for Rust: false (not true)
//!     Our answer to A23 is borne out: 1 of 3 ends of a runtime block

use std::sync::{Arc, atomic::AtomicBool, atomic::Ordering::Relaxed, mpsc};
use std::{future::ready, thread, time::Instant};

use shared::{Result, claim, flags, measure::ms, say};

fn main() -> Result {
    flags([]);
    let limit = Duration::from_millis(50);
    let dropped = waits("drop", |runtime| {
        runtime.block_on(ready(()));
        drop(runtime); // WRONG: waits for as long as the job takes
    })?;
    let limited = waits("shutdown_timeout", |runtime| {
        run_then_stop(runtime, ready(()), limit);
    })?;
    let left = waits("shutdown_background", Runtime::shutdown_background)?;

    let waited = [dropped, limited, left].into_iter().filter(|waited| *waited);
    let figure = format!("{} of 3 ends of a runtime block", waited.count());
    claim("A23", dropped && !limited && !left, figure)
}

/// Whether the end of a runtime waits for a blocking job that has begun.
fn waits(way: &str, end: impl FnOnce(Runtime)) -> Result<bool> {
    let runtime = Runtime::new()?;
    let done = Arc::new(AtomicBool::new(false));
    let (begin, begun) = mpsc::channel();
    let is_done = done.clone();
    runtime.spawn_blocking(move || {
        begin.send(()).expect("`main` waits for it");
        thread::sleep(Duration::from_millis(300));
        is_done.store(true, Relaxed);
    });
    begun.recv()?;
    let started = Instant::now();
    end(runtime);
    let (took, done) = (ms(started.elapsed()), done.load(Relaxed));
    let job = if done { "done" } else { "left behind" };
    say!("{way}: {took:.0} ms, its job of 300 ms is {job}");
    Ok(done)
}

// ANCHOR: runtime_shutdown
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use tokio::runtime::Runtime;

/// Runs `main` to its end, as `#[tokio::main]` does. Then cancels the tasks
/// that are left, and waits at most `limit` for those that block a thread; also
/// if `main` panics, before the panic goes on. In a task of tokio it panics.
pub fn run_then_stop<T>(
    runtime: Runtime,
    main: impl Future<Output = T>,
    limit: Duration,
) -> T {
    let run = || runtime.block_on(main);
    let output = catch_unwind(AssertUnwindSafe(run));
    runtime.shutdown_timeout(limit);
    output.unwrap_or_else(|panic| resume_unwind(panic))
}
// ANCHOR_END: runtime_shutdown
