//! ProcessPoolExecutor: four processes, a queue. Four cooks, ten dishes.
//!
//!     cargo run -p futures_pool --bin brigade_processes
//!
//! Four workers take ten dishes, one at a time; a worker that is free takes the
//! next one. So four dishes are being cooked, and never more.
//!
//! Claims: F11
//! Change this and watch: `ProcessPool` to `ThreadPool`, and nothing else.
//!
//! Output (figures vary):
//!     futures_pool::brigade_processes  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        225 ms
//!      1 bibimbap  process 5048         │█░░░░░░░░░                     │   76
//!      2 bulgogi   process 5049         │█░░░░░░░░                      │   66
//!      3 japchae   process 5047         │█░░░░░░░░░░                    │   86
//!      4 galbi     process 5046         │█░░░░░░                        │   55
//!      5 mandu     process 5046         │       █░░░░░░░░░░░░░          │  157
//!      6 pajeon    process 5049         │         █░░░░░░░░░░░          │  157
//!      7 kimbap    process 5048         │          █░░░░░               │  118
//!      8 tteok     process 5047         │           █░░░░░░░░░░         │  162
//!      9 jjigae    process 5048         │                █░░░░░░░░░░░   │  204
//!     10 hotteok   process 5049         │                     █░░░░░░░░ │  224
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   717 ms
//!     nobody can beat             100 ms  the bound: the longest dish
//!     this took                   225 ms  3.2 times as fast, 2.24 of the bound
//!     cooked by 4 threads in 4 processes; CPU 15 ms, 76 switches, 18.4 MiB
//!     The article, F11: "max_workers is fixed in advance and limits parallelism."
//!     Our answer for Rust: holds (true)
//!     Our answer to F11 is borne out: 4 processes cooked 4 dishes at the same time

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
    kitchen.claim_timed("F11", |meal| meal.fills(CREW));
    kitchen.serve(plates)
}

fn cook_order((dish, oven): (Dish, SocketAddr)) -> Result<Plate> {
    cook(dish, oven)
}

// ANCHOR: brigade_processes
use futures_pool::{Executor, Function, Value};

/// Runs `work` on each input, on this number of workers, and returns the
/// results in the order of the inputs. The first error ends it: jobs that have
/// not begun by then are cancelled. Begin `main` with `init([job(work)])`, for
/// a worker may be another process.
pub fn run_on_pool<A: Value, T: Value, E: Value + std::fmt::Display>(
    workers: usize,
    work: impl Function<A, Result<T, E>>,
    inputs: impl IntoIterator<Item = A>,
) -> Result<Vec<T>, Box<dyn std::error::Error>> {
    let pool = futures_pool::ProcessPool::new(workers)?; // The one change
    let results = pool.map(work, inputs);
    results.map(|done| done?.map_err(|why| why.to_string().into())).collect()
}
// ANCHOR_END: brigade_processes
