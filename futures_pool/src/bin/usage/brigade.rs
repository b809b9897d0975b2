//! A fixed crew and a rail of orders: a pool of threads.
//!
//!     cargo run -p futures_pool --bin brigade
//!
//! Claims: F11
//! Change this and watch: `ThreadPool` to `ProcessPool`, and nothing else.
//!
//! Output (figures vary):
//!     futures_pool::brigade  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        218 ms
//!      1 bibimbap  crew-3 #2            │█░░░░░░░░░                     │   71
//!      2 bulgogi   crew-4 #1            │█░░░░░░░                       │   62
//!      3 japchae   crew-1 #3            │█░░░░░░░░░░                    │   81
//!      4 galbi     crew-2 #4            │█░░░░░░                        │   51
//!      5 mandu     crew-2 #4            │       █░░░░░░░░░░░░░          │  152
//!      6 pajeon    crew-4 #1            │        █░░░░░░░░░░░░          │  152
//!      7 kimbap    crew-3 #2            │          █░░░░                │  112
//!      8 tteok     crew-1 #3            │           █░░░░░░░░░░         │  157
//!      9 jjigae    crew-3 #2            │               █░░░░░░░░░░░░   │  198
//!     10 hotteok   crew-4 #1            │                     █░░░░░░░░ │  218
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   716 ms
//!     nobody can beat             100 ms  the longest dish
//!     this took                   218 ms  3.3 times as fast, 2.18 of the bound
//!     cooked by 4 threads in 1 process; CPU 4 ms, 440 switches, 3.3 MiB
//!     F11 borne out: 4 threads in 1 process, 3.3 times as fast as one cook

use std::net::SocketAddr;

use futures_pool::{Executor, Pending, init, job};
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
        .collect::<Result<_>>()
        .inspect_err(|_| crew.close(Pending::Cancel))?;
    kitchen.claim("F11", |meal| meal.threads <= CREW);
    kitchen.serve(plates)
}

fn cook_order((dish, oven): (Dish, SocketAddr)) -> Result<Plate> {
    cook(dish, oven)
}
