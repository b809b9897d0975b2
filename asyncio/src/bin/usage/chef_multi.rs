//! Tasks on all cores: tokio's multi_thread runtime. As many chefs as cores.
//!
//!     cargo run -p asyncio --bin chef_multi
//!
//! The tasks of `chef`, on a thread for each core. There is no GIL, so tasks
//! that compute run in parallel. A task may change its thread at each `.await`,
//! so what it owns must be `Send`.
//!
//! Change this and watch: the option `--menu chopping`. All cores chop, so this
//! is about as many times faster than `chef` as there are cores.
//!
//! Output (figures vary):
//!     asyncio::chef_multi  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        107 ms
//!      1 bibimbap  tokio-rt-worker #2   │█░░░░░░░░░░░░░░░░░░░░░         │   77
//!      2 bulgogi   tokio-rt-worker #1   │█░░░░░░░░░░░░░░░░░░            │   67
//!      3 japchae   tokio-rt-worker #1   │█░░░░░░░░░░░░░░░░░░░░░░░░      │   87
//!      4 galbi     tokio-rt-worker #1   │█░░░░░░░░░░░░░░░               │   57
//!      5 mandu     tokio-rt-worker #1   │ █░░░░░░░░░░░░░░░░░░░░░░░░░░░░ │  107
//!      6 pajeon    tokio-rt-worker #1   │ █░░░░░░░░░░░░░░░░░░░░░░░░░    │   97
//!      7 kimbap    tokio-rt-worker #2   │█░░░░░░░░░░░░                  │   47
//!      8 tteok     tokio-rt-worker #2   │█░░░░░░░░░░░░░░░░░░░░░░        │   81
//!      9 jjigae    tokio-rt-worker #2   │█░░░░░░░░░░░░░░░░░░░░░░░░░     │   92
//!     10 hotteok   tokio-rt-worker #2   │█░░░░░░░░░░░░░░░░░░░           │   72
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   718 ms
//!     nobody can beat             100 ms  the bound: the longest dish
//!     this took                   107 ms  6.7 times as fast, 1.07 of the bound
//!     cooked by 2 threads in 1 process; CPU 8 ms, 48 switches, 4.2 MiB

use std::{io, net::SocketAddr};

use shared::{Dish, Kitchen, PATIENCE, Plate, Result};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

#[tokio::main] // The one change: tokio's default flavor, `multi_thread`
async fn main() -> Result {
    let kitchen = Kitchen::open()?;
    let job = |dish| cook(dish, kitchen.oven);
    let plates = map(kitchen.dishes(), job).await?;
    kitchen.serve(plates)
}

/// `prep` computes, `bake` waits `PATIENCE` at most, `plate` checks the reply.
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

// ANCHOR: chef_multi
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
// ANCHOR_END: chef_multi
