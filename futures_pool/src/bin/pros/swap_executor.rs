//! The same jobs on six executors: same results, and one line that differs.
//!
//!     cargo run -p futures_pool --bin swap_executor
//!
//! A job is a named function, and what goes in and comes out can be made into
//! bytes; what cannot does not compile: see `compile_fail`. There is a worker
//! for each job, and to start and end all of them is part of the time. A line
//! changed is one that `on_threads` has not, counted in this very text.
//!
//! Claims: F3, F4
//! Change this and watch: `WORKERS` to 40, and so many jobs. On threads they
//! wait hardly longer than 8 do, but 40 processes take longer to start.
//!
//! Output (figures vary):
//!     way               wait ms  work ms   lines changed
//!     inline               40.5     34.8               1
//!     on_threads            6.0     30.1               0
//!     on_processes         13.5     32.4               1
//!     on_rayon              5.5     20.0               2
//!     on_tokio              6.4     22.0               3
//!     on_smol               5.2     27.0               2
//!     F3 borne out: same results, 1 line to go to processes
//!     F4 borne out: same lines wait 6.8 times as fast, and work 1.2 times

use std::{thread, time::Duration, time::Instant};

use futures::future::{join_all, try_join_all};
use futures_pool::{Executor, ProcessPool, ThreadPool, init, job};
use rayon::prelude::*;
use shared::{Failure, Result, chop, chopped, claim, flags, measure::ms, say};

const WORKERS: usize = 8;
const WAIT: Order = (0, Duration::from_millis(5));
const WORK: Order = (2_000_000, Duration::ZERO);

fn main() -> Result {
    init([job(cook)]);
    flags([]);
    let mut best = [[f64::MAX; 2]; 6];
    for _ in 0..8 {
        // The best of each: others may want the cores, too.
        for ((_, way), [wait, work]) in WAYS.iter().zip(&mut best) {
            *wait = wait.min(wall(way, WAIT)?);
            *work = work.min(wall(way, WORK)?);
        }
    }
    say!("way               wait ms  work ms   lines changed");
    for ((name, _), [wait, work]) in WAYS.iter().zip(best) {
        let changed = changed(name);
        say!("{name:<16}{wait:>9.1}{work:>9.1}{changed:>16}");
    }
    verdict(best)
}

const WAYS: [(&str, Way); 6] = [
    ("inline", inline),
    ("on_threads", on_threads),
    ("on_processes", on_processes),
    ("on_rayon", on_rayon),
    ("on_tokio", on_tokio),
    ("on_smol", on_smol),
];

type Way = fn(Orders) -> Dishes;
type Orders = Vec<Order>;
type Dishes = Result<Vec<u64>>;

/// Strokes of work, and how long to wait.
type Order = (u64, Duration);

fn cook((strokes, wait): Order) -> u64 {
    thread::sleep(wait);
    chop(1, strokes)
}

fn inline(orders: Orders) -> Dishes {
    Ok(orders.into_iter().map(cook).collect())
}

fn on_threads(orders: Orders) -> Dishes {
    let pool = ThreadPool::new(WORKERS)?;
    serve(&pool, orders)
}

fn on_processes(orders: Orders) -> Dishes {
    let pool = ProcessPool::new(WORKERS)?;
    serve(&pool, orders)
}

fn serve(pool: &impl Executor, orders: Orders) -> Dishes {
    Ok(pool.map(cook, orders).collect::<Result<_, _>>()?)
}

fn on_rayon(orders: Orders) -> Dishes {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(WORKERS).build()?;
    Ok(pool.install(|| orders.into_par_iter().map(cook).collect()))
}

fn on_tokio(orders: Orders) -> Dishes {
    let pool = tokio::runtime::Runtime::new()?; // as many threads as it needs
    let start = |order| pool.spawn_blocking(move || cook(order));
    Ok(pool.block_on(try_join_all(orders.into_iter().map(start)))?)
}

fn on_smol(orders: Orders) -> Dishes {
    let start = |order| smol::unblock(move || cook(order));
    Ok(smol::block_on(join_all(orders.into_iter().map(start))))
}

/// Milliseconds for such an order for each worker; all dishes are the same.
fn wall(way: &Way, order: Order) -> Result<f64> {
    let started = Instant::now();
    let dishes = way(vec![order; WORKERS])?;
    let took = ms(started.elapsed());
    let right = dishes == [chopped(1, order.0); WORKERS];
    if right { Ok(took) } else { Err(Failure::new("results differ")) }
}

/// How many lines a way has that `on_threads` has not, by this very text.
fn changed(way: &str) -> usize {
    let threads = body("on_threads");
    body(way).iter().filter(|line| !threads.contains(line)).count()
}

fn body(function: &str) -> Vec<&'static str> {
    let source = include_str!("swap_executor.rs");
    let lines = source.lines().map(str::trim_end);
    let start = format!("fn {function}(");
    let lines = lines.skip_while(|line| !line.starts_with(&start)).skip(1);
    lines.take_while(|line| *line != "}").collect()
}

fn verdict([inline, threads, ..]: [[f64; 2]; 6]) -> Result {
    let changed = changed("on_processes");
    let figure = format!("same results, {changed} line to go to processes");
    claim("F3", changed == 1, figure)?;
    let [waits, works] = [inline[0] / threads[0], inline[1] / threads[1]];
    let figure = format!(
        "same lines wait {waits:.1} times as fast, and work {works:.1} times"
    );
    // Work gains nothing where no second core is free.
    claim("F4", waits > 2.0 && works > 0.7, figure)
}
