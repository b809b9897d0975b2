//! asyncio.gather with tokio: ten tasks on one thread. One kitchen, one chef.
//!
//!     cargo run -p asyncio --bin chef
//!
//! The chef prepares a dish, puts it into the oven, and does not stand there:
//! at each `.await` another task goes on. `#[tokio::main]` starts the event
//! loop, as `asyncio.run` does in Python.
//!
//! Claims: A1
//! Change this and watch: the option `--menu chopping`. While the chef chops
//! one dish, all others wait: it takes about as long as one cook alone needs
//! for this menu. (The ten dishes are still begun together, so A1 is borne
//! out.) For several chefs see `chef_multi`.
//!
//! Output (figures vary):
//!     asyncio::chef  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        105 ms
//!      1 bibimbap  main                 │█░░░░░░░░░░░░░░░░░░░░░         │   76
//!      2 bulgogi   main                 │█░░░░░░░░░░░░░░░░░░            │   66
//!      3 japchae   main                 │█░░░░░░░░░░░░░░░░░░░░░░░░      │   85
//!      4 galbi     main                 │█░░░░░░░░░░░░░░░               │   55
//!      5 mandu     main                 │█░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ │  105
//!      6 pajeon    main                 │█░░░░░░░░░░░░░░░░░░░░░░░░░░    │   95
//!      7 kimbap    main                 │█░░░░░░░░░░░░                  │   45
//!      8 tteok     main                 │█░░░░░░░░░░░░░░░░░░░░░░        │   80
//!      9 jjigae    main                 │ █░░░░░░░░░░░░░░░░░░░░░░░░     │   91
//!     10 hotteok   main                 │ █░░░░░░░░░░░░░░░░░░           │   70
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   718 ms
//!     nobody can beat             100 ms  the bound: the longest dish
//!     this took                   105 ms  6.8 times as fast, 1.05 of the bound
//!     cooked by 1 thread in 1 process; CPU 6 ms, 39 switches, 4.0 MiB
//!     The article, A1: "asyncio: one kitchen, one chef, ten dishes."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A1 is borne out: 1 thread cooked 10 dishes at the same time

use std::{io, net::SocketAddr};

use shared::{Dish, Kitchen, PATIENCE, Plate, Result};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let kitchen = Kitchen::open()?;
    let job = |dish| cook(dish, kitchen.oven);
    let plates = map(kitchen.dishes(), job).await?;
    // Judged by `serve`, when all dishes are there.
    kitchen.claim("A1", |meal| meal.threads == 1 && meal.ten_at_once());
    kitchen.serve(plates)
}

/// `prep` computes, `bake` waits for the oven, `plate` checks the reply.
async fn cook(dish: Dish, oven: SocketAddr) -> Result<Plate> {
    let prepped = dish.prep();
    let reply = bake(oven, prepped.order()).await;
    prepped.plate(reply)
}

/// Two timeouts, each of `PATIENCE`: one to connect, one to read the reply.
/// The first `?` of `??` is for a timeout, the second for the socket.
async fn bake(oven: SocketAddr, order: &[u8]) -> io::Result<Vec<u8>> {
    let mut socket = timeout(PATIENCE, TcpStream::connect(oven)).await??;
    socket.write_all(order).await?;
    let mut reply = Vec::new();
    timeout(PATIENCE, socket.read_to_end(&mut reply)).await??;
    Ok(reply)
}

// ANCHOR: chef
use std::panic::resume_unwind;
use tokio_util::task::AbortOnDropHandle;

/// Runs `job` on each item, each as a task of its own. Returns the results in
/// the order of the items. If jobs fail, returns the error of the first of them
/// in this order, when the jobs before it have ended. After an error, or when
/// the future of `map` is dropped, the other tasks are cancelled. A panic in a
/// job is raised again in the caller. All jobs may run at the same time.
pub async fn map<T, R, E, F>(
    items: Vec<T>,
    job: impl Fn(T) -> F,
) -> Result<Vec<R>, E>
where
    F: Future<Output = Result<R, E>> + Send + 'static,
    R: Send + 'static,
    E: Send + 'static,
{
    // All tasks start ...
    let tasks: Vec<_> = items
        .into_iter()
        .map(|item| AbortOnDropHandle::new(tokio::spawn(job(item))))
        .collect();
    // ... before the first one is waited for.
    let mut results = Vec::new();
    for task in tasks {
        // A panic is raised again; `?` returns the job's own error.
        let result = task.await;
        results.push(result.unwrap_or_else(|e| resume_unwind(e.into_panic()))?);
    }
    Ok(results)
}
// ANCHOR_END: chef
