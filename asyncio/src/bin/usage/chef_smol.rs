//! asyncio.gather with smol: ten tasks on one thread. One kitchen, one chef.
//!
//!     cargo run -p asyncio --bin chef_smol
//!
//! smol's default is one thread for all tasks, named `smol-1`. A task of smol
//! that is dropped is cancelled. There is no `timeout`: a future is raced with
//! a timer.
//!
//! Claims: A1
//! Change this and watch: `SMOL_THREADS=2` hires a second chef, and A1 is
//! contradicted where both get a dish; `--menu chopping --dishes 100`: the chef
//! chops for so long that he looks at the oven too late, and gives up a dish
//! that could be baked.
//!
//! Output (figures vary):
//!     asyncio::chef_smol  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        104 ms
//!      1 bibimbap  smol-1 #1            │█░░░░░░░░░░░░░░░░░░░░          │   74
//!      2 bulgogi   smol-1 #1            │█░░░░░░░░░░░░░░░░░░            │   64
//!      3 japchae   smol-1 #1            │█░░░░░░░░░░░░░░░░░░░░░░░       │   84
//!      4 galbi     smol-1 #1            │█░░░░░░░░░░░░░░░               │   55
//!      5 mandu     smol-1 #1            │█░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ │  104
//!      6 pajeon    smol-1 #1            │█░░░░░░░░░░░░░░░░░░░░░░░░░░░   │   95
//!      7 kimbap    smol-1 #1            │█░░░░░░░░░░░░                  │   44
//!      8 tteok     smol-1 #1            │█░░░░░░░░░░░░░░░░░░░░░░        │   79
//!      9 jjigae    smol-1 #1            │█░░░░░░░░░░░░░░░░░░░░░░░░░     │   89
//!     10 hotteok   smol-1 #1            │█░░░░░░░░░░░░░░░░░░░           │   70
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   717 ms
//!     nobody can beat             100 ms  the bound: the longest dish
//!     this took                   104 ms  6.9 times as fast, 1.04 of the bound
//!     cooked by 1 thread in 1 process; CPU 8 ms, 93 switches, 3.6 MiB
//!     The article, A1: "asyncio: one kitchen, one chef, ten dishes."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A1 is borne out: 1 thread cooked 10 dishes at the same time

use std::{io, net::SocketAddr};

use shared::{Dish, Kitchen, PATIENCE, Plate, Result};
use smol::{
    Timer,
    future::FutureExt,
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

fn main() -> Result {
    smol::block_on(async {
        let kitchen = Kitchen::open()?;
        let job = |dish| cook(dish, kitchen.oven);
        let plates = map(kitchen.dishes(), job).await?;
        // Judged by `serve`, when all dishes are there.
        kitchen.claim("A1", |meal| meal.threads == 1 && meal.ten_at_once());
        kitchen.serve(plates)
    })
}

/// `prep` computes, `bake` waits `PATIENCE` at most, `plate` checks the reply.
async fn cook(dish: Dish, oven: SocketAddr) -> Result<Plate> {
    let prepped = dish.prep();
    let reply = bake(oven, prepped.order()).await;
    prepped.plate(reply)
}

async fn bake(oven: SocketAddr, order: &[u8]) -> io::Result<Vec<u8>> {
    let mut socket = TcpStream::connect(oven).or(timeout()).await?;
    socket.write_all(order).await?;
    let mut reply = Vec::new();
    socket.read_to_end(&mut reply).or(timeout()).await?;
    Ok(reply)
}

async fn timeout<T>() -> io::Result<T> {
    Timer::after(PATIENCE).await;
    Err(io::ErrorKind::TimedOut.into())
}

// ANCHOR: chef_smol
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
    let tasks: Vec<_> =
        items.into_iter().map(|item| smol::spawn(job(item))).collect();
    // ... before the first one is waited for.
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await?);
    }
    Ok(results)
}
// ANCHOR_END: chef_smol
