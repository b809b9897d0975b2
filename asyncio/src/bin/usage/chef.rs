//! One kitchen, one chef: ten tasks on one thread (tokio).
//!
//!     cargo run -p asyncio --bin chef
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
    task::JoinSet,
    time::timeout,
};

#[tokio::main(flavor = "current_thread")]
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
    kitchen.claim("A1", |meal| meal.threads == 1 && meal.processes == 1);
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
