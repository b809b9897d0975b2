//! When does another process pay? A job must take longer than its round trip.
//!
//!     cargo run --release -p futures_pool --bin process_pays
//!
//! Medians in microseconds for a job that takes no time, from `submit` to the
//! result. A thread is handed the value itself, whatever its size. For a
//! process the value is encoded, copied and decoded, there and back, so large
//! values cost more. A job that is shorter than this is faster in the caller
//! itself. (`MapOptions::chunk` sends many small jobs in one trip.)
//!
//! The program `round_trip` shows the steps; `channels` compares ways to send
//! bytes.
//!
//! Change this and watch: `max_tasks_per_child` for the pool of processes, with
//! 1. Each trip starts a process then.
//!
//! Output (figures vary):
//!        bytes  thread us  process us
//!           64        1.2        13.5
//!        65536        1.2        31.3
//!      1048576       14.5       454.4
//!     16777216       50.4      9941.4

use futures_pool::{ProcessPool, ThreadPool, init, job};
use serde_bytes::ByteBuf;
use shared::{Result, Table, flags, notice_debug_build};

fn main() -> Result {
    init([job(same)]);
    flags([]);
    notice_debug_build();
    let (threads, processes) = (ThreadPool::new(1)?, ProcessPool::new(1)?);
    let mut table = Table::new(["bytes", "thread us", "process us"]);
    for size in [64, 64 << 10, 1 << 20, 16 << 20] {
        let value = ByteBuf::from(vec![7; size]);
        let rounds = ((64 << 20) / size).clamp(5, 51);
        let thread = median_trip(&threads, same, &value, rounds)?;
        let process = median_trip(&processes, same, &value, rounds)?;
        let [thread, process] = [thread, process]
            .map(|trip| format!("{:.1}", trip.as_secs_f64() * 1e6));
        table.row([&size, &thread, &process]);
    }
    table.print();
    Ok(())
}

fn same(value: ByteBuf) -> ByteBuf {
    value
}

// ANCHOR: process_pays
use std::time::{Duration, Instant};

use futures_pool::{Executor, Function, JobError, Value};

/// How long a job takes in a pool, with its way there and back: the median of
/// `rounds` trips with copies of `argument`. If this is much more than the job
/// takes in the caller, the pool does not pay. At least one round.
pub fn median_trip<A: Value + Clone, T: Value>(
    pool: &impl Executor,
    job: impl Function<A, T>,
    argument: &A,
    rounds: usize,
) -> Result<Duration, JobError> {
    let trip = |argument: A| {
        let begun = Instant::now();
        let result = pool.submit(job, argument).result();
        result.map(|_| begun.elapsed())
    };
    let trips = (0..rounds.max(1)).map(|_| trip(argument.clone()));
    let mut trips = trips.collect::<Result<Vec<_>, _>>()?;
    trips.sort();
    Ok(trips[trips.len() / 2])
}
// ANCHOR_END: process_pays
