//! Who waits for rayon while holding a lock may wait for ever.
//!
//!     cargo run -p futures_pool --bin rayon_under_lock
//!
//! Once because the items of the parallel call need the lock, too. And once
//! though they do not: a rayon thread that waits does other jobs meanwhile, and
//! one of these needs the lock that lies under it on its own stack. What is
//! locked is a stock of 100, from which orders take.
//!
//! Change this and watch: `num_threads(3)`, several times. If the third thread
//! is the first to see the other order, the third line does not stall, which is
//! an error here: in a larger pool the same mistake shows only now and then.
//!
//! Output (figures vary):
//!     the stock is locked                   left
//!     while the items lock it            stalled
//!     after the items are collected           90
//!     while both halves are joined       stalled
//!     after both halves are joined            97

use std::sync::{Barrier, Mutex, MutexGuard};
use std::time::Duration;

use rayon::{Scope, ThreadPool, ThreadPoolBuilder, prelude::*};
use shared::{Failure, Result, flags, say, watchdog::within};

/// Ample: what is not stuck is done in a millisecond.
const LIMIT: Duration = Duration::from_millis(500);

fn main() -> Result {
    flags([]);
    say!("{:<34}{:>8}", "the stock is locked", "left");
    let items = row("while the items lock it", locked_by_items)?;
    let collected = row("after the items are collected", collect_first)?;
    let waiting = row("while both halves are joined", lock_then_join)?;
    let joined = row("after both halves are joined", join_first)?;
    if [items, collected, waiting, joined] != [None, Some(90), None, Some(97)] {
        return Err(Failure::new("a lock was not held as it should be"));
    }
    Ok(())
}

/// What is left of 100, or `None`: not done in time. Then the threads are left
/// behind until the process ends, for nobody can take the lock from them.
fn row(
    locked: &str,
    order: fn(&ThreadPool, &Mutex<u32>),
) -> Result<Option<u32>> {
    let pool = ThreadPoolBuilder::new().num_threads(2).build()?;
    let left = within(LIMIT, move || {
        let stock = Mutex::new(100);
        order(&pool, &stock);
        *lock(&stock)
    });
    let left = left.ok();
    let word = left.map_or("stalled".into(), |left| left.to_string());
    say!("{locked:<34}{word:>8}");
    Ok(left)
}

fn lock(stock: &Mutex<u32>) -> MutexGuard<'_, u32> {
    stock.lock().expect("nobody panics with it")
}

fn locked_by_items(pool: &ThreadPool, stock: &Mutex<u32>) {
    let _mine = lock(stock); // WRONG: no item can lock it before this ends
    pool.install(|| {
        (1..=4).into_par_iter().for_each(|dish| *lock(stock) -= needs(dish));
    });
}

fn collect_first(pool: &ThreadPool, stock: &Mutex<u32>) {
    let needed: Vec<u32> =
        pool.install(|| (1..=4).into_par_iter().map(needs).collect());
    *lock(stock) -= needed.iter().sum::<u32>();
}

/// Stands for what takes a while to find out.
fn needs(dish: u32) -> u32 {
    dish
}

fn lock_then_join(pool: &ThreadPool, stock: &Mutex<u32>) {
    pool.scope(|orders| {
        let mut mine = lock(stock); // WRONG: held while this thread waits
        *mine -= two_halves(orders, stock);
    });
}

fn join_first(pool: &ThreadPool, stock: &Mutex<u32>) {
    pool.scope(|orders| {
        let needed = two_halves(orders, stock);
        *lock(stock) -= needed;
    });
}

/// Neither half locks anything. Forced: the other thread takes the second half,
/// and another order comes in; only whoever waits for that half can begin it.
fn two_halves<'a>(orders: &Scope<'a>, stock: &'a Mutex<u32>) -> u32 {
    static TAKEN: Barrier = Barrier::new(2);
    static BEGUN: Barrier = Barrier::new(2);
    let first = || {
        TAKEN.wait();
        1
    };
    let second = || {
        TAKEN.wait();
        orders.spawn(|_| {
            BEGUN.wait();
            *lock(stock) -= 1; // another order
        });
        BEGUN.wait();
        1
    };
    let (first, second) = rayon::join(first, second);
    first + second
}
