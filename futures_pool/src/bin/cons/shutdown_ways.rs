//! Shutdown compared: which threads, pools and runtimes wait for running jobs.
//!
//!     cargo run -p futures_pool --bin shutdown_ways
//!
//! A job of 200 ms is running when its thread, pool or runtime ends. A scope
//! waits for the job. So does a tokio runtime that is dropped, because a
//! blocking job cannot be cancelled. The others return, and the job goes on as
//! long as the process lives: if `main` ends, the job is lost, without a word.
//! In Python the interpreter waits at its end for threads that are no daemons.
//!
//! Read `pool_shutdown` first.
//!
//! Claims: F13
//! Change this and watch: `2 * JOB` instead of `JOB / 4`. That is long enough:
//! three ends wait, and F13, which expects two, is contradicted.
//!
//! Output (times vary, counts do not):
//!     the end of                    ms  its running job
//!     thread::scope              200.3  is done
//!     JoinHandle, dropped          0.1  goes on
//!     rayon ThreadPool, dropped    0.3  goes on
//!     tokio Runtime, dropped     201.2  is done
//!       shutdown_timeout          50.7  goes on
//!       shutdown_background        3.3  goes on
//!     main, with smol::unblock       -  is lost
//!     The article, F13: "It shuts down only when its futures are done."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to F13 is borne out: 2 of 6 ends wait for a running job, 4 let it go on; at the end of main it is lost

use std::sync::{Barrier, atomic::AtomicBool, atomic::Ordering::SeqCst};
use std::{thread, time::Duration, time::Instant};

use shared::watchdog::Watchdog;
use shared::{Result, Table, claim, flags, measure::ms, role, say};
use tokio::runtime::Runtime;

const JOB: Duration = Duration::from_millis(200);

fn main() -> Result {
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(8))?;
    if let Some([]) = role::started_as("victim") {
        return leave_main(); // as a child: this program again
    }
    flags([]);
    let mut table = Table::new(["the end of", "ms", "its running job"]);
    let mut waits = 0;
    for (name, run) in WAYS {
        let (took, done) = end(run)?;
        waits += usize::from(done);
        let fate = if done { "is done" } else { "goes on" };
        table.row([&name, &format!("{:.1}", ms(took)), &fate]);
    }
    let lost = role::command("victim")?.output()?.stdout.is_empty();
    let fate = if lost { "is lost" } else { "is done" };
    table.row([&"main, with smol::unblock", &"-", &fate]);
    table.print();
    let all = WAYS.len();
    let figure = format!(
        "{waits} of {all} ends wait for a running job, {} let it go on; at the \
         end of main it {fate}",
        all - waits
    );
    claim("F13", waits == 2 && lost, figure)
}

static BEGUN: Barrier = Barrier::new(2);
static DONE: AtomicBool = AtomicBool::new(false);

fn job() {
    BEGUN.wait();
    thread::sleep(JOB); // the work itself
    DONE.store(true, SeqCst);
}

/// How long it took, and whether the job was done by then.
fn end(run: Run) -> Result<(Duration, bool)> {
    let started = Instant::now();
    run()?;
    let (took, done) = (started.elapsed(), DONE.load(SeqCst));
    while !DONE.swap(false, SeqCst) {
        thread::sleep(Duration::from_millis(1)); // it goes on, to its end
    }
    Ok((took, done))
}

/// Runs the job somewhere, waits until it has begun, and ends that place.
type Run = fn() -> Result;

const WAYS: [(&str, Run); 6] = [
    ("thread::scope", in_scope),
    ("JoinHandle, dropped", on_thread),
    ("rayon ThreadPool, dropped", on_rayon),
    ("tokio Runtime, dropped", || on_tokio(drop)),
    ("  shutdown_timeout", || on_tokio(|tokio| end_runtime(tokio, JOB / 4))),
    ("  shutdown_background", || on_tokio(Runtime::shutdown_background)),
];

fn in_scope() -> Result {
    thread::scope(|scope| {
        scope.spawn(job);
        BEGUN.wait();
    });
    Ok(())
}

fn on_thread() -> Result {
    drop(thread::spawn(job));
    BEGUN.wait();
    Ok(())
}

fn on_rayon() -> Result {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    pool.spawn(job);
    BEGUN.wait();
    Ok(())
}

fn on_tokio(end: fn(Runtime)) -> Result {
    let runtime = Runtime::new()?;
    runtime.spawn_blocking(job);
    BEGUN.wait();
    end(runtime);
    Ok(())
}

/// The child: `main` returns while the job runs.
fn leave_main() -> Result {
    let job = || {
        job();
        say!("done");
    };
    smol::unblock(job).detach(); // WRONG: nobody waits for it
    BEGUN.wait();
    Ok(())
}

// ANCHOR: shutdown_ways
/// Ends a tokio runtime: waits for blocking jobs that run, but no longer than
/// `limit`. Those that are not done go on until the process ends. Tasks are
/// cancelled where they await.
///
/// # Panics
///
/// In a task: a runtime is ended outside of it.
pub fn end_runtime(
    runtime: tokio::runtime::Runtime,
    limit: std::time::Duration,
) {
    runtime.shutdown_timeout(limit);
}
// ANCHOR_END: shutdown_ways
