//! Runtime-agnostic code: one async fn on four executors, and one that panics.
//!
//!     cargo run -p asyncio --bin any_runtime
//!
//! `dialog` says what to wait for; the executor decides how. Channels of the
//! crate `futures` need no runtime. Timers and sockets of smol and async-std
//! bring a thread of their own, and work on every executor. Those of tokio work
//! inside of tokio only. In Python everything is bound to asyncio; `anyio` is
//! for two runtimes.
//!
//! Claims: A17
//! Change this and watch: `tokio::time::sleep` instead of `smol::Timer::after`
//! in the line of smol. It panics as in the last line; the reverse does not.
//!
//! Output (times vary, counts do not):
//!     executor   timer      what was said
//!     tokio      tokio      client: a? server: a! client: b? server: b! server: the end
//!     smol       smol       client: a? server: a! client: b? server: b! server: the end
//!     async-std  async-std  client: a? server: a! client: b? server: b! server: the end
//!     futures    smol       client: a? server: a! client: b? server: b! server: the end
//!     futures    tokio      panic: there is no reactor running
//!     The article, A17: "They separate what is asked of the environment from how it is done."
//!     Our answer for Rust: holds (true)
//!     Our answer to A17 is borne out: the same function gave the same dialog on 4 of 4 executors

use std::panic;

use futures::executor;
use shared::{Result, Table, claim, flags, panic_text};
use tokio::{runtime::Builder, time::sleep};

fn main() -> Result {
    flags([]);
    let one_thread = Builder::new_current_thread().enable_time().build()?;
    let tokio = one_thread.block_on(dialog(sleep));
    let smol = smol::block_on(dialog(smol::Timer::after));
    let async_std = async_std::task::block_on(dialog(async_std::task::sleep));
    let futures = executor::block_on(dialog(smol::Timer::after));
    let refused = outside_of_tokio().unwrap_or_else(|| "no panic".into());

    let mut table = Table::new(["executor", "timer", "what was said"]);
    table.row([&"tokio", &"tokio", &tokio]);
    table.row([&"smol", &"smol", &smol]);
    table.row([&"async-std", &"async-std", &async_std]);
    table.row([&"futures", &"smol", &futures]);
    table.row([&"futures", &"tokio", &refused]);
    table.print();
    let said = "client: a? server: a! client: b? server: b! server: the end";
    let all = [tokio, smol, async_std, futures];
    let same = all.iter().filter(|one| *one == said).count();
    let panics = refused.contains("no reactor running");
    let figure = format!(
        "the same function gave the same dialog on {same} of {} executors",
        all.len()
    );
    claim("A17", same == all.len() && panics, figure)
}

/// What the panic says when a timer of tokio is used on another executor.
fn outside_of_tokio() -> Option<String> {
    let report = panic::take_hook();
    panic::set_hook(Box::new(|_| ())); // it is told in the table
    let outcome = panic::catch_unwind(|| {
        executor::block_on(dialog(sleep)) // WRONG: not in tokio
    });
    panic::set_hook(report);
    let payload = outcome.err()?;
    let text = panic_text(&*payload).split(',').next()?;
    Some(format!("panic: {text}"))
}

// ANCHOR: any_runtime
use futures::{SinkExt, StreamExt, channel::mpsc};
use std::{cell::RefCell, time::Duration};

/// Two that wait for each other, on any executor: only the timer belongs to a
/// runtime, so it is a parameter. Returns what was said.
pub async fn dialog<F: Future>(sleep: fn(Duration) -> F) -> String {
    let said = RefCell::new(Vec::new());
    let say = |text: String| said.borrow_mut().push(text);
    let (mut requests, mut received) = mpsc::channel(0);
    let (mut replies, mut answered) = mpsc::channel(0);
    let client = async {
        for name in ["a", "b"] {
            say(format!("client: {name}?"));
            requests.send(name).await.expect("the server receives");
            answered.next().await;
        }
        drop(requests); // the server may end
    };
    let server = async {
        while let Some(name) = received.next().await {
            sleep(Duration::from_millis(5)).await;
            say(format!("server: {name}!"));
            replies.send(()).await.expect("the client receives");
        }
        say("server: the end".into());
    };
    futures::join!(client, server);
    said.into_inner().join(" ")
}
// ANCHOR_END: any_runtime
