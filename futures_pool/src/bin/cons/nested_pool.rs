//! Jobs that wait for jobs of their own pool can occupy all of its workers.
//!
//!     cargo run -p futures_pool --bin nested_pool
//!
//! Four orders each need a sauce, which is a job, too. While a worker waits for
//! one, it makes none. A limit to that wait gives the workers back. rayon has
//! four threads here: `join` makes the sauce in the thread that waits for it.
//!
//! Claims: F11
//! Change this and watch: `ORDERS + 1` to `ORDERS`. The one worker more is all
//! that the second row has; `join` needs none.
//!
//! Output (figures vary):
//!     sauces by                           done   stalled
//!     the same crew of 4                     0         4
//!     the same crew of 5                     4         0
//!     rayon, spawn and channel               0         4
//!     rayon, join                            4         0
//!     F11 borne out: 4 orders stall in a crew of 4, 0 in one of 5

use std::sync::{Barrier, LazyLock, mpsc::channel};
use std::time::Duration;

use futures_pool::{Executor, Pending, ThreadPool};
use shared::{Result, claim, flags, say, watchdog::Watchdog};

const ORDERS: usize = 4;
/// Ample: a sauce that somebody makes is there in microseconds.
const LIMIT: Duration = Duration::from_millis(200);

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the orders", Duration::from_secs(2))?;
    say!("{:<32}{:>8}{:>10}", "sauces by", "done", "stalled");
    let [few, more] = CREWS.each_ref().map(|crew| crew.workers());
    let tight = row(&format!("the same crew of {few}"), in_a_crew(0));
    let one_more = row(&format!("the same crew of {more}"), in_a_crew(1));
    let channel = row("rayon, spawn and channel", in_rayon(spawned)?);
    let joined = row("rayon, join", in_rayon(joined)?);

    let done = [tight, one_more, channel, joined];
    let holds = done == [0, ORDERS, 0, ORDERS];
    let [stall, late] = [tight, one_more].map(|done| ORDERS - done);
    let figure = format!(
        "{stall} orders stall in a crew of {few}, {late} in one of {more}"
    );
    claim("F11", holds, figure)
}

/// How many orders are done.
fn row(crew: &str, orders: Vec<bool>) -> usize {
    let done = orders.iter().filter(|&&done| done).count();
    say!("{crew:<32}{done:>8}{:>10}", orders.len() - done);
    done
}

/// Where a job finds its crew: it is a plain function.
static CREWS: [LazyLock<ThreadPool>; 2] = [
    LazyLock::new(|| ThreadPool::new(ORDERS).expect("it is not 0")),
    LazyLock::new(|| ThreadPool::new(ORDERS + 1).expect("it is not 0")),
];

fn in_a_crew(crew: usize) -> Vec<bool> {
    let pool = &CREWS[crew];
    let orders: Vec<_> =
        (0..ORDERS).map(|_| pool.submit(order, crew)).collect();
    let orders = orders.into_iter();
    let done = orders.map(|order| order.result().expect("it does not panic"));
    let done = done.collect();
    pool.shutdown(Pending::Finish);
    done
}

/// Whether its sauce was made.
fn order(crew: usize) -> bool {
    together(|| {
        let sauce = CREWS[crew].submit(sauce, ());
        // WRONG: a worker waits for what only a worker can do
        sauce.result_timeout(LIMIT).is_ok_and(|made| made == Ok(true))
    })
}

fn sauce((): ()) -> bool {
    true
}

/// Forced: no order waits for its sauce before all have been begun, and none
/// gives its worker back before all have waited.
fn together(order: impl FnOnce() -> bool) -> bool {
    static ALL: Barrier = Barrier::new(ORDERS);
    ALL.wait();
    let done = order();
    ALL.wait();
    done
}

/// One order for each thread of a pool.
fn in_rayon(order: fn() -> bool) -> Result<Vec<bool>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(ORDERS).build()?;
    Ok(pool.broadcast(|_| together(order)))
}

fn spawned() -> bool {
    let (send, receive) = channel();
    rayon::spawn(move || {
        let _ = send.send(sauce(())); // an error: nobody waits any more
    });
    receive.recv_timeout(LIMIT) == Ok(true) // WRONG: as above
}

/// A thread that waits for its sauce makes it, unless another one does.
fn joined() -> bool {
    let ((), made) = rayon::join(|| {}, || sauce(()));
    made
}
