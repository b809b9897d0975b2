//! A panic in a task, in six ways to start one: returned, or raised again.
//!
//!     cargo run -p asyncio --bin task_panic_ways
//!
//! tokio returns the panic as an error. smol and async-std raise it in whoever
//! awaits, as Python raises an exception; `catch_unwind` makes it an error.
//!
//! Read `task_panic` first; `task_panic_dropped` shows tasks that nobody
//! awaits.
//!
//! Claims: T6, F6
//! Change this and watch: `return Ok(smol::spawn(panics()).await)` for the way
//! "smol, caught". Three ways raise the panic, and F6 is contradicted.
//!
//! Output (times vary, counts do not):
//!     way                   main gets  its text
//!     tokio, awaited        an error   no number
//!     tokio JoinSet         an error   no number
//!     tokio spawn_blocking  an error   no number
//!     smol, awaited         a panic    no number
//!     smol, caught          an error   no number
//!     async-std, awaited    a panic    no number
//!     The article, T6: "There is no built-in way to get an exception of a thread back to who waits for it."
//!     Our answer for Rust: false (not true)
//!     Our answer to T6 is borne out: 6 of 6 ways to await a task tell why it panicked: 4 return the panic, 2 raise it
//!     The article, F6: "Exceptions are easy to debug: result() raises what the worker raised."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to F6 is borne out: 6 of 6 ways to await a task tell why it panicked: 4 return the panic, 2 raise it

use std::panic::{self, catch_unwind};
use std::thread;

use shared::{Failure, Result, Table, claim, flags, panic_text};
use tokio::runtime::Runtime;
use tokio::task::{JoinError, JoinSet, spawn_blocking};

fn main() -> Result {
    flags([]);
    panic::set_hook(Box::new(|_| {})); // silent: the table tells of panics
    let tokio = Runtime::new()?;
    let mut table = Table::new(["way", "main gets", "its text"]);
    let (mut returned, mut raised, mut told) = (0, 0, 0);
    for way in WAYS {
        let ended = catch_unwind(|| tokio.block_on(start(way)));
        let (count, gets, payload) = match ended {
            Ok(Err(payload)) => (&mut returned, "an error", payload),
            Err(payload) => (&mut raised, "a panic", payload),
            Ok(Ok(_)) => return Err(Failure::new("it does not panic")),
        };
        *count += 1;
        let text = panic_text(&*payload);
        told += usize::from(text == "no number");
        table.row([&way, &gets, &text]);
    }
    table.print();
    let ways = WAYS.len();
    let figure = format!(
        "{told} of {ways} ways to await a task tell why it panicked: \
         {returned} return the panic, {raised} raise it"
    );
    claim("T6", told == ways, &figure)?;
    claim("F6", (returned, raised) == (4, 2), &figure)
}

const WAYS: [&str; 6] = [
    "tokio, awaited",
    "tokio JoinSet",
    "tokio spawn_blocking",
    "smol, awaited",
    "smol, caught",
    "async-std, awaited",
];

/// Starts a task that panics, and returns what its handle gives.
async fn start(way: &str) -> thread::Result<u32> {
    match way {
        "tokio, awaited" => tokio::spawn(panics()).await,
        "tokio JoinSet" => {
            let mut tasks = JoinSet::from_iter([panics()]);
            tasks.join_next().await.expect("there is one")
        }
        "tokio spawn_blocking" => {
            spawn_blocking(|| smol::block_on(panics())).await
        }
        "smol, awaited" => return Ok(smol::spawn(panics()).await),
        "smol, caught" => return caught(smol::spawn(panics())).await,
        _ => return Ok(async_std::task::spawn(panics()).await),
    }
    .map_err(JoinError::into_panic)
}

async fn panics() -> u32 {
    panic!("no number")
}

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
