//! One kitchen, as many cooks as cores: a parallel iterator.
//!
//!     cargo run -p threading --bin cooks_rayon
//!
//! Change this and watch: `--menu chopping`, which this is made for; then
//! `RAYON_NUM_THREADS=10`, which makes it wait as well as ten threads do.
//!
//! Output (figures vary):
//!     threading::cooks_rayon  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        365 ms
//!      1 bibimbap  thread #1            │█░░░░░                         │   71
//!      2 bulgogi   thread #1            │      █░░░░                    │  132
//!      3 japchae   thread #1            │           █░░░░░░             │  213
//!      4 galbi     thread #1            │                  █░░░         │  264
//!      5 mandu     thread #1            │                      █░░░░░░░ │  365
//!      6 pajeon    thread #2            │█░░░░░░                        │   91
//!      7 kimbap    thread #2            │       █░░░                    │  132
//!      8 tteok     thread #2            │           █░░░░░              │  208
//!      9 jjigae    thread #2            │                 █░░░░░░       │  294
//!     10 hotteok   thread #2            │                        █░░░░░ │  359
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   716 ms
//!     nobody can beat             100 ms  the longest dish
//!     this took                   365 ms  2.0 times as fast, 3.64 of the bound
//!     cooked by 2 threads in 1 process; CPU 4 ms, 27 switches, 3.2 MiB

use rayon::prelude::*;
use shared::{Kitchen, Result, cook};

fn main() -> Result {
    let kitchen = Kitchen::open()?;
    let plates = kitchen
        .dishes()
        .into_par_iter() // The one change
        .map(|dish| cook(dish, kitchen.oven))
        .collect::<Result<_>>()?;
    kitchen.serve(plates)
}
