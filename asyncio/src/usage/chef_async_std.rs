//! One kitchen, as many chefs as cores: ten tasks on async-std's executor.
//!
//!     cargo run -p asyncio --bin chef_async_std
//!
//! async-std's default is a thread for every core, all named
//! `async-std/runtime`. It is discontinued (RUSTSEC-2025-0052): `chef_smol` is
//! where to go from here, and the difference between the two is the way there.
//!
//! Change this and watch: `ASYNC_STD_THREAD_COUNT=1` leaves one chef.

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
        let mut cooking = Vec::new();
        for dish in kitchen.dishes() {
            cooking.push(task::spawn(cook(dish, kitchen.oven)));
        }
        let mut plates = Vec::new();
        for dish in cooking {
            plates.push(dish.await?);
        }
        kitchen.serve(plates)
    })
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
    .await
}
