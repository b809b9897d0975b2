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
//!                                        0                        368 ms
//!      1 bibimbap  thread #1            │█░░░░░                         │   72
//!      2 bulgogi   thread #1            │      █░░░░                    │  135
//!      3 japchae   thread #1            │           █░░░░░░             │  216
//!      4 galbi     thread #1            │                  █░░░         │  267
//!      5 mandu     thread #1            │                      █░░░░░░░ │  368
//!      6 pajeon    thread #2            │█░░░░░░                        │   93
//!      7 kimbap    thread #2            │       █░░░                    │  136
//!      8 tteok     thread #2            │           █░░░░░              │  211
//!      9 jjigae    thread #2            │                 █░░░░░░░      │  298
//!     10 hotteok   thread #2            │                         █░░░░ │  364
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   718 ms
//!     nobody can beat             100 ms  the bound: the longest dish
//!     this took                   368 ms  1.9 times as fast, 3.67 of the bound
//!     cooked by 2 threads in 1 process; CPU 6 ms, 21 switches, 3.3 MiB

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
