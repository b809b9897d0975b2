//! One kitchen, four cooks and a bounded queue: a worker pool of threads.
//!
//!     cargo run -p threading --bin cooks_crossbeam
//!
//! Change this and watch: `CREW` to 10, and it is as fast as ten threads; then
//! `--dishes 1000`, and it still has no more than its crew.
//!
//! Output (figures vary):
//!     threading::cooks_crossbeam  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        218 ms
//!      1 bibimbap  thread #1            │█░░░░░░░░░                     │   71
//!      2 bulgogi   thread #2            │█░░░░░░░                       │   62
//!      3 japchae   thread #3            │█░░░░░░░░░░                    │   81
//!      4 galbi     thread #4            │█░░░░░░                        │   51
//!      5 mandu     thread #4            │       █░░░░░░░░░░░░░          │  152
//!      6 pajeon    thread #2            │        █░░░░░░░░░░░░          │  153
//!      7 kimbap    thread #1            │          █░░░░                │  113
//!      8 tteok     thread #3            │           █░░░░░░░░░░         │  157
//!      9 jjigae    thread #1            │                █░░░░░░░░░░░   │  198
//!     10 hotteok   thread #4            │                     █░░░░░░░░ │  218
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   716 ms
//!     nobody can beat             100 ms  the longest dish
//!     this took                   218 ms  3.3 times as fast, 2.18 of the bound
//!     cooked by 4 threads in 1 process; CPU 5 ms, 72 switches, 3.1 MiB

use std::thread;

use crossbeam::channel::bounded;
use shared::{Kitchen, Result, cook};

const CREW: usize = 4;

fn main() -> Result {
    let kitchen = Kitchen::open()?;
    let dishes = kitchen.dishes();
    // Bounded: who is faster waits for who is slower, and memory stays flat.
    let (rail, orders) = bounded(CREW);
    let (pass, plates) = bounded(CREW);
    let plates = thread::scope(|floor| {
        for _ in 0..CREW {
            let (orders, pass) = (orders.clone(), pass.clone());
            floor.spawn(move || {
                for dish in orders {
                    if pass.send(cook(dish, kitchen.oven)).is_err() {
                        break; // nobody takes plates any more
                    }
                }
            });
        }
        // A channel ends with its last sender, and with its last receiver.
        drop((orders, pass));
        floor.spawn(move || {
            dishes.into_iter().try_for_each(|dish| rail.send(dish))
        });
        plates.into_iter().collect::<Result<_>>()
    })?;
    kitchen.serve(plates)
}
