//! Four cooks and a queue of dishes: a thread pool.
//!
//!     cargo run -p futures_pool --bin brigade
//!
//! Claims: F11
//! Change this and watch: `ThreadPool` to `ProcessPool`, and nothing else.
//!
//! Output (figures vary):
//!     futures_pool::brigade  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        223 ms
//!      1 bibimbap  worker-4 #1          │█░░░░░░░░░                     │   72
//!      2 bulgogi   worker-1 #2          │█░░░░░░░                       │   63
//!      3 japchae   worker-3 #4          │█░░░░░░░░░░                    │   85
//!      4 galbi     worker-2 #3          │█░░░░░░                        │   53
//!      5 mandu     worker-2 #3          │       █░░░░░░░░░░░░░          │  156
//!      6 pajeon    worker-1 #2          │        █░░░░░░░░░░░░          │  154
//!      7 kimbap    worker-4 #1          │          █░░░░                │  113
//!      8 tteok     worker-3 #4          │           █░░░░░░░░░░         │  163
//!      9 jjigae    worker-4 #1          │               █░░░░░░░░░░░░   │  202
//!     10 hotteok   worker-1 #2          │                     █░░░░░░░░ │  222
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   718 ms
//!     nobody can beat             100 ms  the longest dish
//!     this took                   223 ms  3.2 times as fast, 2.22 of the bound
//!     cooked by 4 threads in 1 process; CPU 7 ms, 170 switches, 3.5 MiB
//!     F11 borne out: 4 threads in 1 process, 3.2 times as fast as one cook

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
