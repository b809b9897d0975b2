//! A heart beats every 10 ms. What stops it while a call takes 100 ms?
//!
//!     cargo run -p asyncio --bin responsive
//!
//! Heart and call share one thread. `async` around a call that blocks changes
//! nothing: it must move to another thread, or wait by `await`. smol and
//! async-std have nothing like `block_in_place`.
//!
//! Claims: A3, A23, X7
//! Change this and watch: `worker_threads(2)`. The heart on tokio stops as
//! before (in all of eleven runs), although a second thread has nothing to do.
//!
//! Output (figures vary):
//!     the longest time without a beat, in ms
//!     a call that            tokio    smol  async-std
//!     blocks                   100     100        100
//!     moves to a thread         11      10         10
//!     blocks in place           11    none       none
//!     waits by await            11      10         10
//!     A3 borne out: 100 ms without a beat, or 11 at most
//!     A23 borne out: a blocking call stops the rest for 100 ms
//!     X7 borne out: a blocking call stops the rest for 100 ms

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::{thread, time::Duration};

use futures::future::join;
use shared::{Result, claim, flags, measure::ms, say};
use tokio::task::{block_in_place, spawn_blocking};
use tokio::{runtime, spawn, time::sleep};

const BEAT: Duration = Duration::from_millis(10);
const CALL: Duration = Duration::from_millis(100);

fn main() -> Result {
    flags([]);
    say!("the longest time without a beat, in ms");
    say!("{:<20}{:>8}{:>8}{:>11}", "a call that", "tokio", "smol", "async-std");
    let blocked = row("blocks", BLOCKS)?;
    let mut beating = row("moves to a thread", MOVES)?;
    beating.extend(row("blocks in place", IN_PLACE)?);
    beating.extend(row("waits by await", AWAITS)?);
    let least = blocked.into_iter().min().expect("three runtimes");
    let most = beating.into_iter().max().expect("seven ways");
    let (stop, beat) = (ms(least), ms(most));
    let figure = format!("{stop:.0} ms without a beat, or {beat:.0} at most");
    claim("A3", least > 2 * most, figure)?;
    let figure = format!("a blocking call stops the rest for {stop:.0} ms");
    claim("A23", least >= CALL, &figure)?;
    claim("X7", least >= CALL && most < CALL, figure)
}

/// One way to call on each runtime that has it.
type Way = &'static [fn() -> Result<Duration>];

const BLOCKS: Way = &[
    || on_tokio(async { call() }), // WRONG: the thread belongs to all
    || on_smol(async { call() }),  // WRONG: as above
    || on_async_std(async { call() }), // WRONG: as above
];

const MOVES: Way = &[
    || on_tokio(async { spawn_blocking(call).await.expect("it returns") }),
    || on_smol(smol::unblock(call)),
    || on_async_std(async_std::task::spawn_blocking(call)),
];

const IN_PLACE: Way = &[|| on_tokio(async { block_in_place(call) })];

const AWAITS: Way = &[
    || on_tokio(async { sleep(CALL).await }),
    || on_smol(async { _ = smol::Timer::after(CALL).await }),
    || on_async_std(async_std::task::sleep(CALL)),
];

/// Stands for whatever keeps its thread until it is done.
fn call() {
    thread::sleep(CALL);
}

fn row(name: &str, way: Way) -> Result<Vec<Duration>> {
    let gaps = way.iter().map(calmest).collect::<Result<Vec<_>>>()?;
    let shown = |runtime| match gaps.get(runtime) {
        Some(gap) => format!("{:.0}", ms(*gap)),
        None => "none".into(),
    };
    say!("{name:<20}{:>8}{:>8}{:>11}", shown(0), shown(1), shown(2));
    Ok(gaps)
}

/// The shortest gap of up to three tries: others may want the cores just now.
fn calmest(gap: &fn() -> Result<Duration>) -> Result<Duration> {
    let mut best = gap()?;
    for _ in 0..2 {
        if (CALL / 4..CALL).contains(&best) {
            best = best.min(gap()?);
        }
    }
    Ok(best)
}

fn on_tokio(
    call: impl Future<Output = ()> + Send + 'static,
) -> Result<Duration> {
    let mut builder = runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_time().build()?.block_on(async {
        let call = async { spawn(call).await.expect("it returns") };
        Ok(spawn(beside(call, sleep)).await?)
    })
}

fn on_smol(call: impl Future) -> Result<Duration> {
    Ok(smol::block_on(beside(call, smol::Timer::after)))
}

fn on_async_std(call: impl Future) -> Result<Duration> {
    use async_std::task::{block_on, sleep};
    Ok(block_on(beside(call, sleep)))
}

/// The longest gap between two beats of a heart beside the `call`.
async fn beside<Wait: Future>(
    call: impl Future,
    wait: impl Fn(Duration) -> Wait,
) -> Duration {
    let done = AtomicBool::new(false);
    let heart = longest_gap(|| wait(BEAT), &done);
    let call = async {
        wait(BEAT).await; // the heart beats already
        call.await;
        done.store(true, Relaxed);
    };
    join(heart, call).await.0
}

// ANCHOR: responsive
/// Waits again and again until `done`, and tells what the longest time between
/// two turns was. Beside other tasks it shows when one of them blocks.
pub async fn longest_gap<Wait: Future>(
    wait: impl Fn() -> Wait,
    done: &std::sync::atomic::AtomicBool,
) -> std::time::Duration {
    let mut longest = std::time::Duration::ZERO;
    while !done.load(std::sync::atomic::Ordering::Relaxed) {
        let last = std::time::Instant::now();
        wait().await;
        longest = longest.max(last.elapsed());
    }
    longest
}
// ANCHOR_END: responsive
