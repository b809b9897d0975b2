//! One kitchen, a crew of four: dishes wait in a short queue for a free cook.
//!
//!     cargo run -p threading --bin cooks_crossbeam
//!
//! Change this and watch: `CREW` to 10, and it is as fast as ten threads; then
//! `--dishes 1000`, and it still has no more than its crew.

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
