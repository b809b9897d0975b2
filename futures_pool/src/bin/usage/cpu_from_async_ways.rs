//! CPU work in async code compared: latency, time, how many jobs overlap.
//!
//!     cargo run --release -p futures_pool --bin cpu_from_async_ways
//!
//! A task sleeps for a millisecond, again and again, while eight jobs are done:
//! the latency is how much longer a sleep takes. Any pool will do if its result
//! can be awaited. `spawn_blocking` has a thread for each job, and all of them
//! share the cores with the task; `cpu_limit` limits them. Rust has no GIL, so
//! jobs overlap on threads as they do on processes, and processes are not
//! faster. Processes are for jobs that may crash or hang.
//!
//! Read `cpu_from_async` first.
//!
//! Claims: F2
//! Change this and watch: `ProcessPool::new(1)`. Its jobs do not overlap any
//! more, and F2 is contradicted.
//!
//! Output (figures vary):
//!     work is done       latency ms    ms  overlap
//!     in a task                68.4  69.4        1
//!     by spawn_blocking         4.4  34.7        8
//!     by ThreadPool             4.9  35.5        2
//!     by ProcessPool            1.4  34.0        2
//!     The article, F2: "The process pool is for parallelism."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to F2 is borne out: 2 jobs overlap on threads, 2 on processes, which take 1.0 times as long

use std::{pin::pin, time::Duration, time::Instant};

use futures::future::try_join_all;
use futures_pool::{ProcessPool, ThreadPool, init, job};
use shared::measure::{ms, now};
use shared::{Result, Span, Table, chop, claim, flags, notice_debug_build};
use tokio::{select, task::spawn_blocking, time::sleep};

/// Two, also on one core: there they overlap by taking turns.
const WORKERS: usize = 2;
const PAUSE: Duration = Duration::from_millis(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    init([job(work)]);
    flags([]);
    notice_debug_build();
    let mut table = Table::new(["work is done", "latency ms", "ms", "overlap"]);
    // WRONG: no other task runs meanwhile
    let in_task = async || Ok(work(()));
    eight_jobs(&mut table, "in a task", in_task).await?;
    let blocking = async || Ok(spawn_blocking(|| work(())).await?);
    eight_jobs(&mut table, "by spawn_blocking", blocking).await?;
    let pool = ThreadPool::new(WORKERS)?;
    let threads = async || Ok(run_in_executor(&pool, work, ()).await?);
    let threads = eight_jobs(&mut table, "by ThreadPool", threads).await?;
    let pool = ProcessPool::new(WORKERS)?;
    let processes = async || Ok(run_in_executor(&pool, work, ()).await?);
    let processes = eight_jobs(&mut table, "by ProcessPool", processes).await?;
    table.print();
    verdict(&threads, &processes)
}

fn verdict(threads: &Seen, processes: &Seen) -> Result {
    let figure = format!(
        "{} jobs overlap on threads, {} on processes, which take {:.1} times \
         as long",
        threads.at_once,
        processes.at_once,
        processes.took.div_duration_f64(threads.took)
    );
    let both = (threads.at_once, processes.at_once) == (WORKERS, WORKERS);
    claim("F2", both, figure)
}

struct Seen {
    took: Duration,
    at_once: usize,
}

/// Does eight jobs beside a task that sleeps.
async fn eight_jobs(
    table: &mut Table<4>,
    name: &str,
    run: impl AsyncFn() -> Result<Span>,
) -> Result<Seen> {
    let (started, mut latency) = (Instant::now(), Duration::ZERO);
    let mut jobs = pin!(try_join_all((0..8).map(|_| run())));
    loop {
        let asleep = Instant::now();
        let spans = select! {
            spans = &mut jobs => Some(spans?),
            () = sleep(PAUSE) => None,
        };
        latency = latency.max(asleep.elapsed().saturating_sub(PAUSE));
        if let Some(spans) = spans {
            let took = started.elapsed();
            let at_once = Span::most_at_once(&spans);
            let [latency, ms] =
                [latency, took].map(|time| format!("{:.1}", ms(time)));
            table.row([&name, &latency, &ms, &at_once]);
            return Ok(Seen { took, at_once });
        }
    }
}

/// `()` means that the job needs no argument.
fn work((): ()) -> Span {
    let start = now();
    chop(1, 5_000_000);
    Span { start, end: now() }
}

// ANCHOR: cpu_from_async_ways
use futures_pool::{Executor, Function, JobError, Value};

/// Awaits a job that a pool of threads or processes does, on any runtime. If
/// the caller is cancelled, the job is still done. (A pool with a
/// `queue_limit` blocks the caller while its queue is full.)
pub async fn run_in_executor<A: Value, T: Value>(
    pool: &impl Executor,
    job: impl Function<A, T>,
    argument: A,
) -> Result<T, JobError> {
    pool.submit(job, argument).await
}
// ANCHOR_END: cpu_from_async_ways
