//! Event loop latency: a heartbeat beside a blocking call, on three runtimes.
//!
//!     cargo run -p asyncio --bin responsive_runtimes
//!
//! The longest time between two beats of 10 ms, while a task on the same thread
//! makes a call of 100 ms. It is the same on all of them: a call that blocks
//! its thread stops everything else there. smol and async-std have nothing like
//! `block_in_place`, and tokio's panics on a `current_thread` runtime, as the
//! one here. They call the thread pool for blocking calls `unblock` and
//! `spawn_blocking`.
//!
//! Read `responsive` first.
//!
//! Claims: A3, X7
//! Change this and watch: `BEAT` to 1 ms. Where nothing blocks, the gap becomes
//! shorter; under a call that blocks it stays as long as the call.
//!
//! Output (figures vary):
//!     call               tokio ms  smol ms  async-std ms
//!     blocks                  100      100           100
//!     moves to a thread        11       10            10
//!     waits with await         11       10            10
//!     X7 borne out: a heartbeat stops for 100 ms if a call blocks, else for 11 ms
//!     A3 borne out: a heartbeat stops for 100 ms if a call blocks, else for 11 ms

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::{thread, time::Duration, time::Instant};

use futures::{FutureExt, future::LocalBoxFuture, future::join};
use shared::measure::{NoiseMeter, best_of, ms};
use shared::{Result, Table, claim, claim_timed, flags};
use tokio::{runtime::Builder, task::spawn_blocking};

const BEAT: Duration = Duration::from_millis(10);
const CALL: Duration = Duration::from_millis(100);

fn main() -> Result {
    flags([]);
    let meter = NoiseMeter::start();
    let mut table = Table::new(["call", "tokio ms", "smol ms", "async-std ms"]);
    let mut row = |call: &str, ways| {
        let gaps = gaps(ways);
        let [tokio, smol, std] = gaps.map(|gap| format!("{:.0}", ms(gap)));
        table.row([&call, &tokio, &smol, &std]);
        gaps
    };
    let blocked = row("blocks", [blocks, blocks, blocks]);
    let moved = row("moves to a thread", [tokio_moves, smol_moves, std_moves]);
    let awaited =
        row("waits with await", [tokio_awaits, smol_awaits, std_awaits]);
    table.print();

    let least = blocked.into_iter().min().expect("three runtimes");
    let most = moved.into_iter().chain(awaited).max().expect("two ways");
    let (least_ms, most_ms) = (ms(least), ms(most));
    let figure = format!(
        "a heartbeat stops for {least_ms:.0} ms if a call blocks, else for \
         {most_ms:.0} ms"
    );
    claim("X7", least >= CALL, &figure)?;
    claim_timed("A3", least > 2 * most, meter.read(), figure)
}

/// Makes the call as a future of a runtime.
type Call = fn() -> LocalBoxFuture<'static, ()>;

/// The longest gap on each runtime: the shortest of three tries.
fn gaps([tokio, smol, std]: [Call; 3]) -> [Duration; 3] {
    [
        best_of(3, || on_tokio(tokio)),
        best_of(3, || on_smol(smol)),
        best_of(3, || on_async_std(std)),
    ]
}

fn blocks() -> LocalBoxFuture<'static, ()> {
    async { call() }.boxed_local() // WRONG: the heartbeat needs this thread
}

fn tokio_moves() -> LocalBoxFuture<'static, ()> {
    async { spawn_blocking(call).await.expect("no panic") }.boxed_local()
}

fn smol_moves() -> LocalBoxFuture<'static, ()> {
    smol::unblock(call).boxed_local()
}

fn std_moves() -> LocalBoxFuture<'static, ()> {
    async_std::task::spawn_blocking(call).boxed_local()
}

fn tokio_awaits() -> LocalBoxFuture<'static, ()> {
    tokio::time::sleep(CALL).boxed_local()
}

fn smol_awaits() -> LocalBoxFuture<'static, ()> {
    smol::Timer::after(CALL).map(drop).boxed_local()
}

fn std_awaits() -> LocalBoxFuture<'static, ()> {
    async_std::task::sleep(CALL).boxed_local()
}

/// Stands for any call that keeps its thread until it is done.
fn call() {
    thread::sleep(CALL);
}

fn on_tokio(call: Call) -> Duration {
    let tokio = Builder::new_current_thread().enable_time().build();
    let tokio = tokio.expect("it needs no file but the clock's");
    tokio.block_on(async { longest_gap(call(), tokio::time::sleep).await })
}

fn on_smol(call: Call) -> Duration {
    smol::block_on(longest_gap(call(), smol::Timer::after))
}

fn on_async_std(call: Call) -> Duration {
    use async_std::task::{block_on, sleep};
    block_on(longest_gap(call(), sleep))
}

/// The longest time between two beats beside the `call`.
async fn longest_gap<Wait: Future>(
    call: impl Future,
    wait: impl Fn(Duration) -> Wait,
) -> Duration {
    let done = AtomicBool::new(false);
    let heart = async {
        let mut longest = Duration::ZERO;
        while !done.load(Relaxed) {
            let last = Instant::now();
            wait(BEAT).await;
            longest = longest.max(last.elapsed());
        }
        longest
    };
    let call = async {
        wait(BEAT).await; // the heart beats already
        call.await;
        done.store(true, Relaxed);
    };
    join(heart, call).await.0
}
