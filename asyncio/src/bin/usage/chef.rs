//! asyncio.gather with tokio: ten tasks on one thread. One kitchen, one chef.
//!
//!     cargo run -p asyncio --bin chef
//!
//! The chef prepares a dish, puts it into the oven, and does not stand there:
//! at each `.await` another task goes on. `#[tokio::main]` starts the event
//! loop, as `asyncio.run` does in Python.
//!
//! Claims: A1
//! Change this and watch: `--menu chopping`: while the chef chops, all wait;
//! `flavor = "multi_thread"`, and there are several.
//!
//! Output (figures vary):
//!     asyncio::chef  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        103 ms
//!      1 bibimbap  main                 │█░░░░░░░░░░░░░░░░░░░░          │   72
//!      2 bulgogi   main                 │█░░░░░░░░░░░░░░░░░             │   63
//!      3 japchae   main                 │█░░░░░░░░░░░░░░░░░░░░░░░       │   82
//!      4 galbi     main                 │█░░░░░░░░░░░░░░                │   53
//!      5 mandu     main                 │█░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ │  103
//!      6 pajeon    main                 │█░░░░░░░░░░░░░░░░░░░░░░░░░░    │   93
//!      7 kimbap    main                 │█░░░░░░░░░░░                   │   42
//!      8 tteok     main                 │█░░░░░░░░░░░░░░░░░░░░░░        │   77
//!      9 jjigae    main                 │█░░░░░░░░░░░░░░░░░░░░░░░░░     │   87
//!     10 hotteok   main                 │█░░░░░░░░░░░░░░░░░░░           │   68
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   716 ms
//!     nobody can beat             100 ms  the longest dish
//!     this took                   103 ms  6.9 times as fast, 1.03 of the bound
//!     cooked by 1 thread in 1 process; CPU 3 ms, 35 switches, 3.9 MiB
//!     A1 borne out: 1 thread in 1 process, 6.9 times as fast as one cook

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
    let dishes = kitchen.dishes().into_iter();
    let plates = run_all(dishes.map(|dish| cook(dish, kitchen.oven))).await?;
    kitchen.claim("A1", |meal| meal.threads == 1 && meal.bakes_overlap());
    kitchen.serve(plates)
}

async fn cook(dish: Dish, oven: SocketAddr) -> Result<Plate> {
    let prepped = dish.prep();
    let reply = bake(oven, prepped.order()).await;
    prepped.plate(reply)
}

async fn bake(oven: SocketAddr, order: &[u8]) -> io::Result<Vec<u8>> {
    let mut socket = timeout(PATIENCE, TcpStream::connect(oven)).await??;
    socket.write_all(order).await?;
    let mut reply = Vec::new();
    timeout(PATIENCE, socket.read_to_end(&mut reply)).await??;
    Ok(reply)
}

// ANCHOR: chef
use tokio_util::task::AbortOnDropHandle;

/// Runs each job as a task, all at the same time. Returns their results in the
/// order of the jobs, as `asyncio.gather` does, or the first error in it.
/// After an error, or when this future is dropped, the other tasks are
/// cancelled. It sets no limit on how many run at once.
///
/// # Panics
///
/// If a job panics.
pub async fn run_all<F, T, E>(
    jobs: impl IntoIterator<Item = F>,
) -> Result<Vec<T>, E>
where
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    // All start ...
    let spawn = |job| AbortOnDropHandle::new(tokio::spawn(job));
    let tasks: Vec<_> = jobs.into_iter().map(spawn).collect();
    // ... before the first one is awaited.
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.expect("no job panics")?);
    }
    Ok(results)
}
// ANCHOR_END: chef
