//! Four workers and a queue do 5 000 small jobs; then a thread for each job.
//!
//!     cargo run --release -p threading --bin worker_queue
//!
//! Claims: T12
//! Change this and watch: room for 1 instead of `16 * workers`. Then everybody
//! waits for everybody, and a job costs several times as much.
//!
//! Output (figures vary):
//!     jobs by                 jobs  threads    us a job
//!     workers and a queue     5000        4         0.3
//!     a thread for each       5000     5000        18.1
//!     T12 borne out: 4 threads, not 5000, and 56 times as fast

use std::{collections::HashSet, hint::black_box, sync::Barrier};
use std::{thread, thread::ThreadId, time::Instant};

use shared::{Failure, Result, claim, flags, notice_debug_build, say};

const JOBS: u32 = 5_000;
const WORKERS: usize = 4;

fn main() -> Result {
    flags([]);
    notice_debug_build();
    say!("{:<20}{:>8}{:>9}{:>12}", "jobs by", "jobs", "threads", "us a job");
    let crew = row("workers and a queue", by_workers)?;
    let each = row("a thread for each", by_a_thread_each)?;
    let ratio = each.micros / crew.micros;
    let figure = format!(
        "{} threads, not {}, and {ratio:.0} times as fast",
        crew.threads, each.threads
    );
    claim("T12", crew.threads == WORKERS && ratio > 1.0, figure)
}

/// Threads that did the jobs, and microseconds for each job.
struct Spent {
    threads: usize,
    micros: f64,
}

/// The best of three runs: others may want the cores, too.
fn row(way: &str, way_of_working: fn() -> Vec<Done>) -> Result<Spent> {
    let mut done = Vec::new();
    let times = [(); 3].map(|()| {
        let started = Instant::now();
        done = way_of_working();
        started.elapsed().as_micros()
    });
    let best = times.into_iter().min().expect("there are three");
    let micros = best as f64 / f64::from(JOBS);
    let sum: u64 = done.iter().map(|(square, _)| square).sum();
    if sum != (0..u64::from(JOBS)).map(|number| number * number).sum() {
        return Err(Failure::new(format!("{way}: a job is missing or wrong")));
    }
    let threads: HashSet<_> = done.iter().map(|(_, thread)| thread).collect();
    let threads = threads.len();
    say!("{way:<20}{JOBS:>8}{threads:>9}{micros:>12.1}");
    Ok(Spent { threads, micros })
}

/// What a job hands back, and who did it.
type Done = (u64, ThreadId);

fn job(number: u32) -> Done {
    let number = black_box(u64::from(number));
    (number * number, thread::current().id())
}

fn by_workers() -> Vec<Done> {
    let all_have_one = Barrier::new(WORKERS);
    crew(WORKERS, 0..JOBS, |number| {
        if (number as usize) < WORKERS {
            all_have_one.wait(); // forced: each worker takes a share
        }
        job(number)
    })
}

// ANCHOR: worker_queue
/// Does `work` with each of the `jobs`, on threads that stay for the next one.
/// Results come in no particular order. A panic in `work` comes through.
pub fn crew<Job: Send, Output: Send>(
    workers: usize,
    jobs: impl IntoIterator<Item = Job>,
    work: impl Fn(Job) -> Output + Sync,
) -> Vec<Output> {
    // Room enough that nobody waits for the next job, and memory stays flat.
    let (queue, orders) = crossbeam::channel::bounded(16 * workers);
    let work = &work;
    std::thread::scope(|floor| {
        let start = |_| {
            let orders = orders.clone();
            floor.spawn(move || orders.iter().map(work).collect::<Vec<_>>())
        };
        let crew: Vec<_> = (0..workers).map(start).collect();
        drop(orders); // workers hold the rest: without them, sending fails
        for job in jobs {
            if queue.send(job).is_err() {
                break; // all of them have panicked
            }
        }
        drop(queue); // the last sender: every worker's loop ends
        crew.into_iter()
            .flat_map(|worker| {
                worker.join().unwrap_or_else(|p| std::panic::resume_unwind(p))
            })
            .collect()
    })
}
// ANCHOR_END: worker_queue

fn by_a_thread_each() -> Vec<Done> {
    (0..JOBS)
        .map(|number| thread::spawn(move || job(number)))
        .map(|thread| thread.join().expect("no job panics"))
        .collect()
}
