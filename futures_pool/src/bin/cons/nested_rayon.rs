//! Nested jobs in rayon: join helps while it waits, a channel deadlocks.
//!
//!     cargo run -p futures_pool --bin nested_rayon
//!
//! A thread of rayon that waits in `join` or in `scope` does other jobs of its
//! pool meanwhile, so nested jobs never starve the pool. rayon knows nothing of
//! other ways to wait: a thread that waits for a channel, a lock or a condition
//! variable only waits. If all threads do, the jobs that they wait for have no
//! thread. Here a limit ends the waiting.
//!
//! The program `nested_pool` has the same for a pool whose workers never help.
//!
//! Change this and watch: a `LIMIT` of a minute. The threads wait for so long,
//! and the watchdog ends the program with an error.
//!
//! Output (times vary, counts do not):
//!     spawn, and wait for a channel: 0 of 4 jobs done
//!     join: 4 of 4 jobs done

use std::sync::{Barrier, mpsc::channel};
use std::time::Duration;

use rayon::ThreadPoolBuilder;
use shared::{Result, ensure, flags, say, watchdog::Watchdog};

const JOBS: usize = 4;
/// More than enough: a part that some thread does is done in microseconds.
const LIMIT: Duration = Duration::from_millis(300);

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(5))?;
    let pool = ThreadPoolBuilder::new().num_threads(JOBS).build()?;
    let done = |job: fn() -> bool| {
        // One job on each thread.
        let jobs = pool.broadcast(|_| together(job));
        jobs.into_iter().filter(|&done| done).count()
    };
    let by_channel = done(wait_for_channel);
    say!("spawn, and wait for a channel: {by_channel} of {JOBS} jobs done");
    let by_join = done(join_parts);
    say!("join: {by_join} of {JOBS} jobs done");
    let expected = (by_channel, by_join) == (0, JOBS);
    ensure(expected, "other jobs stalled than those by channel")
}

fn wait_for_channel() -> bool {
    let (reply, result) = channel();
    rayon::spawn(move || {
        let _ = reply.send(7); // an error: nobody waits any more
    });
    result.recv_timeout(LIMIT) == Ok(7) // WRONG: rayon cannot help here
}

fn join_parts() -> bool {
    sum(&[1; 4_000]) == 4_000
}

/// Forced: no job asks for its part before all have begun, and none gives its
/// thread back before all have waited.
fn together(job: fn() -> bool) -> bool {
    static ALL: Barrier = Barrier::new(JOBS);
    ALL.wait();
    let done = job();
    ALL.wait();
    done
}

// ANCHOR: nested_rayon
/// A sum by halves, in parallel: the pattern for work that splits itself
/// (divide and conquer). May be called in a job of rayon. The sum must be less
/// than 2 to the power of 64.
pub fn sum(numbers: &[u64]) -> u64 {
    if numbers.len() < 1_024 {
        return numbers.iter().sum(); // too little to be worth another thread
    }
    let (left, right) = numbers.split_at(numbers.len() / 2);
    let (left, right) = rayon::join(|| sum(left), || sum(right));
    left + right
}
// ANCHOR_END: nested_rayon
