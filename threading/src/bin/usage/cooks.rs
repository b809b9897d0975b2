//! One kitchen, ten cooks: a thread for every dish.
//!
//!     cargo run -p threading --bin cooks
//!
//! Claims: T1
//! Change this and watch: `--menu chopping`: ten cooks, but how many knives?
//!
//! Output (figures vary):
//!     threading::cooks  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        102 ms
//!      1 bibimbap  thread #1            │█░░░░░░░░░░░░░░░░░░░░          │   71
//!      2 bulgogi   thread #2            │█░░░░░░░░░░░░░░░░░             │   61
//!      3 japchae   thread #3            │█░░░░░░░░░░░░░░░░░░░░░░░       │   82
//!      4 galbi     thread #4            │█░░░░░░░░░░░░░░                │   52
//!      5 mandu     thread #5            │█░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ │  102
//!      6 pajeon    thread #6            │█░░░░░░░░░░░░░░░░░░░░░░░░░░    │   92
//!      7 kimbap    thread #7            │█░░░░░░░░░░░                   │   42
//!      8 tteok     thread #8            │█░░░░░░░░░░░░░░░░░░░░░░        │   77
//!      9 jjigae    thread #9            │█░░░░░░░░░░░░░░░░░░░░░░░░░     │   88
//!     10 hotteok   thread #10           │█░░░░░░░░░░░░░░░░░░░           │   68
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   716 ms
//!     nobody can beat             100 ms  the longest dish
//!     this took                   102 ms  7.0 times as fast, 1.02 of the bound
//!     cooked by 10 threads in 1 process; CPU 4 ms, 26 switches, 3.2 MiB
//!     T1 borne out: 10 threads in 1 process, 7.0 times as fast as one cook

use std::thread;

use shared::{Kitchen, Result, cook};

fn main() -> Result {
    let kitchen = Kitchen::open()?;
    let plates = thread::scope(|floor| {
        // Everybody starts ...
        let cooks: Vec<_> = kitchen
            .dishes()
            .into_iter()
            .map(|dish| floor.spawn(move || cook(dish, kitchen.oven)))
            .collect();
        // ... before the first one is waited for.
        cooks
            .into_iter()
            .map(|cook| cook.join().expect("a cook does not panic"))
            .collect::<Result<_>>()
    })?;
    kitchen.claim("T1", |m| m.threads == m.plates.len() && m.processes == 1);
    kitchen.serve(plates)
}
