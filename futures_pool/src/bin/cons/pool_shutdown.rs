//! Shutdown of a pool: who waits for jobs, and which jobs are cancelled.
//!
//!     cargo run -p futures_pool --bin pool_shutdown
//!
//! Each pool has one worker with a job of 200 ms, and a second job that waits
//! for the worker. Python: `shutdown(wait=True)` and the end of `with` wait for
//! both; `cancel_futures=True` (since 3.9) cancels the second one. So it is
//! here: dropping a pool waits. `close` is `wait=False`. `kill` is for pools of
//! processes only: the running job and the pending job are lost.
//!
//! The program `shutdown_ways` has threads, rayon, tokio and smol. "It" in F13
//! is the pool.
//!
//! Claims: F13
//! Change this and watch: `Pending::Finish` instead of `Pending::Cancel`. The
//! second job is done, too, and F13 is contradicted.
//!
//! Output (figures vary):
//!     drop, 200.4 ms: running job Done, pending Done
//!     shutdown(Cancel), 200.5 ms: running job Done, pending Cancelled
//!     close(Finish), 0.0 ms: running job DoneLater, pending DoneLater
//!     kill after a limit, 50.9 ms: running job Lost, pending Lost
//!     The article, F13: "It shuts down only when its futures are done."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to F13 is borne out: a pending job: Cancelled by Cancel; a running job: DoneLater by close, Lost by kill

use std::{mem, thread, time::Instant};

use futures_pool::{Handle, JobError, ThreadPool, init, job};
use shared::{Result, claim, flags, measure::ms, say, watchdog::Watchdog};

const JOB: Duration = Duration::from_millis(200);

fn main() -> Result {
    init([job(thread::sleep)]); // what a worker process may run
    flags([]);
    let _bound = Watchdog::guard("the pools", Duration::from_secs(8))?;
    let finish = end("drop", ThreadPool::new(1)?, drop);
    let cancel = end("shutdown(Cancel)", ThreadPool::new(1)?, |pool| {
        pool.shutdown(Pending::Cancel);
    });
    let close = end("close(Finish)", ThreadPool::new(1)?, |pool| {
        pool.close(Pending::Finish);
        mem::forget(pool); // dropping it would wait
    });
    let kill = end("kill after a limit", ProcessPool::new(1)?, |pool| {
        finish_within(&pool, JOB / 4);
    });

    let figure = format!(
        "a pending job: {:?} by Cancel; a running job: {:?} by close, {:?} by \
         kill",
        cancel.pending, close.running, kill.running
    );
    let waits = [finish.running, cancel.running] == [Fate::Done; 2];
    let early = (close.running, kill.running) == (Fate::DoneLater, Fate::Lost);
    let pending = [finish.pending, cancel.pending];
    let as_asked = pending == [Fate::Done, Fate::Cancelled];
    claim("F13", waits && early && as_asked, figure)
}

/// What became of the jobs of a pool.
struct Jobs {
    running: Fate,
    pending: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// It was done when the call that ends the pool returned.
    Done,
    /// It was not yet done when that call returned, but later.
    DoneLater,
    Cancelled,
    Lost,
}

fn end<P: Executor>(what: &str, pool: P, how: impl FnOnce(P)) -> Jobs {
    let running = pool.submit(thread::sleep, JOB);
    let pending = pool.submit(thread::sleep, Duration::ZERO);
    while !running.is_running() {
        thread::yield_now();
    }
    let started = Instant::now();
    how(pool);
    let took = ms(started.elapsed());
    let done = [running.is_done(), pending.is_done()];
    let (running, pending) = (fate(running, done[0]), fate(pending, done[1]));
    say!("{what}, {took:.1} ms: running job {running:?}, pending {pending:?}");
    Jobs { running, pending }
}

fn fate(job: Handle<()>, done: bool) -> Fate {
    match job.result() {
        Ok(()) if done => Fate::Done,
        Ok(()) => Fate::DoneLater,
        Err(JobError::Cancelled) => Fate::Cancelled,
        Err(_) => Fate::Lost,
    }
}

// ANCHOR: pool_shutdown
use std::time::Duration;

use futures_pool::{Executor, Pending, ProcessPool};

/// Ends a pool of processes: waits until all jobs have ended, but no longer
/// than `limit`; then kills the workers, and what was not done is lost. Returns
/// whether all jobs have ended in time.
pub fn finish_within(pool: &ProcessPool, limit: Duration) -> bool {
    let in_time = pool.shutdown_timeout(Pending::Finish, limit);
    if !in_time {
        pool.kill();
    }
    in_time
}
// ANCHOR_END: pool_shutdown
