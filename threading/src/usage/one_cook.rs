//! One kitchen, one cook: no concurrency. The baseline of all comparisons.
//!
//!     cargo run -p threading --bin one_cook
//!
//! Change this and watch: nothing here can be made faster by more cores.

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
