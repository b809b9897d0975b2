//! A fixed crew and a rail of orders: a pool of threads.
//!
//!     cargo run -p futures_pool --bin brigade
//!
//! Claims: F11
//! Change this and watch: `ThreadPool` to `ProcessPool`, and nothing else.

use std::net::SocketAddr;

use futures_pool::{Executor, init, job};
use shared::{Dish, Kitchen, Plate, Result, cook};

const CREW: usize = 4;

fn main() -> Result {
    init([job(cook_order)]);
    let kitchen = Kitchen::open()?;
    let crew = futures_pool::ThreadPool::new(CREW)?;
    let orders: Vec<_> = kitchen
        .dishes()
        .into_iter()
        .map(|dish| crew.submit(cook_order, (dish, kitchen.oven)))
        .collect();
    let plates = orders
        .into_iter()
        .map(|order| order.result()?)
        .collect::<Result<_>>()?;
    kitchen.claim("F11", |meal| meal.threads <= CREW);
    kitchen.serve(plates)
}

fn cook_order((dish, oven): (Dish, SocketAddr)) -> Result<Plate> {
    cook(dish, oven)
}
