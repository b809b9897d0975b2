//! A blocking call in a task stops the event loop; three ways to keep it going.
//!
//!     cargo run -p asyncio --bin responsive
//!
//! A heartbeat every 10 ms shares its thread with a task that makes a call of
//! 100 ms. `async` around a call that blocks changes nothing. There are three
//! ways. The call moves to a thread for blocking calls (`spawn_blocking`; in
//! Python `run_in_executor` or `to_thread`). Or another thread takes over the
//! worker (`block_in_place`, which panics on a `current_thread` runtime). Or
//! the call waits with `.await`.
//!
//! The program `responsive_runtimes` does the same on smol and async-std.
//! `stall_detector` finds such a call in a service that is running.
//!
//! Claims: A3, A23
//! Change this and watch: `worker_threads(2)`. The second worker keeps the
//! heartbeat going, and A23 is contradicted; it takes two calls to stop both.
//!
//! Output (figures vary):
//!     A call that blocks: 100 ms without a beat
//!     A call that moves to another thread: 11 ms without a beat
//!     A call that blocks in place: 11 ms without a beat
//!     A call that waits with await: 11 ms without a beat
//!     The article, A23: "Nothing blocks, except for the entry point."
//!     Our answer for Rust: false (not true)
//!     Our answer to A23 is borne out: a call of 100ms stops a heartbeat for 100 ms if it blocks, else for 11 ms
//!     The article, A3: "Turning system calls into coroutines makes a program more responsive."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A3 is borne out: a call of 100ms stops a heartbeat for 100 ms if it blocks, else for 11 ms

use std::{sync::mpsc, thread};

use shared::measure::{NoiseMeter, best_of, ms};
use shared::{Result, claim, claim_timed, flags, say};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{block_in_place, spawn_blocking};
use tokio::{spawn, time::sleep};

const BEAT: Duration = Duration::from_millis(10);
const CALL: Duration = Duration::from_millis(100);

fn main() -> Result {
    flags([]);
    let mut tokio = Builder::new_multi_thread();
    let tokio = tokio.worker_threads(1).enable_time().build()?;
    let meter = NoiseMeter::start();
    let blocked = longest_gap(&tokio, "blocks", blocks);
    let moved =
        longest_gap(&tokio, "moves to another thread", || spawn_blocking(call));
    // On a `current_thread` runtime this would panic.
    let in_place = longest_gap(&tokio, "blocks in place", || async {
        block_in_place(call)
    });
    let awaited = longest_gap(&tokio, "waits with await", || sleep(CALL));

    let (noise, most) = (meter.read(), moved.max(in_place).max(awaited));
    let figure = format!(
        "a call of {CALL:?} stops a heartbeat for {:.0} ms if it blocks, else \
         for {:.0} ms",
        ms(blocked),
        ms(most)
    );
    claim("A23", blocked >= CALL, &figure)?;
    claim_timed("A3", blocked > 2 * most, noise, figure)
}

async fn blocks() {
    call(); // WRONG: the heartbeat needs this thread
}

/// Stands for any call that keeps its thread until it is done.
fn call() {
    thread::sleep(CALL);
}

/// The longest time between two beats of a heartbeat beside the call: the
/// shortest of three tries.
fn longest_gap<F>(tokio: &Runtime, what: &str, call: fn() -> F) -> Duration
where
    // The result is `Send`, too.
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let once = async || {
        let (report, gaps) = mpsc::channel();
        let heart = spawn(heartbeat(BEAT, move |gap| _ = report.send(gap)));
        sleep(2 * BEAT).await; // the heart beats already
        spawn(call()).await.expect("the call does not panic");
        sleep(2 * BEAT).await; // it has beaten once more
        heart.abort();
        gaps.try_iter().max().expect("it has beaten")
    };
    let longest = best_of(3, || tokio.block_on(once()));
    say!("A call that {what}: {:.0} ms without a beat", ms(longest));
    longest
}

// ANCHOR: responsive
use std::time::{Duration, Instant};

/// Reports the time from beat to beat, for as long as it runs: the latency of
/// the event loop. Spawn it beside your tasks. A gap much longer than `beat`
/// means that a task has blocked the worker; it is reported when that is over.
pub async fn heartbeat(beat: Duration, mut report: impl FnMut(Duration)) {
    loop {
        let last = Instant::now();
        tokio::time::sleep(beat).await;
        report(last.elapsed());
    }
}
// ANCHOR_END: responsive
