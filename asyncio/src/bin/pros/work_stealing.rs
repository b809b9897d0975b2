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
//! and B starts after A from the queue, too.
//!
//! Output (figures vary):
//!     B waits               starts after ms  on the thread
//!     in tokio's LIFO slot           100.22  of A
//!     in tokio's queue                 0.03  of another worker
//!     on smol                          0.03  of another worker
//!     on async-std                     0.06  of another worker
//!     The article, A29: "Functions made for the loop are switched quickly and run evenly."
//!     Our answer for Rust: limits (true within limits)
//!     A29 borne out: the idle worker stole B in 3 of 4 ways

use std::thread;
use std::{sync::mpsc, time::Duration, time::Instant};

use futures::future::BoxFuture;
use shared::measure::{NoiseMeter, best_of, ms};
use shared::{Result, Table, claim_timed, flags, role};
use tokio::runtime::Handle;

const WORK: Duration = Duration::from_millis(100);

fn main() -> Result {
    // Their global runtimes read this when they start.
    role::restart_with([
        ("SMOL_THREADS", "2"),
        ("ASYNC_STD_THREAD_COUNT", "2"),
    ])?;
    flags([]);
    let tokio = work_stealing_runtime(2)?;
    let _entered = tokio.enter(); // for `tokio::spawn`
    let meter = NoiseMeter::start();
    let mut table = Table::new(["B waits", "starts after ms", "on the thread"]);
    let [slot, others @ ..] = WAYS.map(|(name, run, spawn_b)| {
        let b = best_of(3, || start_of_b(run, spawn_b));
        let thread = if b.stolen { "of another worker" } else { "of A" };
        table.row([&name, &format_args!("{:.2}", ms(b.after)), &thread]);
        b
    });
    table.print();
    let stolen = others.iter().filter(|b| b.stolen).count();
    let at_once = others.iter().all(|b| b.after < WORK / 2);
    let figure = format!("the idle worker stole B in {stolen} of 4 ways");
    let borne_out = !slot.stolen && slot.after >= WORK && stolen > 0 && at_once;
    claim_timed("A29", borne_out, meter.read(), figure)
}

type Task = BoxFuture<'static, ()>;
/// A name, how A is started, and how A spawns B.
type Way = (&'static str, fn(Task), fn(Task));

const WAYS: [Way; 4] = [
    ("in tokio's LIFO slot", on_tokio, tokio_slot),
    ("in tokio's queue", on_tokio, tokio_queue),
    ("on smol", on_smol, on_smol),
    ("on async-std", on_async_std, on_async_std),
];

fn tokio_slot(b: Task) {
    drop(tokio::spawn(b));
}

fn tokio_queue(b: Task) {
    drop(tokio::spawn(b));
    drop(tokio::spawn(async {})); // takes the slot; B moves to the queue
}

fn on_smol(task: Task) {
    smol::spawn(task).detach();
}

fn on_async_std(task: Task) {
    drop(async_std::task::spawn(task));
}

/// Runs A when the other worker is idle.
fn on_tokio(a: Task) {
    let metrics = Handle::current().metrics();
    drop(tokio::spawn(async move {
        // It is parked if it was parked or unparked an odd number of times.
        let odd = |worker| metrics.worker_park_unpark_count(worker) % 2;
        while metrics.num_workers() > 1 && odd(0) == odd(1) {
            thread::yield_now();
        }
        a.await;
    }));
}

/// How B started.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
struct Start {
    after: Duration,
    stolen: bool,
}

fn start_of_b(run: fn(Task), spawn_b: fn(Task)) -> Start {
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
}

// ANCHOR: work_stealing
use tokio::runtime::{Builder, Runtime};

/// A runtime of tokio with so many worker threads (Python's `max_workers`),
/// which steal tasks from each other; at least one. `block_on` runs its `main`.
pub fn work_stealing_runtime(workers: usize) -> std::io::Result<Runtime> {
    let mut runtime = Builder::new_multi_thread();
    runtime.worker_threads(workers).thread_name("worker");
    runtime.enable_all().build()
}
// ANCHOR_END: work_stealing
