//! ThreadPoolExecutor: four threads, a queue. Four cooks, ten dishes.
//!
//!     cargo run -p futures_pool --bin brigade
//!
//! Four workers take ten dishes, one at a time; a worker that is free takes the
//! next one. So at most four dishes are cooked at the same time.
//!
//! Claims: F11
//! Change this and watch: `ThreadPool` to `ProcessPool`, and nothing else. The
//! cooks are four processes then (the program `brigade_processes`).
//!
//! Output (figures vary):
//!     futures_pool::brigade  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        221 ms
//!      1 bibimbap  worker-1 #1          │█░░░░░░░░░                     │   72
//!      2 bulgogi   worker-3 #2          │█░░░░░░░                       │   62
//!      3 japchae   worker-4 #3          │█░░░░░░░░░░                    │   82
//!      4 galbi     worker-2 #4          │█░░░░░░                        │   54
//!      5 mandu     worker-2 #4          │       █░░░░░░░░░░░░░          │  154
//!      6 pajeon    worker-3 #2          │        █░░░░░░░░░░░░          │  154
//!      7 kimbap    worker-1 #1          │          █░░░░                │  114
//!      8 tteok     worker-4 #3          │           █░░░░░░░░░░         │  160
//!      9 jjigae    worker-1 #1          │               █░░░░░░░░░░░░   │  200
//!     10 hotteok   worker-3 #2          │                     █░░░░░░░░ │  221
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   717 ms
//!     nobody can beat             100 ms  the bound: the longest dish
//!     this took                   221 ms  3.2 times as fast, 2.21 of the bound
//!     cooked by 4 threads in 1 process; CPU 7 ms, 236 switches, 3.7 MiB
//!     The article, F11: "max_workers is fixed in advance and limits parallelism."
//!     Our answer for Rust: holds (true)
//!     Our answer to F11 is borne out: 4 threads cooked 4 dishes at the same time

use std::net::SocketAddr;

use futures_pool::{init, job};
use shared::{Dish, Failure, Kitchen, Plate, Result, cook};

const CREW: usize = 4;

fn main() -> Result {
    init([job(cook_order)]);
    let kitchen = Kitchen::open()?;
    let orders = kitchen.dishes().into_iter();
    let orders = orders.map(|dish| (dish, kitchen.oven));
    let plates = run_on_pool(CREW, cook_order, orders).map_err(Failure::new)?;
    // Judged by `serve`, when all dishes are there.
    kitchen.claim_timed("F11", |meal| meal.fills(CREW));
    kitchen.serve(plates)
}

fn cook_order((dish, oven): (Dish, SocketAddr)) -> Result<Plate> {
    cook(dish, oven)
}

// ANCHOR: brigade
use futures_pool::{Executor, Function, Value}; // `Value`: serde encodes it

/// Runs `work` on each input, on this number of workers, and returns the
/// results in the order of the inputs, or the first error in this order: jobs
/// that have not begun by then are cancelled. Begin `main` with
/// `init([job(work)])`: workers of a `ProcessPool` are other processes.
pub fn run_on_pool<A: Value, T: Value, E: Value + std::fmt::Display>(
    workers: usize,
    work: impl Function<A, Result<T, E>>,
    inputs: impl IntoIterator<Item = A>,
) -> Result<Vec<T>, Box<dyn std::error::Error>> {
    let pool = futures_pool::ThreadPool::new(workers)?;
    let results = pool.map(work, inputs);
    // `done?` is for an error of the pool, `map_err` for one of the job.
    results.map(|done| done?.map_err(|why| why.to_string().into())).collect()
}
// ANCHOR_END: brigade
