//! One async fn on four executors: the same transcript. And one that cannot.
//!
//!     cargo run -p asyncio --bin any_runtime
//!
//! `dinner` says what to wait for; how to wait is the executor's affair. Its
//! channels (of the crate `futures`) need no runtime. Timers and sockets of
//! smol and async-std bring a thread of their own, and work everywhere; those
//! of tokio work inside of tokio only.
//!
//! Claims: A17
//! Change this and watch: `tokio::time::sleep` in the row of smol, and it ends
//! in the same panic; `smol::Timer::after` in the row of tokio, and nothing
//! does.
//!
//! Output (figures vary):
//!     executor   timer       what was said
//!     tokio      tokio       galbi? galbi! thanks mandu? mandu! thanks good night
//!     smol       smol        galbi? galbi! thanks mandu? mandu! thanks good night
//!     async-std  async-std   galbi? galbi! thanks mandu? mandu! thanks good night
//!     futures    smol        galbi? galbi! thanks mandu? mandu! thanks good night
//!     futures    tokio       panic: there is no reactor running
//!     A17 borne out: one transcript on 4 executors, and 1 panic

use std::panic;

use async_std::task as async_std_task;
use futures::executor;
use shared::{Failure, Result, claim, flags, say};

fn main() -> Result {
    flags([]);
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?
        .block_on(dinner(tokio::time::sleep));
    let smol = smol::block_on(dinner(smol::Timer::after));
    let async_std = async_std_task::block_on(dinner(async_std_task::sleep));
    let futures = executor::block_on(dinner(smol::Timer::after));
    let panic = without_its_reactor()?;

    say!("{:<11}{:<12}what was said", "executor", "timer");
    row("tokio", "tokio", &tokio);
    row("smol", "smol", &smol);
    row("async-std", "async-std", &async_std);
    row("futures", "smol", &futures);
    row("futures", "tokio", &format!("panic: {panic}"));

    let same = [smol, async_std, futures].iter().all(|one| *one == tokio);
    let refused = panic.contains("no reactor running");
    claim("A17", same && refused, "one transcript on 4 executors, and 1 panic")
}

fn row(executor: &str, timer: &str, said: &str) {
    let said = said.split_once(',').map_or(said, |(start, _)| start);
    say!("{executor:<11}{timer:<12}{said}");
}

// ANCHOR: any_runtime
/// A guest orders, the cook serves: two that wait for each other, and for
/// whatever `pause` gives them to wait for.
async fn dinner<F: Future>(pause: fn(std::time::Duration) -> F) -> String {
    use futures::{SinkExt, StreamExt, channel::mpsc};
    let said = std::cell::RefCell::new(Vec::new());
    let (mut rail, mut orders) = mpsc::channel(0);
    let (mut hatch, mut plates) = mpsc::channel(0);
    let guest = async {
        for dish in ["galbi", "mandu"] {
            said.borrow_mut().push(format!("{dish}?"));
            rail.send(dish).await.expect("the cook waits for it");
            plates.next().await;
            said.borrow_mut().push("thanks".to_string());
        }
        drop(rail); // the cook may go home
    };
    let cook = async {
        while let Some(dish) = orders.next().await {
            pause(std::time::Duration::from_millis(5)).await;
            said.borrow_mut().push(format!("{dish}!"));
            hatch.send(dish).await.expect("the guest waits for it");
        }
        said.borrow_mut().push("good night".to_string());
    };
    futures::join!(guest, cook);
    said.into_inner().join(" ")
}
// ANCHOR_END: any_runtime

/// The same on an executor that has no timers, with those of tokio.
fn without_its_reactor() -> Result<String> {
    let report = panic::take_hook();
    panic::set_hook(Box::new(|_| ())); // it is told below
    let outcome = panic::catch_unwind(|| {
        executor::block_on(dinner(tokio::time::sleep)) // WRONG: not in tokio
    });
    panic::set_hook(report);
    let Err(panic) = outcome else {
        return Err(Failure::new("tokio's timer works outside of tokio"));
    };
    let text = panic.downcast::<String>().map(|text| *text);
    let text = text
        .or_else(|panic| panic.downcast::<&str>().map(|text| text.to_string()));
    text.map_err(|_| Failure::new("a panic without a text"))
}
