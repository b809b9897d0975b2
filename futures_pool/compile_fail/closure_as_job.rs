//! E0277: a job travels by its name, and a name does not bring a list along.

use futures_pool::{Executor, ThreadPool};

pub fn submit(pool: &ThreadPool) {
    let prices = vec![12, 8, 30];
    let sum = move |tip: u64| prices.iter().sum::<u64>() + tip;
    drop(pool.submit(sum, 5));
}
