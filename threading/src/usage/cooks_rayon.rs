//! One kitchen, as many cooks as cores: a parallel iterator.
//!
//!     cargo run -p threading --bin cooks_rayon
//!
//! Change this and watch: `--menu chopping`, which this is made for; then
//! `RAYON_NUM_THREADS=10`, which makes it wait as well as ten threads do.

use rayon::prelude::*;
use shared::{Kitchen, Result, cook};

fn main() -> Result {
    let kitchen = Kitchen::open()?;
    let plates = kitchen
        .dishes()
        .into_par_iter() // The one change
        .map(|dish| cook(dish, kitchen.oven))
        .collect::<Result<_>>()?;
    kitchen.serve(plates)
}
