//! I/O-bound or CPU-bound: what threads gain as jobs wait less and work more.
//!
//!     cargo run -p threading --bin share_of_work
//!
//! Four jobs of 5 ms for each core, all at the same time. A job waits first and
//! then works. Waiting overlaps as often as there are threads; work overlaps as
//! often as there are cores. With Python's global lock (GIL) work would not
//! overlap at all: the line `100 %` would say 1.0. A figure says how many times
//! as fast as one after the other: the shortest of 20 jobs alone, times the
//! number of jobs, divided by the shortest of eight runs.
//!
//! Read `cooks` and `cooks_rayon` first.
//!
//! Claims: T2, T3
//! Change this and watch: `JOBS_PER_CORE` to 16. Waiting gains four times as
//! much by threads, and work gains no more than before.
//!
//! Output (figures vary):
//!      work  threads  rayon
//!       0 %      7.4    2.0
//!      25 %      4.0    1.9
//!      50 %      2.9    1.9
//!      75 %      2.3    2.0
//!     100 %      1.8    1.9
//!     The article, T2: "Threads are for blocking input and output."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to T2 is borne out: 8 threads wait 7.4 times as fast as one, and work 1.8 times as fast on 2 cores
//!     The article, T3: "They fit tasks that use little CPU and wait a lot."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to T3 is borne out: 8 threads wait 7.4 times as fast as one, and work 1.8 times as fast on 2 cores

use std::hint::black_box;
use std::time::{Duration, Instant};

use shared::measure::{NoiseMeter, best_of, cores};
use shared::{Result, Table, chop, claim_timed, flags};

const JOBS_PER_CORE: usize = 4;
const JOB: Duration = Duration::from_millis(5);

fn main() -> Result {
    flags([]);
    let (meter, jobs) = (NoiseMeter::start(), JOBS_PER_CORE * cores());
    let stroke = best_of(20, || time(|| work(1_000_000))) / 1e6;
    let mut table = Table::new(["work", "threads", "rayon"]);
    let gains = [0, 25, 50, 75, 100].map(|percent| {
        let work_time = JOB.as_secs_f64() * f64::from(percent) / 100.0;
        let job = || {
            thread::sleep(JOB - Duration::from_secs_f64(work_time));
            work((work_time / stroke) as u64);
        };
        let alone = best_of(20, || time(job)) * jobs as f64;
        let threads = alone / best_of(8, || time(|| in_threads(jobs, job)));
        let rayon = alone / best_of(8, || time(|| in_a_pool(jobs, job)));
        let gain = |gain: f64| format!("{gain:.1}");
        table.row([&format!("{percent} %"), &gain(threads), &gain(rayon)]);
        threads
    });
    table.print();
    verdict(meter, jobs, gains[0], gains[4])
}

fn verdict(meter: NoiseMeter, jobs: usize, wait: f64, work: f64) -> Result {
    let (noise, cores) = (meter.read(), cores());
    let figure = format!(
        "{jobs} threads wait {wait:.1} times as fast as one, and work \
         {work:.1} times as fast on {cores} cores"
    );
    // One core has nothing to gain for work.
    let parallel = cores == 1 || work > 1.3;
    let all_wait = wait > 1.5 * cores as f64;
    claim_timed("T2", all_wait && parallel, noise, &figure)?;
    claim_timed("T3", wait > 1.5 * work && parallel, noise, &figure)
}

/// Keeps a core busy.
fn work(strokes: u64) {
    black_box(chop(1, strokes));
}

/// Seconds.
fn time(work: impl FnOnce()) -> f64 {
    let started = Instant::now();
    work();
    started.elapsed().as_secs_f64()
}

// ANCHOR: share_of_work
use rayon::prelude::*;
use std::thread;

/// For jobs that wait (I/O-bound): runs `job` `jobs` times, each on a thread of
/// its own, and returns when all have ended. A panic in a job, or a thread that
/// the system refuses, is a panic of the caller.
pub fn in_threads(jobs: usize, job: impl Fn() + Sync) {
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(&job);
        }
    });
}

/// For jobs that work (CPU-bound): on a pool of one thread per core.
pub fn in_a_pool(jobs: usize, job: impl Fn() + Sync + Send) {
    // Few long jobs: an idle thread may steal every single one.
    (0..jobs).into_par_iter().with_max_len(1).for_each(|_| job());
}
// ANCHOR_END: share_of_work
