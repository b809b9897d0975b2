//! CPU work in async code: run it on other threads, or the event loop stops.
//!
//!     cargo run -p futures_pool --bin cpu_from_async
//!
//! Tasks are scheduled cooperatively: while a task works without an await, no
//! other task of its thread runs. Here a heartbeat is a task that wants to run
//! every millisecond. Work in a task stops the heartbeat until the work is
//! done. Work on rayon's threads does not, and the task awaits the result,
//! which comes through a channel. In Python this is `loop.run_in_executor`.
//!
//! The program `cpu_limit` limits how many jobs work at a time;
//! `cpu_from_async_ways` compares our pools.
//!
//! Claims: F1
//! Change this and watch: `on_rayon(work)` to `async { work() }`. The heartbeat
//! stops in both cases, and F1 is contradicted.
//!
//! Output (figures vary):
//!     work in a task: the heartbeat stops for 78.0 ms
//!     work on rayon: the heartbeat stops for 5.9 ms
//!     The article, F1: "The thread pool is for parallel blocking input and output."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to F1 is borne out: a heartbeat stops for 78 ms beside work in a task, for 6 ms beside work in a pool

use std::{cell::Cell, time::Duration, time::Instant};

use futures::join;
use shared::measure::{NoiseMeter, ms};
use shared::{Result, chop, claim_timed, flags, say};
use tokio::time::sleep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let meter = NoiseMeter::start();
    // WRONG: no other task of this thread runs until the work is done
    let in_task = longest_pause(async { work() }).await;
    say!("work in a task: the heartbeat stops for {:.1} ms", ms(in_task));
    let on_pool = longest_pause(on_rayon(work)).await;
    say!("work on rayon: the heartbeat stops for {:.1} ms", ms(on_pool));

    let figure = format!(
        "a heartbeat stops for {:.0} ms beside work in a task, for {:.0} ms \
         beside work in a pool",
        ms(in_task),
        ms(on_pool)
    );
    claim_timed("F1", in_task > 3 * on_pool, meter.read(), figure)
}

fn work() -> u64 {
    chop(1, 30_000_000)
}

/// The longest time between two beats of a heartbeat, while a job is done.
async fn longest_pause(job: impl Future<Output = u64>) -> Duration {
    let done = Cell::new(false);
    let heartbeat = async {
        let mut longest = Duration::ZERO;
        while !done.get() {
            let last = Instant::now();
            sleep(Duration::from_millis(1)).await;
            longest = longest.max(last.elapsed());
        }
        longest
    };
    let job = async {
        sleep(Duration::from_millis(5)).await; // the heart beats by now
        job.await;
        done.set(true);
    };
    join!(heartbeat, job).0
}

// ANCHOR: cpu_from_async
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Awaits work that is done by a thread of rayon, on any runtime. A panic of
/// the work goes on in the task. If the task is cancelled, the work goes on,
/// for a thread cannot be cancelled.
pub async fn on_rayon<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (reply, outcome) = tokio::sync::oneshot::channel();
    rayon::spawn(move || {
        // In a thread of rayon a panic would end the process.
        let outcome = catch_unwind(AssertUnwindSafe(work));
        let _ = reply.send(outcome); // an error: nobody waits any more
    });
    let outcome = outcome.await.expect("there is always a reply");
    outcome.unwrap_or_else(|panic| resume_unwind(panic))
}
// ANCHOR_END: cpu_from_async
