//! One kitchen, as many cooks as cores: data parallelism by an iterator.
//!
//!     cargo run -p threading --bin cooks_rayon
//!
//! rayon keeps a pool of one thread per core, and an idle thread steals work
//! from a busy one. In Python this is `ProcessPoolExecutor.map`; here threads
//! are enough, because no global lock keeps them from working in parallel.
//!
//! Change this and watch: `--menu chopping`, which this is made for; then
//! `RAYON_NUM_THREADS=10`, which makes it wait as well as ten threads do.
//!
//! Output (figures vary):
//!     threading::cooks_rayon  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        367 ms
//!      1 bibimbap  thread #2            │█░░░░░                         │   71
//!      2 bulgogi   thread #2            │      █░░░░                    │  132
//!      3 japchae   thread #2            │           █░░░░░░             │  214
//!      4 galbi     thread #2            │                  █░░░         │  265
//!      5 mandu     thread #2            │                      █░░░░░░░ │  366
//!      6 pajeon    thread #1            │█░░░░░░                        │   91
//!      7 kimbap    thread #1            │       █░░░                    │  132
//!      8 tteok     thread #1            │           █░░░░░              │  208
//!      9 jjigae    thread #1            │                 █░░░░░░       │  295
//!     10 hotteok   thread #1            │                        █░░░░░ │  361
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   717 ms
//!     nobody can beat             100 ms  the bound: the longest dish
//!     this took                   367 ms  2.0 times as fast, 3.66 of the bound
//!     cooked by 2 threads in 1 process; CPU 7 ms, 19 switches, 3.4 MiB

use shared::{Kitchen, Result, cook};

fn main() -> Result {
    let kitchen = Kitchen::open()?;
    let cook = |dish| cook(dish, kitchen.oven);
    let plates = map(kitchen.dishes(), cook)?;
    kitchen.serve(plates)
}

// ANCHOR: cooks_rayon
use rayon::prelude::*;

/// Runs `job` on each item, on a pool of one thread per core. Returns the
/// results in the order of the items, or one of the errors: soon after an error
/// no further job is started. If a job panics, the caller panics, too.
pub fn map<T: Send, R: Send, E: Send>(
    items: Vec<T>,
    job: impl Fn(T) -> Result<R, E> + Sync + Send,
) -> Result<Vec<R>, E> {
    items.into_par_iter().map(job).collect() // the one change
}
// ANCHOR_END: cooks_rayon
