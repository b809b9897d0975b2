//! One kitchen, one cook: no concurrency, the baseline of all comparisons.
//!
//!     cargo run -p threading --bin one_cook
//!
//! Each dish is cooked after the one before it, as in a plain `for` loop of
//! Python. `cooks`, `cooks_crossbeam` and `cooks_rayon` change only `map`.
//!
//! Change this and watch: `--menu chopping`. More cores make nothing faster
//! here, neither work nor waiting.
//!
//! Output (figures vary):
//!     threading::one_cook  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        724 ms
//!      1 bibimbap  main                 │█░░                            │   71
//!      2 bulgogi   main                 │   █░                          │  132
//!      3 japchae   main                 │     █░░░                      │  213
//!      4 galbi     main                 │         █░                    │  264
//!      5 mandu     main                 │           █░░░                │  365
//!      6 pajeon    main                 │               █░░░            │  455
//!      7 kimbap    main                 │                   █░          │  496
//!      8 tteok     main                 │                     █░░       │  572
//!      9 jjigae    main                 │                        █░░░   │  658
//!     10 hotteok   main                 │                            █░ │  724
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   718 ms
//!     nobody can beat             100 ms  the bound: the longest dish
//!     this took                   724 ms  1.0 times as fast, 7.22 of the bound
//!     cooked by 1 thread in 1 process; CPU 6 ms, 20 switches, 2.9 MiB

use shared::{Kitchen, Result, cook};

fn main() -> Result {
    let kitchen = Kitchen::open()?;
    let cook = |dish| cook(dish, kitchen.oven);
    let plates = map(kitchen.dishes(), cook)?;
    kitchen.serve(plates)
}

// ANCHOR: one_cook
/// Runs `job` on each item, one after the other: no concurrency. Returns the
/// results in the order of the items, or the first error.
pub fn map<T, R, E>(
    items: Vec<T>,
    job: impl Fn(T) -> Result<R, E>,
) -> Result<Vec<R>, E> {
    items.into_iter().map(job).collect()
}
// ANCHOR_END: one_cook
