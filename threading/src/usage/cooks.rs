//! One kitchen, ten cooks: a thread for every dish.
//!
//!     cargo run -p threading --bin cooks
//!
//! Claims: T1
//! Change this and watch: `--menu chopping`: ten cooks, but how many knives?

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
