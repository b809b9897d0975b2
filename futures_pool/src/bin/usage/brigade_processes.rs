//! A fixed crew and a rail of orders: a pool of processes.
//!
//!     cargo run -p futures_pool --bin brigade_processes
//!
//! Claims: F11
//! Change this and watch: `ProcessPool` to `ThreadPool`, and nothing else.
//!
//! Output (figures vary):
//!     futures_pool::brigade_processes  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        222 ms
//!      1 bibimbap  process 16709        │█░░░░░░░░░                     │   74
//!      2 bulgogi   process 16707        │█░░░░░░░░                      │   65
//!      3 japchae   process 16708        │█░░░░░░░░░░                    │   84
//!      4 galbi     process 16710        │█░░░░░░                        │   54
//!      5 mandu     process 16710        │       █░░░░░░░░░░░░░          │  155
//!      6 pajeon    process 16707        │         █░░░░░░░░░░░          │  155
//!      7 kimbap    process 16709        │          █░░░░░               │  116
//!      8 tteok     process 16708        │           █░░░░░░░░░░         │  160
//!      9 jjigae    process 16709        │                █░░░░░░░░░░░   │  202
//!     10 hotteok   process 16710        │                     █░░░░░░░░ │  222
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   716 ms
//!     nobody can beat             100 ms  the longest dish
//!     this took                   222 ms  3.2 times as fast, 2.22 of the bound
//!     cooked by 4 threads in 4 processes; CPU 11 ms, 419 switches, 17.1 MiB
//!     F11 borne out: 4 threads in 4 processes, 3.2 times as fast as one cook

use std::net::SocketAddr;

use futures_pool::{Executor, Pending, init, job};
use shared::{Dish, Kitchen, Plate, Result, cook};

const CREW: usize = 4;

fn main() -> Result {
    init([job(cook_order)]);
    let kitchen = Kitchen::open()?;
    let crew = futures_pool::ProcessPool::new(CREW)?; // The one change
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
