//! A panic in a task, in nine ways to start one: who gets the message.
//!
//!     cargo run -p asyncio --bin task_panic_ways
//!
//! tokio returns the message as an error. smol and async-std raise the panic in
//! whoever awaits, as Python does; `catch_unwind` makes it an error. In all ways
//! the program goes on, and so does the worker thread: there is one for each
//! runtime, and after a task that nobody awaits it runs another one. (The
//! documentation of async-std says that a panic ends the program.)
//!
//! Read `task_panic` first.
//!
//! Claims: T6, F6, X3
//! Change this and watch: return what `panics` gives in the way "tokio,
//! dropped", instead of dropping it. T6 is contradicted.
//!
//! Output (figures vary):

use std::panic::{self, catch_unwind};
use std::thread;

use async_std::task;
use shared::{Result, Table, claim, flags, panic_text, role};
use tokio::runtime::Builder;
use tokio::task::{JoinError, JoinSet, spawn_blocking};

fn main() -> Result {
    // Their global runtimes read this when they start.
    let one = [("SMOL_THREADS", "1"), ("ASYNC_STD_THREAD_COUNT", "1")];
    role::restart_with(one)?;
    flags([]);
    panic::set_hook(Box::new(|_| {})); // silent: the table tells of panics
    let tokio = Builder::new_multi_thread().worker_threads(1).build()?;
    let mut table = Table::new(["way", "main gets", "its text"]);
    let mut ends = Vec::new();
    for way in WAYS {
        let (gets, payload) = match catch_unwind(|| tokio.block_on(start(way)))
        {
            Ok(Ok(())) => ("nothing", None),
            Ok(Err(payload)) => ("an error", Some(payload)),
            Err(payload) => ("a panic", Some(payload)),
        };
        table.row([&way, &gets, &payload.as_deref().map_or("-", panic_text)]);
        ends.push(gets);
    }
    table.print();
    let count = |what| ends.iter().filter(|gets| **gets == what).count();
    let [lost, returned, raised] =
        ["nothing", "an error", "a panic"].map(count);
    let figure = format!(
        "of 9 ways {returned} return the panic, {raised} raise it, {lost} lose it"
    );
    claim("T6", returned + raised == 6, &figure)?;
    claim("F6", (returned, raised) == (4, 2), &figure)?;
    let figure = format!("the worker runs its next task in {lost} of 3 ways");
    claim("X3", lost == 3, figure)
}

const WAYS: [&str; 9] = [
    "tokio, awaited",
    "tokio, dropped",
    "tokio JoinSet",
    "tokio spawn_blocking",
    "smol, awaited",
    "smol, caught",
    "smol, detached",
    "async-std, awaited",
    "async-std, dropped",
];

/// Starts a task that panics; returns what its handle gives, if it is awaited.
async fn start(way: &str) -> thread::Result<()> {
    let payload = JoinError::into_panic;
    match way {
        "tokio, awaited" => {
            return tokio::spawn(panics()).await.map_err(payload);
        }
        "tokio, dropped" => {
            drop(tokio::spawn(panics())); // WRONG: its message is lost
            return tokio::spawn(next()).await.map_err(payload);
        }
        "tokio JoinSet" => {
            let mut tasks = JoinSet::from_iter([panics()]);
            let ended = tasks.join_next().await.expect("there is one");
            return ended.map_err(payload);
        }
        "tokio spawn_blocking" => {
            let job = || smol::block_on(panics());
            return spawn_blocking(job).await.map_err(payload);
        }
        "smol, awaited" => smol::spawn(panics()).await,
        "smol, caught" => return caught(smol::spawn(panics())).await,
        "smol, detached" => {
            smol::spawn(panics()).detach(); // WRONG: nobody can await it now
            smol::spawn(next()).await;
        }
        "async-std, awaited" => task::spawn(panics()).await,
        _ => {
            drop(task::spawn(panics())); // WRONG: as with tokio
            task::spawn(next()).await;
        }
    }
    Ok(())
}

async fn panics() {
    panic!("no number");
}

/// Runs after it, because there is one worker, and if that worker lives.
async fn next() {}

// ANCHOR: task_panic_ways
/// What a task of smol or async-std returns, or the payload of its panic, which
/// tokio's handles return by themselves.
pub async fn caught<T>(
    task: impl Future<Output = T>,
) -> std::thread::Result<T> {
    use futures::FutureExt as _;
    std::panic::AssertUnwindSafe(task).catch_unwind().await
}
// ANCHOR_END: task_panic_ways
