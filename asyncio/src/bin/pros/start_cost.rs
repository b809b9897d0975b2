//! Start-up cost and memory: a task against a thread, and against a plain call.
//!
//!     cargo run --release -p asyncio --bin start_cost
//!
//! Starting and joining a task costs a fraction of what a thread costs, but it
//! is not free: awaiting the job directly is cheaper still. The same is true of
//! memory while it waits. Memory includes what the kernel keeps of a thread:
//! its kernel stack and page tables. A smaller stack saves nothing: only pages
//! that were used count.
//!
//! The program `switch_cost` measures switches; `spawn_many_runtimes` other
//! runtimes.
//!
//! Claims: A30, A31, X6
//! Change this and watch: let the waiting task hold an array of 30 000 bytes
//! across its await. It takes as much as a thread then, and A30 is
//! contradicted.
//!
//! Output (figures vary):
//!     plain await: 1 ns
//!     task: 448 ns to start and join; 319 bytes to keep
//!     thread: 32901 ns to start and join; 27402 bytes to keep
//!     The article, A30: "Unlike threads, coroutines cost no extra memory."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A30 is borne out: a task takes 319 bytes, a thread 27402
//!     The article, A31: "Unlike threads, they cost nothing to start."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A31 is borne out: to start and join takes 448 ns for a task, 32901 ns for a thread, a plain await 1 ns
//!     Not in the article, X6: "What starting, switching and keeping costs."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to X6 is borne out: to start and join takes 448 ns for a task, 32901 ns for a thread, a plain await 1 ns

use std::sync::{Arc, Barrier};
use std::{future::pending, hint::black_box};
use std::{thread, time::Instant};

use shared::measure::{Memory, NoiseMeter, best_of};
use shared::{Result, claim, claim_timed, flags, notice_debug_build, say};
use tokio::runtime::{Builder, Runtime};
use tokio::{spawn, task::yield_now};

const JOBS: u128 = 100;

fn main() -> Result {
    flags([]);
    notice_debug_build();
    let runtime = Builder::new_current_thread().build()?;
    let meter = NoiseMeter::start();
    let call = best_of(20, || runtime.block_on(await_directly()));
    let task = best_of(20, || runtime.block_on(start_task()));
    let thread = best_of(20, start_thread);
    let noise = meter.read();
    let task_bytes = bytes_each(10_000, || waiting_task(&runtime))?;
    let thread_bytes = bytes_each(100, waiting_thread)?;
    say!("plain await: {call} ns");
    say!("task: {task} ns to start and join; {task_bytes} bytes to keep");
    say!("thread: {thread} ns to start and join; {thread_bytes} bytes to keep");

    let figure =
        format!("a task takes {task_bytes} bytes, a thread {thread_bytes}");
    let borne_out = task_bytes > 100 && thread_bytes > 5 * task_bytes;
    claim("A30", borne_out, figure)?;
    let figure = format!(
        "to start and join takes {task} ns for a task, {thread} ns for a \
         thread, a plain await {call} ns"
    );
    let borne_out = task > 3 * call && thread > 2 * task;
    claim_timed("A31", borne_out, noise, &figure)?;
    claim_timed("X6", call < task && task < thread, noise, figure)
}

async fn job() {
    black_box(());
}

/// Nanoseconds for each of the jobs, one after the other.
async fn await_directly() -> u128 {
    let started = Instant::now();
    for _ in 0..JOBS {
        job().await;
    }
    started.elapsed().as_nanos() / JOBS
}

async fn start_task() -> u128 {
    let started = Instant::now();
    for _ in 0..JOBS {
        spawn(job()).await.expect("the job does not panic");
    }
    started.elapsed().as_nanos() / JOBS
}

fn start_thread() -> u128 {
    let started = Instant::now();
    for _ in 0..JOBS {
        let thread = thread::spawn(|| black_box(()));
        thread.join().expect("the job does not panic");
    }
    started.elapsed().as_nanos() / JOBS
}

/// Starts a task that waits until the program ends.
fn waiting_task(runtime: &Runtime) -> Result {
    drop(runtime.spawn(pending::<()>()));
    runtime.block_on(yield_now()); // it begins
    Ok(())
}

fn waiting_thread() -> Result {
    let begins = Arc::new(Barrier::new(2));
    let begun = begins.clone();
    start_small_thread(move || {
        begun.wait();
        drop(begun); // it would count
        thread::park();
    })?;
    begins.wait();
    Ok(())
}

/// Memory for each, of this process and of the kernel for it.
fn bytes_each(count: u64, start: impl Fn() -> Result) -> Result<u64> {
    let before = Memory::now()?.total();
    (0..count).try_for_each(|_| start())?;
    Ok(1_024 * Memory::now()?.total().saturating_sub(before) / count)
}

// ANCHOR: start_cost
/// Starts a thread with a stack of 64 KiB instead of 2 MiB
/// (`threading.stack_size`). That saves address space, but no memory: of a
/// stack only the used pages count. Work that needs more stack ends the process
/// with a stack overflow.
pub fn start_small_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<std::thread::JoinHandle<T>> {
    std::thread::Builder::new().stack_size(64 << 10).spawn(work)
}
// ANCHOR_END: start_cost
