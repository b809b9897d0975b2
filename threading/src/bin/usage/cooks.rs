//! One kitchen, ten cooks: a thread for every dish, and all wait together.
//!
//!     cargo run -p threading --bin cooks
//!
//! As in Python, threads overlap their waiting: the oven is a server in another
//! process, so a dish that bakes is a thread that waits for a socket. In Python
//! with its global lock (GIL) only one thread works at a time; here as many
//! threads work at a time as there are cores: that is what "differs" below.
//!
//! Claims: T1
//! Change this and watch: the option `--menu chopping`. The dishes only work
//! then. Each bar of the picture gets longer, because ten threads share the
//! cores: on two cores this is about twice as fast as one cook alone.
//!
//! Output (figures vary):
//!     threading::cooks  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        105 ms
//!      1 bibimbap  thread #9            │█░░░░░░░░░░░░░░░░░░░░          │   75
//!      2 bulgogi   thread #1            │█░░░░░░░░░░░░░░░░░░            │   65
//!      3 japchae   thread #2            │█░░░░░░░░░░░░░░░░░░░░░░░░      │   85
//!      4 galbi     thread #3            │█░░░░░░░░░░░░░░░               │   56
//!      5 mandu     thread #4            │█░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ │  105
//!      6 pajeon    thread #5            │█░░░░░░░░░░░░░░░░░░░░░░░░░░    │   95
//!      7 kimbap    thread #10           │█░░░░░░░░░░░░                  │   45
//!      8 tteok     thread #6            │█░░░░░░░░░░░░░░░░░░░░░░        │   80
//!      9 jjigae    thread #7            │█░░░░░░░░░░░░░░░░░░░░░░░░░     │   90
//!     10 hotteok   thread #8            │ █░░░░░░░░░░░░░░░░░░           │   70
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   718 ms
//!     nobody can beat             100 ms  the bound: the longest dish
//!     this took                   105 ms  6.8 times as fast, 1.05 of the bound
//!     cooked by 10 threads in 1 process; CPU 6 ms, 18 switches, 3.2 MiB
//!     The article, T1: "Threads: one kitchen, ten cooks, ten dishes."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to T1 is borne out: 10 threads cooked 10 dishes at the same time

use shared::{Kitchen, Result, cook};

fn main() -> Result {
    let kitchen = Kitchen::open()?;
    let job = |dish| cook(dish, kitchen.oven);
    let plates = map(kitchen.dishes(), job)?;
    // Judged by `serve`, when all dishes are there: each has a thread.
    kitchen.claim_timed("T1", |meal| {
        meal.threads == meal.plates.len() && meal.ten_at_once()
    });
    kitchen.serve(plates)
}

// ANCHOR: cooks
use std::{panic::resume_unwind, thread};

/// Runs `job` on each item, each on a thread of its own. Waits for all threads,
/// and returns the results in the order of the items; if jobs fail, the error
/// of the first of them in this order. If a job panics, the caller panics, too.
/// For tens or hundreds of items: for thousands the system may refuse a thread,
/// which is a panic, too.
pub fn map<T: Send, R: Send, E: Send>(
    items: Vec<T>,
    job: impl Fn(T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let job = &job; // so `move` takes only a reference to it
    thread::scope(|scope| {
        // All threads start ...
        let threads: Vec<_> = items
            .into_iter()
            .map(|item| scope.spawn(move || job(item)))
            .collect();
        // ... before the first one is waited for.
        let mut results = Vec::new();
        for thread in threads {
            // A panic is raised again; `?` returns the job's own error.
            let result = thread.join();
            results.push(result.unwrap_or_else(|panic| resume_unwind(panic))?);
        }
        Ok(results)
    })
}
// ANCHOR_END: cooks
