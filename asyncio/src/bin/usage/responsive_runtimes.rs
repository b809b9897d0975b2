//! Event loop latency on smol and async-std: a heartbeat beside a blocked call.
//!
//!     cargo run -p asyncio --bin responsive_runtimes
//!
//! The longest time between two beats of 10 ms, while a future on the same
//! thread makes a call of 100 ms. All runtimes behave alike: a call that blocks
//! its thread stops everything else there. `unblock` of smol and
//! `spawn_blocking` of async-std move a call to a thread for blocking calls, as
//! `run_in_executor` does in Python. Only tokio has `block_in_place`.
//!
//! Read `responsive` first: it does the same on tokio.
//!
//! Claims: A3, X7
//! Change this and watch: `BEAT` to 1 ms. Where nothing blocks, the gap becomes
//! shorter; under a call that blocks it stays as long as the call.
//!
//! Output (figures vary):
//!     A call that blocks: smol 100 ms, async-std 110 ms
//!     A call that moves to a thread: smol 10 ms, async-std 10 ms
//!     A call that waits with await: smol 10 ms, async-std 10 ms
//!     Not in the article, X7: "How long a heartbeat stops under a blocking call."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to X7 is borne out: a call that blocks stops a heartbeat for 100 ms, others for 10 ms
//!     The article, A3: "Turning system calls into coroutines makes a program more responsive."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A3 is borne out: a call that blocks stops a heartbeat for 100 ms, others for 10 ms

use std::{cell::Cell, pin::pin, thread, time::Duration, time::Instant};

use async_std::task::{self, sleep, spawn_blocking};
use futures::future::select;
use shared::measure::{NoiseMeter, best_of, ms};
use shared::{Result, claim, claim_timed, flags, say};
use smol::Timer;

const BEAT: Duration = Duration::from_millis(10);
const CALL: Duration = Duration::from_millis(100);

fn main() -> Result {
    flags([]);
    let meter = NoiseMeter::start();
    let blocked = gaps("blocks", on_smol(blocks), on_async_std(blocks));
    let moved = gaps(
        "moves to a thread",
        on_smol(|| run_blocking(call)),
        on_async_std(|| spawn_blocking(call)),
    );
    let awaited = gaps(
        "waits with await",
        on_smol(|| Timer::after(CALL)),
        on_async_std(|| sleep(CALL)),
    );
    let least = blocked.into_iter().min().expect("two runtimes");
    let most = moved.into_iter().chain(awaited).max().expect("two ways");
    let figure = format!(
        "a call that blocks stops a heartbeat for {:.0} ms, others for {:.0} \
         ms",
        ms(least),
        ms(most)
    );
    claim("X7", least >= CALL, &figure)?;
    claim_timed("A3", least > 2 * most, meter.read(), figure)
}

async fn blocks() {
    call(); // WRONG: the heartbeat needs this thread
}

/// Stands for any call that keeps its thread until it is done.
fn call() {
    thread::sleep(CALL);
}

/// The longest time between two beats on each runtime, told and returned.
fn gaps(what: &str, smol: Duration, async_std: Duration) -> [Duration; 2] {
    let [one, other] = [ms(smol), ms(async_std)];
    say!("A call that {what}: smol {one:.0} ms, async-std {other:.0} ms");
    [smol, async_std]
}

fn on_smol<F: Future>(call: fn() -> F) -> Duration {
    best_of(3, || smol::block_on(longest_gap(call(), Timer::after)))
}

fn on_async_std<F: Future>(call: fn() -> F) -> Duration {
    best_of(3, || task::block_on(longest_gap(call(), sleep)))
}

/// The longest time between two beats beside the `call`.
async fn longest_gap<Wait: Future>(
    call: impl Future,
    wait: fn(Duration) -> Wait,
) -> Duration {
    let longest = Cell::new(Duration::ZERO);
    let heart = async {
        loop {
            let last = Instant::now();
            wait(BEAT).await;
            longest.set(longest.get().max(last.elapsed()));
        }
    };
    let call = async {
        wait(2 * BEAT).await; // the heart beats already
        call.await;
        wait(2 * BEAT).await; // it has beaten once more
    };
    select(pin!(heart), pin!(call)).await;
    longest.get()
}

// ANCHOR: responsive_runtimes
/// Runs a blocking call beside the event loop of smol, on one of its threads
/// for such calls (500 at most). Dropping the future does not stop a call that
/// has begun. A panic in the call is raised again in whoever awaits it.
pub async fn run_blocking<T: Send + 'static>(
    call: impl FnOnce() -> T + Send + 'static,
) -> T {
    smol::unblock(call).await
}
// ANCHOR_END: responsive_runtimes
