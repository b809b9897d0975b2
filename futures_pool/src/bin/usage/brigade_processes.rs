//! Four cooks and a queue of dishes: a process pool.
//!
//!     cargo run -p futures_pool --bin brigade_processes
//!
//! Claims: F11
//! Change this and watch: `ProcessPool` to `ThreadPool`, and nothing else.
//!
//! Output (figures vary):
//!     futures_pool::brigade_processes  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        239 ms
//!      1 bibimbap  process 17837        │  █░░░░░░░░                    │   89
//!      2 bulgogi   process 17838        │  █░░░░░░░                     │   81
//!      3 japchae   process 17836        │  █░░░░░░░░░░                  │  100
//!      4 galbi     process 17839        │  █░░░░░░                      │   71
//!      5 mandu     process 17839        │         █░░░░░░░░░░░░         │  173
//!      6 pajeon    process 17838        │          █░░░░░░░░░░░         │  172
//!      7 kimbap    process 17837        │           █░░░░░              │  132
//!      8 tteok     process 17836        │             █░░░░░░░░         │  176
//!      9 jjigae    process 17837        │                 █░░░░░░░░░░   │  219
//!     10 hotteok   process 17838        │                      █░░░░░░░ │  239
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   718 ms
//!     nobody can beat             100 ms  the longest dish
//!     this took                   239 ms  3.0 times as fast, 2.38 of the bound
//!     cooked by 4 threads in 4 processes; CPU 15 ms, 114 switches, 17.4 MiB
//!     F11 borne out: 4 threads in 4 processes, 3.0 times as fast as one cook

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
