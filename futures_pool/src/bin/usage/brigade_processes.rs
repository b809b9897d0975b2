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
//!                                        0                        232 ms
//!      1 bibimbap  process 4028         │ █░░░░░░░░                     │   81
//!      2 bulgogi   process 4026         │ █░░░░░░░                      │   71
//!      3 japchae   process 4025         │ █░░░░░░░░░░                   │   91
//!      4 galbi     process 4024         │ █░░░░░░                       │   61
//!      5 mandu     process 4024         │        █░░░░░░░░░░░░░         │  166
//!      6 pajeon    process 4026         │         █░░░░░░░░░░░          │  163
//!      7 kimbap    process 4028         │          █░░░░░               │  123
//!      8 tteok     process 4025         │            █░░░░░░░░░         │  168
//!      9 jjigae    process 4028         │                █░░░░░░░░░░    │  209
//!     10 hotteok   process 4026         │                     █░░░░░░░░ │  229
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   718 ms
//!     nobody can beat             100 ms  the bound: the longest dish
//!     this took                   232 ms  3.1 times as fast, 2.31 of the bound
//!     cooked by 4 threads in 4 processes; CPU 18 ms, 130 switches, 18.1 MiB
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
    let pool = futures_pool::ProcessPool::new(workers)?; // The one change
    let results = pool.map(work, inputs);
    // `done?` is for an error of the pool, `map_err` for one of the job.
    results.map(|done| done?.map_err(|why| why.to_string().into())).collect()
}
// ANCHOR_END: brigade_processes
