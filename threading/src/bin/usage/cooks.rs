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
//!                                        0                        140 ms
//!      1 bibimbap  thread #1            │ █░░░░░░░░░░░░░░░░░░░░░        │  105
//!      2 bulgogi   thread #2            │ █░░░░░░░░░░░░░░░░░            │   88
//!      3 japchae   thread #3            │ █░░░░░░░░░░░░░░░░░░░░░        │  106
//!      4 galbi     thread #4            │   █░░░░░░░░░░░░░              │   80
//!      5 mandu     thread #5            │   █░░░░░░░░░░░░░░░░░░░░░░░░░░ │  136
//!      6 pajeon    thread #6            │    █░░░░░░░░░░░░░░░░░░░░░     │  119
//!      7 kimbap    thread #7            │    █░░░░░░░░░░                │   71
//!      8 tteok     thread #8            │    █░░░░░░░░░░░░░░░░░░        │  104
//!      9 jjigae    thread #9            │    █░░░░░░░░░░░░░░░░░░░       │  111
//!     10 hotteok   thread #10           │     █░░░░░░░░░░░░░░░░░        │  104
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   716 ms
//!     nobody can beat             100 ms  the longest dish
//!     this took                   140 ms  5.1 times as fast, 1.40 of the bound
//!     cooked by 10 threads in 1 process; CPU 7 ms, 16 switches, 3.1 MiB
//!     The article, T1: "Threads: one kitchen, ten cooks, ten dishes."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     T1 borne out: 10 threads in 1 process, 5.1 times as fast as one cook

use shared::{Kitchen, Meal, Result, cook};

fn main() -> Result {
    let kitchen = Kitchen::open()?;
    let cook = |dish| cook(dish, kitchen.oven);
    let plates = map(kitchen.dishes(), cook)?;
    kitchen.claim_timed("T1", ten_cook_at_once);
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

/// Each dish has a thread, and ten dishes are cooked at the same time.
fn ten_cook_at_once(meal: &Meal) -> bool {
    let dishes = meal.plates.len();
    meal.threads == dishes && meal.at_once() >= dishes.min(10)
}
