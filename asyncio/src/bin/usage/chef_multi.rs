//! One kitchen, as many chefs as cores: the same tasks, tokio's other runtime.
//!
//!     cargo run -p asyncio --bin chef_multi
//!
//! Change this and watch: `--menu chopping`, and compare with `chef`.
//!
//! Output (figures vary):
//!     asyncio::chef_multi  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        102 ms
//!      1 bibimbap  tokio-rt-worker #1   │█░░░░░░░░░░░░░░░░░░░░          │   71
//!      2 bulgogi   tokio-rt-worker #1   │█░░░░░░░░░░░░░░░░░             │   62
//!      3 japchae   tokio-rt-worker #1   │█░░░░░░░░░░░░░░░░░░░░░░░       │   82
//!      4 galbi     tokio-rt-worker #1   │█░░░░░░░░░░░░░░                │   52
//!      5 mandu     tokio-rt-worker #1   │█░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ │  102
//!      6 pajeon    tokio-rt-worker #1   │█░░░░░░░░░░░░░░░░░░░░░░░░░░    │   92
//!      7 kimbap    tokio-rt-worker #2   │█░░░░░░░░░░░                   │   42
//!      8 tteok     tokio-rt-worker #2   │█░░░░░░░░░░░░░░░░░░░░░░        │   77
//!      9 jjigae    tokio-rt-worker #2   │█░░░░░░░░░░░░░░░░░░░░░░░░░     │   87
//!     10 hotteok   tokio-rt-worker #2   │█░░░░░░░░░░░░░░░░░░░           │   67
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   716 ms
//!     nobody can beat             100 ms  the longest dish
//!     this took                   102 ms  7.0 times as fast, 1.02 of the bound
//!     cooked by 2 threads in 1 process; CPU 3 ms, 38 switches, 4.2 MiB

use std::{io, net::SocketAddr};

use shared::{Dish, Kitchen, PATIENCE, Plate, Result};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

#[tokio::main] // The one change: no flavor
async fn main() -> Result {
    let kitchen = Kitchen::open()?;
    let mut cooking = JoinSet::new();
    for dish in kitchen.dishes() {
        cooking.spawn(cook(dish, kitchen.oven));
    }
    let mut plates = Vec::new();
    while let Some(plate) = cooking.join_next().await {
        plates.push(plate??);
    }
    kitchen.serve(plates)
}

async fn cook(dish: Dish, oven: SocketAddr) -> Result<Plate> {
    let prepped = dish.prep();
    let reply = bake(oven, prepped.order()).await;
    prepped.plate(reply)
}

async fn bake(oven: SocketAddr, order: &[u8]) -> io::Result<Vec<u8>> {
    let mut door = timeout(PATIENCE, TcpStream::connect(oven)).await??;
    door.write_all(order).await?;
    let mut reply = Vec::new();
    timeout(PATIENCE, door.read_to_end(&mut reply)).await??;
    Ok(reply)
}
