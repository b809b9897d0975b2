//! One kitchen, one chef: ten tasks on one thread (tokio).
//!
//!     cargo run -p asyncio --bin chef
//!
//! Claims: A1
//! Change this and watch: `--menu chopping`: while the chef chops, all wait.

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
    let mut cooking = Vec::new();
    for dish in kitchen.dishes() {
        cooking.push(tokio::spawn(cook(dish, kitchen.oven)));
    }
    let mut plates = Vec::new();
    for dish in cooking {
        plates.push(dish.await??);
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
    timeout(PATIENCE, async {
        let mut door = TcpStream::connect(oven).await?;
        door.write_all(order).await?;
        let mut reply = Vec::new();
        door.read_to_end(&mut reply).await?;
        Ok(reply)
    })
    .await?
}
