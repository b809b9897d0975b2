//! One kitchen, one cook: no concurrency. The baseline of all comparisons.
//!
//!     cargo run -p threading --bin one_cook
//!
//! Change this and watch: nothing here can be made faster by more cores.
//!
//! Output (figures vary):
//!     threading::one_cook  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        722 ms
//!      1 bibimbap  main                 │█░░                            │   71
//!      2 bulgogi   main                 │   █░                          │  132
//!      3 japchae   main                 │     █░░░                      │  213
//!      4 galbi     main                 │         █░                    │  263
//!      5 mandu     main                 │           █░░░                │  364
//!      6 pajeon    main                 │               █░░░            │  454
//!      7 kimbap    main                 │                   █░          │  495
//!      8 tteok     main                 │                     █░░       │  571
//!      9 jjigae    main                 │                        █░░░   │  657
//!     10 hotteok   main                 │                            █░ │  722
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   716 ms
//!     nobody can beat             100 ms  the longest dish
//!     this took                   722 ms  1.0 times as fast, 7.22 of the bound
//!     cooked by 1 thread in 1 process; CPU 4 ms, 17 switches, 2.9 MiB

use shared::{Kitchen, Result, cook};

fn main() -> Result {
    let kitchen = Kitchen::open()?;
    let plates = kitchen
        .dishes()
        .into_iter()
        .map(|dish| cook(dish, kitchen.oven))
        .collect::<Result<_>>()?;
    kitchen.serve(plates)
}
