//! Deadlock by work stealing: a thread steals a job that needs its own lock.
//!
//!     cargo run -p futures_pool --bin rayon_stolen_lock
//!
//! A thread of rayon that waits in `join` does other jobs of the pool
//! meanwhile. If it holds a lock, and the job that it steals asks for that
//! lock, it waits for itself, although neither half of the `join` needs the
//! lock. In a large pool this happens only now and then; here two threads force
//! it. Never hold a lock while you wait for rayon.
//!
//! Read `rayon_under_lock` first.
//!
//! Change this and watch: `num_threads(3)`, several times. If the third thread
//! takes the other job, nothing stalls, and the program ends with an error.
//!
//! Output (figures vary):
//!     locked while both halves are joined: deadlock
//!     locked after both halves are joined: 97 of 100 left

use std::sync::{Barrier, Mutex};
use std::time::Duration;

use rayon::{Scope, ThreadPoolBuilder};
use shared::{Result, ensure, flags, say, watchdog::within};

const STOCK: u32 = 100;
/// More than enough: what is not stuck is done in a millisecond.
const LIMIT: Duration = Duration::from_millis(500);

fn main() -> Result {
    flags([]);
    let locked = left_in_stock(lock_then_join)?;
    say!("locked while both halves are joined: {}", text(locked));
    let joined = left_in_stock(join_then_lock)?;
    say!("locked after both halves are joined: {}", text(joined));
    let expected = (locked, joined) == (None, Some(STOCK - 3));
    ensure(expected, "other calls stalled than the locked one")
}

fn text(left: Option<u32>) -> String {
    left.map_or("deadlock".into(), |left| format!("{left} of {STOCK} left"))
}

fn lock_then_join<'a>(jobs: &Scope<'a>, stock: &'a Mutex<u32>) {
    let mut left = stock.lock().expect("no panic while locked");
    let (a, b) = rayon::join(first, || second(jobs, stock));
    *left -= a + b; // WRONG: it was locked while this thread waited
}

fn join_then_lock<'a>(jobs: &Scope<'a>, stock: &'a Mutex<u32>) {
    let second = || second(jobs, stock);
    join_then_update(stock, first, second, |left, a, b| *left -= a + b);
}

static TAKEN: Barrier = Barrier::new(2);
static BEGUN: Barrier = Barrier::new(2);

/// Forced: the other thread takes the second half.
fn first() -> u32 {
    TAKEN.wait();
    1
}

/// Forced: another job comes in, and only the thread that waits for this half
/// can begin it. Neither half locks anything.
fn second<'a>(jobs: &Scope<'a>, stock: &'a Mutex<u32>) -> u32 {
    TAKEN.wait();
    jobs.spawn(|_| {
        BEGUN.wait();
        *stock.lock().expect("no panic while locked") -= 1;
    });
    BEGUN.wait();
    1
}

type Take = for<'a> fn(&Scope<'a>, &'a Mutex<u32>);

/// `None`: not done in time. Then the threads are left behind until the process
/// ends, because nobody can take the lock from them.
fn left_in_stock(take: Take) -> Result<Option<u32>> {
    let pool = ThreadPoolBuilder::new().num_threads(2).build()?;
    let left = within(LIMIT, move || {
        let stock = Mutex::new(STOCK);
        pool.scope(|jobs| take(jobs, &stock));
        stock.into_inner().expect("no panic while locked")
    });
    Ok(left.ok())
}

// ANCHOR: rayon_stolen_lock
/// Computes two values in parallel, and hands both to `update` under the lock.
/// The lock is taken after the waiting, so no stolen job can need it.
///
/// # Panics
///
/// When one of the three panics, or another thread has panicked while it held
/// the lock.
pub fn join_then_update<T, A: Send, B: Send>(
    shared: &std::sync::Mutex<T>,
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B + Send,
    update: impl FnOnce(&mut T, A, B),
) {
    let (a, b) = rayon::join(first, second);
    update(&mut shared.lock().expect("it is not poisoned"), a, b);
}
// ANCHOR_END: rayon_stolen_lock
