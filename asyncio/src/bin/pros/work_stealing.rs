//! Work stealing: does an idle worker take a task that was just spawned?
//!
//!     cargo run -p asyncio --bin work_stealing
//!
//! Each runtime has two workers. Task A spawns B and works for 100 ms without
//! an await. If the idle worker steals B, it starts at once on the other
//! thread; if not, it starts after A, on the same thread. With tokio that
//! depends on where B waits: in the LIFO slot of A's worker, or in its queue.
//!
//! Read `lifo_slot` first.
//!
//! Claims: A29
//! Change this and watch: `work_stealing_runtime(1)`. Nobody is there to steal,
//! B starts after A from the queue, too, and A29 is contradicted.
//!
//! Output (times vary, counts do not):
//!     B waits in tokio's LIFO slot: A's worker starts it after 100.19 ms
//!     B waits in tokio's queue: another worker starts it after 0.09 ms
//!     B waits on smol: another worker starts it after 0.06 ms
//!     B waits on async-std: another worker starts it after 0.03 ms
//!     The article, A29: "Functions made for the loop are switched quickly and run evenly."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A29 is borne out: the idle worker stole B in 3 of 4 ways

use std::{sync::mpsc, thread, time::Duration, time::Instant};

use futures::future::BoxFuture;
use shared::measure::{NoiseMeter, best_of, ms};
use shared::{Result, claim_timed, flags, role, say, watchdog::Watchdog};
use tokio::{runtime::Handle, spawn};

const WORK: Duration = Duration::from_millis(100);

fn main() -> Result {
    // Their global runtimes read this when they start.
    role::restart_with([
        ("SMOL_THREADS", "2"),
        ("ASYNC_STD_THREAD_COUNT", "2"),
    ])?;
    flags([]);
    let _bound = Watchdog::guard("the tasks", Duration::from_secs(10))?;
    let tokio = work_stealing_runtime(2)?;
    let _entered = tokio.enter(); // for `spawn`
    let meter = NoiseMeter::start();
    let on_smol: fn(Task) = |task| smol::spawn(task).detach();
    let on_async_std: fn(Task) = |task| drop(async_std::task::spawn(task));
    let ways = [
        start_of_b("in tokio's LIFO slot", on_tokio, |b| drop(spawn(b))),
        start_of_b("in tokio's queue", on_tokio, to_the_queue),
        start_of_b("on smol", on_smol, on_smol),
        start_of_b("on async-std", on_async_std, on_async_std),
    ];
    let stolen = ways.iter().filter(|b| b.stolen).count();
    let of = ways.len();
    let figure = format!("the idle worker stole B in {stolen} of {of} ways");
    let [slot, others @ ..] = ways;
    let waits = !slot.stolen && slot.after >= WORK;
    let at_once = others.iter().all(|b| b.after < WORK / 2);
    claim_timed("A29", waits && at_once && stolen > 0, meter.read(), figure)
}

type Task = BoxFuture<'static, ()>;

fn to_the_queue(b: Task) {
    drop(spawn(b));
    drop(spawn(async {})); // takes the slot; B moves to the queue
}

/// Runs A when the other worker is idle.
fn on_tokio(a: Task) {
    let metrics = Handle::current().metrics();
    drop(spawn(async move {
        // It is parked if it was parked or unparked an odd number of times.
        let odd = |worker| metrics.worker_park_unpark_count(worker) % 2;
        while metrics.num_workers() > 1 && odd(0) == odd(1) {
            thread::yield_now();
        }
        a.await;
    }));
}

/// How B started.
#[derive(PartialEq, PartialOrd)]
struct Start {
    after: Duration,
    stolen: bool,
}

/// The best of three tries.
fn start_of_b(way: &str, run: fn(Task), spawn_b: fn(Task)) -> Start {
    let b = best_of(3, || {
        let (tell, told) = mpsc::channel();
        run(Box::pin(async move {
            let until_the_end = tell.clone();
            let (spawned, own) = (Instant::now(), thread::current().id());
            spawn_b(Box::pin(async move {
                let stolen = thread::current().id() != own;
                let start = Start { after: spawned.elapsed(), stolen };
                tell.send(start).expect("`main` waits for it");
            }));
            thread::sleep(WORK); // WRONG: stands for work without an await
            drop(until_the_end);
        }));
        told.into_iter().last().expect("B starts") // when both have ended
    });
    let who = if b.stolen { "another worker" } else { "A's worker" };
    say!("B waits {way}: {who} starts it after {:.2} ms", ms(b.after));
    b
}

// ANCHOR: work_stealing
use tokio::runtime::{Builder, Runtime};

/// A runtime of tokio with so many worker threads (Python's `max_workers`),
/// which steal tasks from each other. `block_on` runs its `main`. Panics
/// without a worker; a thread that the system refuses is a panic, too.
pub fn work_stealing_runtime(workers: usize) -> std::io::Result<Runtime> {
    let mut runtime = Builder::new_multi_thread();
    runtime.worker_threads(workers).thread_name("worker");
    runtime.enable_all().build()
}
// ANCHOR_END: work_stealing
