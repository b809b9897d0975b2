//! asyncio.gather with async-std (discontinued): ten tasks, a chef per core.
//!
//!     cargo run -p asyncio --bin chef_async_std
//!
//! async-std's default is a thread for every core, all named
//! `async-std/runtime`. It is discontinued (RUSTSEC-2025-0052): use smol.
//! What differs between this program and `chef_smol` is what you have to
//! change.
//!
//! Change this and watch: `ASYNC_STD_THREAD_COUNT=1` leaves one chef.
//!
//! Output (figures vary):
//!     asyncio::chef_async_std  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        103 ms
//!      1 bibimbap  async-std/runtime #2 │█░░░░░░░░░░░░░░░░░░░░░         │   74
//!      2 bulgogi   async-std/runtime #1 │█░░░░░░░░░░░░░░░░░░            │   63
//!      3 japchae   async-std/runtime #1 │█░░░░░░░░░░░░░░░░░░░░░░░░      │   84
//!      4 galbi     async-std/runtime #1 │█░░░░░░░░░░░░░░░               │   54
//!      5 mandu     async-std/runtime #2 │█░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ │  103
//!      6 pajeon    async-std/runtime #2 │█░░░░░░░░░░░░░░░░░░░░░░░░░░░   │   93
//!      7 kimbap    async-std/runtime #1 │█░░░░░░░░░░░                   │   43
//!      8 tteok     async-std/runtime #1 │█░░░░░░░░░░░░░░░░░░░░░░        │   78
//!      9 jjigae    async-std/runtime #1 │█░░░░░░░░░░░░░░░░░░░░░░░░░     │   88
//!     10 hotteok   async-std/runtime #1 │█░░░░░░░░░░░░░░░░░░░           │   68
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   717 ms
//!     nobody can beat             100 ms  the bound: the longest dish
//!     this took                   103 ms  6.9 times as fast, 1.03 of the bound
//!     cooked by 2 threads in 1 process; CPU 9 ms, 124 switches, 3.7 MiB

use std::{io, net::SocketAddr};

use async_std::{
    io::{ReadExt, WriteExt, timeout},
    net::TcpStream,
    task,
};
use shared::{Dish, Kitchen, PATIENCE, Plate, Result};

fn main() -> Result {
    task::block_on(async {
        let kitchen = Kitchen::open()?;
        let job = |dish| cook(dish, kitchen.oven);
        let plates = map(kitchen.dishes(), job).await?;
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
    let mut socket = timeout(PATIENCE, TcpStream::connect(oven)).await?;
    socket.write_all(order).await?;
    let mut reply = Vec::new();
    timeout(PATIENCE, socket.read_to_end(&mut reply)).await?;
    Ok(reply)
}

// ANCHOR: chef_async_std
/// Runs `job` on each item, each as a task of its own. Returns the results in
/// the order of the items. If jobs fail, returns the error of the first of them
/// in this order, when the jobs before it have ended. After an error, or when
/// the future of `map` is dropped, the other tasks go on. If a job panics, the
/// caller panics, too. All jobs may run at the same time.
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
        .map(|item| async_std::task::spawn(job(item)))
        .collect();
    // ... before the first one is waited for.
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await?);
    }
    Ok(results)
}
// ANCHOR_END: chef_async_std
