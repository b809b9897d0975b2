//! Waiting for async code in a function that is not async, inside of a task.
//!
//!     cargo run -p asyncio --bin bridge_sync
//!
//! tokio refuses to block a thread that other tasks need, unless it is told to.
//! smol and async-std let anybody take a thread away from the other tasks. And
//! the end of a tokio runtime waits for blocking jobs that have begun.
//!
//! Claims: A23
//! Change this and watch: `Builder::new_current_thread` for `Runtime::new`.
//! `block_in_place` panics, too: no other thread could take over.
//!
//! Output (figures vary):
//!     in a task                the price, or a panic
//!     tokio block_on           Cannot start a runtime from within a runtime.
//!     tokio Runtime dropped    Cannot drop a runtime in a context where
//!     smol block_on            12
//!     async-std block_on       12
//!     block_in_place           12
//!     spawn_blocking           12
//!     a runtime elsewhere      12
//!     end of a runtime                ms  its job of 300 ms
//!     drop                      300.4 ms  is done
//!     shutdown_timeout, 50 ms    50.3 ms  is left behind
//!     shutdown_background         0.0 ms  is left behind
//!     A23 borne out: 2 of 7 ways to block panic, 1 of 3 ends block

use std::sync::{Arc, atomic::AtomicBool, atomic::Ordering::Relaxed, mpsc};
use std::{panic, thread, time::Duration, time::Instant};

use async_std::task;
use shared::{Result, claim, flags, measure::ms, say};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::{block_in_place, spawn_blocking};

fn main() -> Result {
    flags([]);
    panic::set_hook(Box::new(|_| {})); // silent: the table tells of panics
    say!("{:<25}the price, or a panic", "in a task");
    let answers = Runtime::new()?.block_on(ask())?;
    say!("{:<25}{:>6} ms  its job of 300 ms", "end of a runtime", "");
    let waited = [
        end("drop", drop)?,
        end("shutdown_timeout, 50 ms", |runtime| {
            runtime.shutdown_timeout(Duration::from_millis(50));
        })?,
        end("shutdown_background", Runtime::shutdown_background)?,
    ];
    let refused = answers[0].contains("runtime from within a runtime")
        && answers[1].contains("Cannot drop a runtime");
    let bridges = answers.iter().filter(|answer| *answer == PRICE).count();
    let holds = refused && bridges == 5 && waited == [true, false, false];
    let panics = answers.len() - bridges;
    let waits = waited.iter().filter(|waited| **waited).count();
    let figure =
        format!("{panics} of 7 ways to block panic, {waits} of 3 ends block");
    claim("A23", holds, figure)
}

/// Asks for the price in seven ways, each in a task of its own.
async fn ask() -> Result<[String; 7]> {
    let tokio = async {
        Handle::current().block_on(price()) // WRONG: others need this thread
    };
    let dropped = async {
        drop(Runtime::new()); // WRONG: it might have to wait for a job
        PRICE
    };
    // WRONG: nothing panics, and this thread is lost to other tasks so long.
    let smol = smol::spawn(async { smol::block_on(price()) });
    let async_std = task::spawn(async { task::block_on(price()) }); // as above
    let in_place = async {
        // Tasks that wait for this thread move to another one first.
        block_in_place(|| Handle::current().block_on(price()))
    };
    let blocking = async {
        let job = || Handle::current().block_on(price());
        spawn_blocking(job).await.expect("it does not panic")
    };
    Ok([
        row("tokio block_on", tokio).await?,
        row("tokio Runtime dropped", dropped).await?,
        row("smol block_on", smol).await?,
        row("async-std block_on", async_std).await?,
        row("block_in_place", in_place).await?,
        row("spawn_blocking", blocking).await?,
        row("a runtime elsewhere", async { elsewhere() }).await?,
    ])
}

const PRICE: &str = "12";

/// Takes a moment, on any runtime.
async fn price() -> &'static str {
    smol::Timer::after(Duration::from_millis(1)).await;
    PRICE
}

/// Asks a runtime on a thread of its own, as a program does that is not async.
fn elsewhere() -> &'static str {
    let (orders, mut kitchen) = tokio::sync::mpsc::channel(1);
    let runtime = Builder::new_current_thread().build().expect("there is room");
    let thread = thread::spawn(move || {
        runtime.block_on(async {
            while let Some(reply) = kitchen.recv().await {
                let reply: mpsc::Sender<_> = reply;
                let _ = reply.send(price().await); // or nobody waits any more
            }
        });
    });
    let (reply, answer) = mpsc::channel();
    orders.try_send(reply).expect("there is room for one order");
    let price = answer.recv().expect("the kitchen answers"); // blocks, too
    drop(orders); // the kitchen's loop ends
    thread.join().expect("the kitchen does not panic");
    price
}

/// What a task returns, or the first words of its panic.
async fn row(
    way: &str,
    task: impl Future<Output = &'static str> + Send + 'static,
) -> Result<String> {
    let answer = match tokio::spawn(task).await {
        Ok(answer) => answer.to_string(),
        Err(panic) => {
            let text = panic.to_string();
            let text = text.split('"').nth(1).unwrap_or_default();
            text.split(' ').take(8).collect::<Vec<_>>().join(" ")
        }
    };
    say!("{way:<25}{answer}");
    Ok(answer)
}

/// Whether the end of a runtime waits for a blocking job that has begun.
fn end(way: &str, end: impl FnOnce(Runtime)) -> Result<bool> {
    let runtime = Runtime::new()?;
    let (begins, begun) = mpsc::channel();
    let done = Arc::new(AtomicBool::new(false));
    let ends = done.clone();
    runtime.spawn_blocking(move || {
        begins.send(()).expect("we wait for it");
        thread::sleep(Duration::from_millis(300));
        ends.store(true, Relaxed);
    });
    begun.recv()?;
    let started = Instant::now();
    end(runtime);
    let (waited, took) = (done.load(Relaxed), ms(started.elapsed()));
    let job = if waited { "is done" } else { "is left behind" };
    say!("{way:<25}{took:>6.1} ms  {job}");
    Ok(waited)
}
