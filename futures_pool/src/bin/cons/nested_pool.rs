//! Pool starvation: jobs that wait for jobs of their own pool can deadlock it.
//!
//!     cargo run -p futures_pool --bin nested_pool
//!
//! Four jobs each wait for an inner job. While a worker waits for one, it runs
//! none. A limit to that wait gives the workers back. rayon has four threads
//! here: `join` runs the inner job in the thread that waits for it.
//!
//! Claims: F11
//! Change this and watch: `JOBS + 1` to `JOBS`. The one worker more is all
//! that the second row has; `join` needs none.
//!
//! Output (figures vary):
//!     inner jobs by                       done   stalled
//!     the same pool, 4 workers               0         4
//!     the same pool, 5 workers               4         0
//!     rayon, spawn and channel               0         4
//!     rayon, join                            4         0
//!     F11 borne out: 4 nested jobs stall in a pool of 4 workers, 0 in one of 5

use std::sync::{Barrier, LazyLock, mpsc::channel};
use std::time::Duration;

use futures_pool::{Executor, Pending, ThreadPool};
use shared::{Result, claim, flags, say, watchdog::Watchdog};

const JOBS: usize = 4;
/// Ample: an inner job that somebody runs is done in microseconds.
const LIMIT: Duration = Duration::from_millis(200);

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(2))?;
    say!("{:<32}{:>8}{:>10}", "inner jobs by", "done", "stalled");
    let [few, more] = POOLS.each_ref().map(|pool| pool.workers());
    let tight = row(&format!("the same pool, {few} workers"), in_pool(0));
    let one_more = row(&format!("the same pool, {more} workers"), in_pool(1));
    let channel = row("rayon, spawn and channel", in_rayon(spawned)?);
    let joined = row("rayon, join", in_rayon(joined)?);

    let done = [tight, one_more, channel, joined];
    let holds = done == [0, JOBS, 0, JOBS];
    let [stall, late] = [tight, one_more].map(|done| JOBS - done);
    let figure = format!(
        "{stall} nested jobs stall in a pool of {few} workers, {late} in one \
         of {more}"
    );
    claim("F11", holds, figure)
}

/// How many jobs are done.
fn row(pool: &str, jobs: Vec<bool>) -> usize {
    let done = jobs.iter().filter(|&&done| done).count();
    say!("{pool:<32}{done:>8}{:>10}", jobs.len() - done);
    done
}

/// Where a job finds its pool: it is a plain function.
static POOLS: [LazyLock<ThreadPool>; 2] = [
    LazyLock::new(|| ThreadPool::new(JOBS).expect("it is not 0")),
    LazyLock::new(|| ThreadPool::new(JOBS + 1).expect("it is not 0")),
];

fn in_pool(place: usize) -> Vec<bool> {
    let pool = &POOLS[place];
    let jobs: Vec<_> = (0..JOBS).map(|_| pool.submit(outer, place)).collect();
    let jobs = jobs.into_iter();
    let done = jobs.map(|job| job.result().expect("it does not panic"));
    let done = done.collect();
    pool.shutdown(Pending::Finish);
    done
}

/// Whether its inner job was done.
fn outer(place: usize) -> bool {
    together(|| {
        let inner = POOLS[place].submit(inner, ());
        // WRONG: a worker waits for what only a worker can do
        inner.result_timeout(LIMIT).is_ok_and(|done| done == Ok(true))
    })
}

fn inner((): ()) -> bool {
    true
}

/// Forced: no job waits for its inner job before all have begun, and none gives
/// its worker back before all have waited.
fn together(job: impl FnOnce() -> bool) -> bool {
    static ALL: Barrier = Barrier::new(JOBS);
    ALL.wait();
    let done = job();
    ALL.wait();
    done
}

/// One job for each thread of a pool.
fn in_rayon(job: fn() -> bool) -> Result<Vec<bool>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(JOBS).build()?;
    Ok(pool.broadcast(|_| together(job)))
}

fn spawned() -> bool {
    let (send, receive) = channel();
    rayon::spawn(move || {
        let _ = send.send(inner(())); // an error: nobody waits any more
    });
    receive.recv_timeout(LIMIT) == Ok(true) // WRONG: as above
}

/// A thread that waits for its inner job runs it, unless another one does.
fn joined() -> bool {
    let ((), done) = rayon::join(|| {}, || inner(()));
    done
}
