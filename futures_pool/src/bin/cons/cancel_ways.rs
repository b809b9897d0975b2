//! Cancellation compared: which running threads, jobs and tasks can be ended.
//!
//!     cargo run -p futures_pool --bin cancel_ways
//!
//! Every job has 200 ms to go when it is cancelled. Cancellation is cooperative
//! in threads and tasks: a thread ends when it looks at a flag, a task when it
//! awaits; a job that does neither runs to its end. `abort` on a blocking job
//! that has begun does nothing. A process can be ended at any time:
//! `cancel_running`, `terminate`.
//!
//! Read `cancel_running` first.
//!
//! Claims: F14
//! Change this and watch: `|| true` instead of `|| !flag.load(SeqCst)`. That
//! thread runs to its end, and F14, which expects three ends, is contradicted.
//!
//! Output (times vary, counts do not):
//!     job: how it is cancelled             ms  and then
//!     thread that looks at a flag         1.1  is cancelled
//!     spawn_blocking, abort             201.1  runs to its end
//!     spawn_blocking that looks, abort    1.1  is cancelled
//!     task in a loop, abort             201.3  runs to its end
//!     task that awaits, abort             0.1  is cancelled
//!     The article, F14: "A running future cannot be cancelled."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to F14 is borne out: 3 of 5 running jobs could be cancelled

use std::sync::{Arc, mpsc::Sender, mpsc::channel};
use std::sync::{atomic::AtomicBool, atomic::Ordering::SeqCst};
use std::{thread, time::Duration, time::Instant};

use shared::watchdog::Watchdog;
use shared::{Result, Table, claim, flags, measure::ms};
use tokio::{runtime::Runtime, task::spawn_blocking, time::sleep};

const JOB: Duration = Duration::from_millis(200);

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("cancelling", Duration::from_secs(8))?;
    let runtime = Runtime::new()?;
    let _inside = runtime.enter(); // where tokio's functions spawn
    let mut table = Table::new(["job: how it is cancelled", "ms", "and then"]);
    let mut ended = 0;
    for (name, start) in WAYS {
        let (tell, told) = channel();
        let cancel = start(tell);
        told.recv()?; // the job has begun
        let asked = Instant::now();
        cancel();
        let cancelled = told.recv().is_err(); // it ends without a word
        let took = format!("{:.1}", ms(asked.elapsed()));
        ended += usize::from(cancelled);
        let then = if cancelled { "is cancelled" } else { "runs to its end" };
        table.row([&name, &took, &then]);
    }
    table.print();
    let all = WAYS.len();
    let figure = format!("{ended} of {all} running jobs could be cancelled");
    claim("F14", ended == 3, figure)
}

/// Starts a job, which sends a word when it begins, and another one when it is
/// done. Returns how to cancel it.
type Start = fn(Sender<()>) -> Cancel;
type Cancel = Box<dyn FnOnce()>;

const WAYS: [(&str, Start); 5] = [
    ("thread that looks at a flag", thread_with_flag),
    ("spawn_blocking, abort", blocking),
    ("spawn_blocking that looks, abort", blocking_with_token),
    ("task in a loop, abort", task_in_a_loop),
    ("task that awaits, abort", task_that_awaits),
];

/// Steps of a millisecond, as long as `go_on` says so.
fn work(tell: &Sender<()>, go_on: impl Fn() -> bool) {
    let _ = tell.send(()); // `main` listens
    let ready = Instant::now() + JOB;
    while Instant::now() < ready {
        if !go_on() {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
    let _ = tell.send(());
}

fn thread_with_flag(tell: Sender<()>) -> Cancel {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    // Not joined: its end is seen by the end of `tell`.
    thread::spawn(move || work(&tell, || !flag.load(SeqCst)));
    Box::new(move || stop.store(true, SeqCst))
}

fn blocking(tell: Sender<()>) -> Cancel {
    let job = spawn_blocking(move || work(&tell, || true));
    Box::new(move || job.abort()) // WRONG: it only prevents the beginning
}

fn blocking_with_token(tell: Sender<()>) -> Cancel {
    let job = cancellable_blocking(move |token| {
        work(&tell, || !token.is_cancelled());
    });
    let task = tokio::spawn(job);
    Box::new(move || task.abort())
}

fn task_in_a_loop(tell: Sender<()>) -> Cancel {
    let task = tokio::spawn(async move { work(&tell, || true) });
    Box::new(move || task.abort()) // WRONG: it never awaits
}

fn task_that_awaits(tell: Sender<()>) -> Cancel {
    let task = tokio::spawn(async move {
        let _ = tell.send(());
        sleep(JOB).await;
        let _ = tell.send(());
    });
    Box::new(move || task.abort())
}

// ANCHOR: cancel_ways
use tokio_util::sync::CancellationToken;

/// Runs a blocking job that can be cancelled, on a thread of tokio. The job is
/// given a token, and must look at it between its steps, for `abort` and
/// timeouts cannot stop it. If the caller is cancelled, the token is, too.
///
/// # Errors
///
/// The job panicked.
pub async fn cancellable_blocking<T: Send + 'static>(
    job: impl FnOnce(CancellationToken) -> T + Send + 'static,
) -> Result<T, tokio::task::JoinError> {
    let token = CancellationToken::new();
    let _cancels = token.clone().drop_guard();
    tokio::task::spawn_blocking(move || job(token)).await
}
// ANCHOR_END: cancel_ways
