//! The LIFO slot: a task just spawned waits there, and no worker may steal it.
//!
//!     cargo run -p asyncio --bin lifo_slot
//!
//! A worker of tokio keeps the task that it has spawned or woken last in a slot
//! (LIFO: last in, first out), to run it next, while its data is in the cache.
//! Idle workers steal tasks from the queue of a busy worker, but not from its
//! slot (in tokio 1.53). Here A spawns B and works for 100 ms without an await,
//! while the other worker is idle. B starts early in three cases: A awaits
//! something that is not ready; A spawns another task, which takes the slot; or
//! A works in `block_in_place`, which gives queue and slot to another thread.
//!
//! The program `work_stealing` compares tokio with other runtimes.
//!
//! Claims: A29
//! Change this and watch: spawn the other task of `queued` before B. Now the
//! other task is stolen, and B waits in the slot: A29 is contradicted.
//!
//! Output (figures vary):
//!     A spawns B, works: B starts after 100.15 ms
//!     A spawns B, spawns another task, works: B starts after 0.06 ms
//!     A spawns B, awaits, works: B starts after 0.02 ms
//!     A spawns B, works in block_in_place: B starts after 0.04 ms
//!     The article, A29: "Functions made for the loop are switched quickly and run evenly."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A29 is borne out: a task waits 100 ms in the LIFO slot, at most 0.06 ms in other ways

use std::{sync::mpsc, thread, time::Duration, time::Instant};

use futures::future::BoxFuture;
use shared::measure::{NoiseMeter, best_of, ms};
use shared::{Result, claim_timed, flags, say, watchdog::Watchdog};
use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;

const WORK: Duration = Duration::from_millis(100);

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the tasks", Duration::from_secs(10))?;
    let tokio = Builder::new_multi_thread().worker_threads(2).build()?;
    let meter = NoiseMeter::start();
    let slot = start_of_b(&tokio, "works", in_the_slot);
    let queue = start_of_b(&tokio, "spawns another task, works", queued);
    let awaits = start_of_b(&tokio, "awaits, works", awaited);
    let place = start_of_b(&tokio, "works in block_in_place", handed_over);

    let (noise, other) = (meter.read(), queue.max(awaits).max(place));
    let figure = format!(
        "a task waits {:.0} ms in the LIFO slot, at most {:.2} ms in other \
         ways",
        ms(slot),
        ms(other)
    );
    claim_timed("A29", slot >= WORK && 2 * other < slot, noise, figure)
}

type Task = BoxFuture<'static, ()>;

async fn in_the_slot(b: Task) {
    tokio::spawn(b);
    work(); // WRONG: only this worker can run B, and it is busy
}

async fn queued(b: Task) {
    tokio::spawn(b);
    tokio::spawn(async {}); // takes the slot; B moves to the queue
    work();
}

async fn awaited(b: Task) {
    tokio::spawn(b);
    yield_now().await; // this worker runs B
    work();
}

async fn handed_over(b: Task) {
    tokio::spawn(b);
    in_place(work); // another thread takes the worker's place
}

/// Stands for anything that takes long and does not await.
fn work() {
    thread::sleep(WORK);
}

/// How long B waits to start after `a` has begun: the shortest of three tries.
fn start_of_b<A>(tokio: &Runtime, what: &str, a: fn(Task) -> A) -> Duration
where
    A: Future<Output = ()> + Send + 'static,
{
    let wait = best_of(3, || {
        let (tell, started) = mpsc::channel();
        let metrics = tokio.metrics();
        let task_a = tokio.spawn(async move {
            // Wait until the other worker sleeps. The count of a worker grows
            // by one when it falls asleep and when it wakes up, so it is odd
            // while it sleeps; ours does not sleep.
            let parity = |worker| metrics.worker_park_unpark_count(worker) % 2;
            while parity(0) == parity(1) {
                thread::yield_now();
            }
            let spawned = Instant::now();
            a(Box::pin(async move {
                tell.send(spawned.elapsed()).expect("`main` waits for it");
            }))
            .await;
        });
        tokio.block_on(task_a).expect("A does not panic");
        started.recv().expect("B starts")
    });
    say!("A spawns B, {what}: B starts after {:.2} ms", ms(wait));
    wait
}

// ANCHOR: lifo_slot
use tokio::runtime::{Handle, RuntimeFlavor::MultiThread};
use tokio::task::block_in_place;

/// Does blocking or long work in the middle of a task. The other tasks of its
/// worker, also the one in the LIFO slot, run on another thread meanwhile.
///
/// A runtime with one thread has no other: there the work stops all tasks, and
/// `spawn_blocking` (`asyncio.to_thread`) is the cure. Outside of a runtime it
/// only calls `work`. With several threads it panics in a `LocalSet` (tasks
/// that stay on one thread).
pub fn in_place<T>(work: impl FnOnce() -> T) -> T {
    let runtime = Handle::try_current();
    match runtime.map(|runtime| runtime.runtime_flavor()) {
        Ok(MultiThread) => block_in_place(work),
        _ => work(), // on one thread `block_in_place` would panic
    }
}
// ANCHOR_END: lifo_slot
