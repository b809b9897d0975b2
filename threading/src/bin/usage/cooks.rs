//! One kitchen, ten cooks: a thread for every dish, and all wait at once.
//!
//!     cargo run -p threading --bin cooks
//!
//! As in Python, threads overlap their waiting. In Python with its global lock
//! (GIL) one thread works at a time; here one thread works on each core.
//!
//! Claims: T1
//! Change this and watch: `--menu chopping`: ten cooks, a knife for each core.
//!
//! Output (figures vary):
//!     threading::cooks  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        104 ms
//!      1 bibimbap  thread #2            │█░░░░░░░░░░░░░░░░░░░░          │   71
//!      2 bulgogi   thread #3            │█░░░░░░░░░░░░░░░░░             │   63
//!      3 japchae   thread #1            │█░░░░░░░░░░░░░░░░░░░░░░░       │   83
//!      4 galbi     thread #4            │█░░░░░░░░░░░░░░                │   54
//!      5 mandu     thread #5            │█░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ │  104
//!      6 pajeon    thread #6            │█░░░░░░░░░░░░░░░░░░░░░░░░░░    │   93
//!      7 kimbap    thread #7            │█░░░░░░░░░░░                   │   43
//!      8 tteok     thread #9            │█░░░░░░░░░░░░░░░░░░░░░░        │   78
//!      9 jjigae    thread #10           │█░░░░░░░░░░░░░░░░░░░░░░░░░     │   88
//!     10 hotteok   thread #8            │█░░░░░░░░░░░░░░░░░░░           │   68
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   717 ms
//!     nobody can beat             100 ms  the longest dish
//!     this took                   104 ms  6.9 times as fast, 1.04 of the bound
//!     cooked by 10 threads in 1 process; CPU 6 ms, 19 switches, 3.2 MiB
//!     The article, T1: "Threads: one kitchen, ten cooks, ten dishes."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     T1 borne out: 10 threads, 10 dishes at once, 6.9 times as fast as one cook

use shared::{Kitchen, Result, cook};

fn main() -> Result {
    let kitchen = Kitchen::open()?;
    let cook = |dish| cook(dish, kitchen.oven);
    let plates = map(kitchen.dishes(), cook)?;
    // Each dish has a thread.
    kitchen.claim_timed("T1", |meal| {
        meal.threads == meal.plates.len() && meal.ten_at_once()
    });
    kitchen.serve(plates)
}

// ANCHOR: cooks
use std::{panic::resume_unwind, thread};

/// Runs `job` on each item, each on a thread of its own. Returns the results
/// in the order of the items, or the first error, when all threads have ended.
/// A panic in a job goes on in the caller. For tens or hundreds of items: for
/// thousands the system may refuse a thread, which is a panic, too.
pub fn map<T: Send, R: Send, E: Send>(
    items: Vec<T>,
    job: impl Fn(T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let job = &job;
    thread::scope(|scope| {
        // All threads start ...
        let threads: Vec<_> = items
            .into_iter()
            .map(|item| scope.spawn(move || job(item)))
            .collect();
        // ... before the first one is waited for.
        let mut results = Vec::new();
        for thread in threads {
            let result = thread.join();
            results.push(result.unwrap_or_else(|panic| resume_unwind(panic))?);
        }
        Ok(results)
    })
}
// ANCHOR_END: cooks
