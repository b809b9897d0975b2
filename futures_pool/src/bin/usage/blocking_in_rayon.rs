//! Jobs that wait, and jobs that work, on four pools: rayon is for work.
//!
//!     cargo run -p futures_pool --bin blocking_in_rayon
//!
//! rayon has a thread for every core, so that many jobs wait at a time, and
//! no more. The other pools may have as many threads as there are jobs:
//! tokio's up to 512, smol's up to 500, ours as many as it is told.
//!
//! Claims: F1
//! Change this and watch: `RAYON_NUM_THREADS=20` in the environment, or as many
//! as there are jobs. rayon waits as fast as the others then, and F1 does not
//! hold.
//!
//! Output (figures vary):
//!     20 jobs wait 20 ms each, 20 work; ratio: to the ideal
//!                             to wait                   to work
//!     on                    threads      ms  ratio   threads      ms  ratio
//!     rayon                       2   201.3   10.1         2   101.3    1.1
//!     our ThreadPool             20    21.5    1.1        18    82.9    1.3
//!     tokio spawn_blocking       20    22.1    1.1        20    69.6    1.1
//!     smol unblock               20    20.5    1.0        18    68.5    1.1
//!     F1 borne out: rayon 10.1 times the ideal to wait, 1.1 to work; others 1.1

use std::thread::sleep;
use std::{collections::HashSet, time::Duration, time::Instant};

use futures::future::{join_all, try_join_all};
use futures_pool::{Executor, ThreadPool};
use nix::unistd::gettid;
use rayon::prelude::*;
use shared::measure::{cores, ms, thread_cpu};
use shared::{Result, chop, claim, flags, say};
use tokio::runtime;

const WAIT: Duration = Duration::from_millis(20);
const STROKES: u64 = 3_000_000;

fn main() -> Result {
    flags([]);
    let jobs = 10 * cores();
    let each = WAIT.as_millis();
    say!("{jobs} jobs wait {each} ms each, {jobs} work; ratio: to the ideal");
    let columns = "threads      ms  ratio";
    say!("{:<24}{:<26}to work", "", "to wait");
    say!("{:<22}{columns}   {columns}", "on");
    let rayon = row("rayon", on_rayon)?;
    let others = [
        row("our ThreadPool", on_thread_pool)?,
        row("tokio spawn_blocking", on_tokio)?,
        row("smol unblock", on_smol)?,
    ];
    let [waits, works] = rayon;
    let most = others.map(|[waits, _]| waits).into_iter().fold(0.0, f64::max);
    let figure = format!(
        "rayon {waits:.1} times the ideal to wait, {works:.1} to work; \
         others {most:.1}"
    );
    claim("F1", waits > 2.0 * most && waits > works, figure)
}

fn on_rayon(jobs: usize, job: Job) -> Result<Vec<Done>> {
    let jobs = (0..jobs).into_par_iter();
    Ok(jobs.map(|_| job(())).collect()) // WRONG to wait in: few threads
}

fn on_thread_pool(jobs: usize, job: Job) -> Result<Vec<Done>> {
    let pool = ThreadPool::new(jobs)?;
    let handles: Vec<_> = (0..jobs).map(|_| pool.submit(job, ())).collect();
    Ok(handles.into_iter().map(|job| job.result()).collect::<Result<_, _>>()?)
}

fn on_tokio(jobs: usize, job: Job) -> Result<Vec<Done>> {
    let runtime = runtime::Builder::new_current_thread().build()?;
    let jobs = (0..jobs).map(|_| runtime.spawn_blocking(move || job(())));
    Ok(runtime.block_on(try_join_all(jobs))?)
}

fn on_smol(jobs: usize, job: Job) -> Result<Vec<Done>> {
    let jobs = (0..jobs).map(|_| smol::unblock(move || job(())));
    Ok(smol::block_on(join_all(jobs)))
}

type Job = fn(()) -> Done;

/// The thread that did it, and the CPU time that it took.
type Done = (i32, Duration);

fn wait((): ()) -> Done {
    sleep(WAIT);
    (gettid().as_raw(), Duration::ZERO)
}

fn work((): ()) -> Done {
    let before = thread_cpu();
    chop(1, STROKES);
    (gettid().as_raw(), thread_cpu() - before)
}

type Way = fn(usize, Job) -> Result<Vec<Done>>;

/// How many times the ideal it takes to wait, and to work.
fn row(name: &str, way: Way) -> Result<[f64; 2]> {
    // All wait at the same time; all cores work all the time.
    let waits = best(way, wait, |_| WAIT)?;
    let works = best(way, work, |cpu| cpu / cores() as u32)?;
    let shown = |(ideal, wall, threads): Spent| {
        format!("{threads:>7}{:>8.1}{ideal:>7.1}", ms(wall))
    };
    say!("{name:<22}{}   {}", shown(waits), shown(works));
    Ok([waits.0, works.0])
}

/// How many times the ideal it took, how long, and on how many threads.
type Spent = (f64, Duration, usize);

/// The best of three runs: others may want the cores, too.
fn best(way: Way, job: Job, ideal: fn(Duration) -> Duration) -> Result<Spent> {
    let mut runs = Vec::new();
    for _ in 0..3 {
        let started = Instant::now();
        let done = way(10 * cores(), job)?;
        let wall = started.elapsed();
        let ideal = ideal(done.iter().map(|(_, cpu)| cpu).sum());
        let threads: HashSet<_> = done.iter().map(|(id, _)| id).collect();
        let ratio = wall.as_secs_f64() / ideal.as_secs_f64();
        runs.push((ratio, wall, threads.len()));
    }
    let best = runs.into_iter().min_by(|(a, ..), (b, ..)| a.total_cmp(b));
    Ok(best.expect("there are three"))
}
