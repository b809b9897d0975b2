//! Future or handle: a job runs by itself, a Rust future only when polled.
//!
//!     cargo run -p futures_pool --bin handle_states
//!
//! Two things share a name. Python's `Future` is a handle: its job runs,
//! whether or not anybody asks for the result. Rust's `Future` is the work
//! itself: it does nothing until it is polled, by `.await` for example. What a
//! pool returns is a handle, which tells whether its job is pending, running or
//! done. Here one worker has three jobs; nobody asks for the result of the
//! third.
//!
//! Claims: F5
//! Change this and watch: `smol::spawn(async_log())` instead of `async_log()`.
//! That is a handle, too: the task runs although nobody polls it, and F5 is
//! contradicted.
//!
//! Output (figures vary):
//!     while job 1 runs: job 1 is running, job 2 is pending
//!     when the pool has ended: job 1 is done, job 2 is done
//!     the dropped handle's job ran: true; the future ran: false
//!     The article, F5: "A future is a thing to hold while the work is not done yet."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to F5 is borne out: a job ran without its handle: true, a future without a poll: false

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::{sync::Barrier, time::Duration};

use futures_pool::{Executor, Pending, ThreadPool};
use shared::{Result, claim, flags, say, watchdog::Watchdog};

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(5))?;
    let pool = ThreadPool::new(1)?;
    let [one, two] = [1, 2].map(|n| pool.submit(square, n));
    drop(pool.submit(log, ())); // nobody asks for the result of job 3
    let _future = async_log(); // and nobody polls this future

    STEP.wait(); // job 1 has begun, and job 2 waits for the worker
    let (running, pending) = (state(&one), state(&two));
    say!("while job 1 runs: job 1 is {running}, job 2 is {pending}");
    (0..3).for_each(|_| _ = STEP.wait()); // once for job 1, twice for job 2
    pool.shutdown(Pending::Finish);
    let done = state(&one);
    say!("when the pool has ended: job 1 is {done}, job 2 is {}", state(&two));

    let [job, future] = [&JOB_RAN, &FUTURE_RAN].map(|ran| ran.load(SeqCst));
    say!("the dropped handle's job ran: {job}; the future ran: {future}");
    let figure = format!(
        "a job ran without its handle: {job}, a future without a poll: {future}"
    );
    let states = [pending, running, done] == ["pending", "running", "done"];
    let results = (one.result()?, two.result()?) == (1, 4);
    claim("F5", states && results && job && !future, figure)
}

/// Each of the jobs 1 and 2 waits here twice, until `main` comes here, too.
static STEP: Barrier = Barrier::new(2);

fn square(n: u32) -> u32 {
    STEP.wait();
    STEP.wait();
    n * n
}

static JOB_RAN: AtomicBool = AtomicBool::new(false);
static FUTURE_RAN: AtomicBool = AtomicBool::new(false);

/// `()` means that the job needs no argument.
fn log((): ()) {
    JOB_RAN.store(true, SeqCst);
}

async fn async_log() {
    FUTURE_RAN.store(true, SeqCst);
}

// ANCHOR: handle_states
use futures_pool::Handle;

/// What a job is doing: the states of Python's `Future`. When you read the
/// state, the job may be in a later one already, but never in an earlier one.
pub fn state<T>(job: &Handle<T>) -> &'static str {
    // `is_running` is asked before `is_done`: in the other order, a job that
    // ends between the two questions would say no twice, and look pending.
    match (job.is_running(), job.is_cancelled(), job.is_done()) {
        (true, ..) => "running",
        (_, true, _) => "cancelled",
        (.., true) => "done",
        _ => "pending",
    }
}
// ANCHOR_END: handle_states
