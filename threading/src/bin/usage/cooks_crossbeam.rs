//! One kitchen, four cooks and a bounded queue: a worker pool of threads.
//!
//!     cargo run -p threading --bin cooks_crossbeam
//!
//! The queue is short: while it is full, the sender waits (back-pressure), and
//! memory stays flat. In Python: `ThreadPoolExecutor(max_workers=4)`, whose
//! queue has no limit.
//!
//! Change this and watch: `WORKERS` to 10, and it is as fast as ten threads;
//! then `--dishes 1000`, and it still has no more threads than that.
//!
//! Output (figures vary):
//!     threading::cooks_crossbeam  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        220 ms
//!      1 bibimbap  thread #1            │█░░░░░░░░░                     │   73
//!      2 bulgogi   thread #2            │█░░░░░░░                       │   63
//!      3 japchae   thread #3            │█░░░░░░░░░░                    │   83
//!      4 galbi     thread #4            │█░░░░░░                        │   52
//!      5 mandu     thread #4            │       █░░░░░░░░░░░░░          │  153
//!      6 pajeon    thread #2            │        █░░░░░░░░░░░░          │  154
//!      7 kimbap    thread #1            │          █░░░░░               │  115
//!      8 tteok     thread #3            │           █░░░░░░░░░░         │  159
//!      9 jjigae    thread #1            │                █░░░░░░░░░░░   │  201
//!     10 hotteok   thread #4            │                     █░░░░░░░░ │  220
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   718 ms
//!     nobody can beat             100 ms  the bound: the longest dish
//!     this took                   220 ms  3.3 times as fast, 2.19 of the bound
//!     cooked by 4 threads in 1 process; CPU 7 ms, 69 switches, 3.3 MiB

use shared::{Kitchen, Result, cook};

const WORKERS: usize = 4;

fn main() -> Result {
    let kitchen = Kitchen::open()?;
    let cook = |dish| cook(dish, kitchen.oven);
    let plates = map(WORKERS, kitchen.dishes(), cook)?;
    kitchen.serve(plates)
}

// ANCHOR: cooks_crossbeam
use crossbeam::channel::bounded;
use std::thread;

/// Runs `job` on each item, on a pool of `workers` threads (at least one).
/// Returns the results in the order of the items, or the first error to happen:
/// soon after an error no further job is started. A panic in a job is a panic
/// of the caller.
pub fn map<T: Send, R: Send, E: Send>(
    workers: usize,
    items: Vec<T>,
    job: impl Fn(T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let workers = workers.max(1); // without one, nothing would be done
    // Bounded: the faster side waits for the slower one.
    let (queue, jobs) = bounded(workers);
    let (done, results) = bounded(workers);
    let job = &job;
    thread::scope(|scope| {
        for _ in 0..workers {
            let (jobs, done) = (jobs.clone(), done.clone());
            scope.spawn(move || {
                for (number, item) in jobs {
                    let result = job(item).map(|result| (number, result));
                    if done.send(result).is_err() {
                        break; // nobody takes results: there was an error
                    }
                }
            });
        }
        // A channel ends with its last sender, and with its last receiver.
        drop((jobs, done));
        let mut items = items.into_iter().enumerate();
        scope.spawn(move || items.try_for_each(|item| queue.send(item)));
        let mut results: Vec<_> =
            results.into_iter().collect::<Result<_, E>>()?;
        results.sort_by_key(|(number, _)| *number);
        Ok(results.into_iter().map(|(_, result)| result).collect())
    })
}
// ANCHOR_END: cooks_crossbeam
