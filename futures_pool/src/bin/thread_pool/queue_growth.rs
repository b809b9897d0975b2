//! Orders come in faster than four workers can bake: who holds them back?
//!
//!     cargo run -p futures_pool --bin queue_growth
//!
//! The queue of a pool takes whatever comes, and memory grows with it. Where
//! there is room for 16, whoever brings the next order waits. Nothing is served
//! later for that: the workers are the slow ones.
//!
//! Claims: F15
//! Change this and watch: the `sleep` in `orders` instead of in `bake`. Then
//! the workers wait for orders, no queue grows, and F15 is contradicted.
//!
//! Output (figures vary):
//!     orders by                    baked    most waiting    MiB more
//!     ThreadPool, submit             800             705        22.6
//!     rayon, spawn                   800             630        20.0
//!     tokio, spawn_blocking          800             618        19.8
//!     ThreadPool, map                800              15         0.7
//!     channel with room for 16       800              19         0.8
//!     F15 borne out: 618 orders wait without a limit, 19 with

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::{thread, time::Duration};

use futures_pool::{Executor, Function, ProcessPool, ThreadPool, init, job};
use shared::{Failure, Result, claim, flags, say};
use shared::{measure::rss_kib, watchdog::Watchdog};

const ORDERS: usize = 800;
const WORKERS: usize = 4;
const ROOM: usize = 16;

fn main() -> Result {
    init([job(submit), job(rayon), job(tokio), job(map), job(channel)]);
    flags([]);
    let _bound = Watchdog::guard("the baking", Duration::from_secs(10))?;
    let [baked, most, mib] = ["baked", "most waiting", "MiB more"];
    say!("{:<26}{baked:>8}{most:>16}{mib:>12}", "orders by");
    let submit = row("ThreadPool, submit", submit)?;
    let rayon = row("rayon, spawn", rayon)?;
    let tokio = row("tokio, spawn_blocking", tokio)?;
    let map = row("ThreadPool, map", map)?;
    let channel = row(&format!("channel with room for {ROOM}"), channel)?;

    let without = submit.min(rayon).min(tokio);
    let with = map.max(channel);
    let holds = with < 3 * ROOM && without > 5 * with;
    let figure = format!("{without} orders wait without a limit, {with} with");
    claim("F15", holds, figure)
}

/// The most orders that waited at the same time. Each way has a process of its
/// own: the memory that one leaves would hide what the next one takes.
fn row(way: &str, bake_all: impl Function<(), Found>) -> Result<usize> {
    let process = ProcessPool::new(1)?;
    let (baked, most, kib) = process.submit(bake_all, ()).result()?;
    if baked != ORDERS {
        return Err(Failure::new(format!("{way}: {baked} of {ORDERS} baked")));
    }
    let mib = kib as f64 / 1024.0;
    say!("{way:<26}{baked:>8}{most:>16}{mib:>12.1}");
    Ok(most)
}

/// Orders baked, the most that waited, and the most KiB of memory.
type Found = (usize, usize, u64);

static BEGUN: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);
static KIB: AtomicU64 = AtomicU64::new(0);

/// Made one by one, when they are asked for: each is 32 KiB.
fn orders() -> impl Iterator<Item = Vec<u8>> {
    (1..=ORDERS).map(|made| {
        let order = vec![1; 32 << 10];
        MOST.fetch_max(made - BEGUN.load(Relaxed), Relaxed);
        KIB.fetch_max(rss_kib(), Relaxed);
        order
    })
}

fn bake(order: Vec<u8>) -> usize {
    BEGUN.fetch_add(1, Relaxed);
    thread::sleep(Duration::from_millis(1));
    order.len()
}

fn found(bake_all: impl FnOnce() -> usize) -> Found {
    let before = rss_kib();
    let baked = bake_all();
    let more = KIB.load(Relaxed).saturating_sub(before);
    (baked, MOST.load(Relaxed), more)
}

fn submit((): ()) -> Found {
    let pool = ThreadPool::new(WORKERS).expect("it is not 0");
    found(|| {
        let jobs = orders().map(|order| pool.submit(bake, order));
        let jobs: Vec<_> = jobs.collect(); // WRONG: all of them at once
        jobs.into_iter().filter_map(|job| job.result().ok()).count()
    })
}

fn rayon((): ()) -> Found {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(WORKERS).build();
    let pool = pool.expect("it can start four threads");
    let baked = AtomicUsize::new(0);
    found(|| {
        pool.in_place_scope(|jobs| {
            for order in orders() {
                jobs.spawn(|_| {
                    bake(order);
                    baked.fetch_add(1, Relaxed);
                });
            }
        });
        baked.into_inner()
    })
}

fn tokio((): ()) -> Found {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.max_blocking_threads(WORKERS).build();
    let runtime = runtime.expect("it can be built");
    found(|| {
        let jobs = orders().map(|o| runtime.spawn_blocking(|| bake(o)));
        let jobs: Vec<_> = jobs.collect();
        let results = jobs.into_iter().map(|job| runtime.block_on(job));
        results.filter(|job| job.is_ok()).count()
    })
}

/// Takes no more than four orders ahead for each worker.
fn map((): ()) -> Found {
    let pool = ThreadPool::new(WORKERS).expect("it is not 0");
    found(|| pool.map(bake, orders()).filter(|job| job.is_ok()).count())
}

fn channel((): ()) -> Found {
    let (queue, taken) = crossbeam::channel::bounded(ROOM);
    let baked = || taken.iter().map(bake).count();
    found(|| {
        thread::scope(|kitchen| {
            let crew = [(); WORKERS].map(|()| kitchen.spawn(baked));
            for order in orders() {
                queue.send(order).expect("`taken` is here"); // or waits
            }
            drop(queue); // the crew's loops end
            crew.map(|cook| cook.join().expect("no job panics")).iter().sum()
        })
    })
}
