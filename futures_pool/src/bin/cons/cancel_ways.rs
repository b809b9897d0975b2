//! Cancellation compared: threads, blocking jobs, tasks: what ends, and when.
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
//! Change this and watch: `|| true` for `go_on` in `thread_with_flag`. That
//! thread runs to its end, and F14, which expects three ends, is contradicted.
//!
//! Output (figures vary):
//!     job: how it is cancelled             ms  and then
//!     thread that looks at a flag         0.1  is cancelled
//!     spawn_blocking, abort             200.3  runs to its end
//!     spawn_blocking that looks, abort    1.1  is cancelled
//!     task in a loop, abort             200.0  runs to its end
//!     task that awaits, abort             0.1  is cancelled
//!     The article, F14: "A running future cannot be cancelled."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     F14 borne out: 3 of 5 running jobs could be cancelled

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, mpsc::Sender, mpsc::channel};
use std::{thread, time::Duration, time::Instant};

use shared::watchdog::Watchdog;
use shared::{Result, Table, claim, flags, measure::ms};
use tokio::runtime::Runtime;

const JOB: Duration = Duration::from_millis(200);

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("cancelling", Duration::from_secs(8))?;
    let ends = [
        ("thread that looks at a flag", thread_with_flag()?),
        ("spawn_blocking, abort", spawn_blocking()?),
        ("spawn_blocking that looks, abort", spawn_blocking_with_token()?),
        ("task in a loop, abort", task_in_a_loop()?),
        ("task that awaits, abort", task_that_awaits()?),
    ];
    let mut table = Table::new(["job: how it is cancelled", "ms", "and then"]);
    for (name, End { took, cancelled }) in &ends {
        let then = if *cancelled { "is cancelled" } else { "runs to its end" };
        table.row([name, &format!("{:.1}", ms(*took)), &then]);
    }
    table.print();
    let ended = ends.iter().filter(|(_, end)| end.cancelled).count();
    let figure = format!("{ended} of 5 running jobs could be cancelled");
    claim("F14", ended == 3, figure)
}

/// How long cancelling took, and whether the job was cut.
struct End {
    took: Duration,
    cancelled: bool,
}

/// Starts a job, cancels it when it has begun, and waits for its end. The job
/// sends a word when it begins, and another one when it is done.
fn end<J>(
    start: impl FnOnce(Sender<()>) -> J,
    cancel: impl FnOnce(&J),
) -> Result<End> {
    let (tell, told) = channel();
    let job = start(tell);
    told.recv()?;
    let asked = Instant::now();
    cancel(&job);
    let cancelled = told.recv().is_err(); // it ends without a word
    Ok(End { took: asked.elapsed(), cancelled })
}

/// Steps of a millisecond, as long as `go_on` says so.
fn work(tell: &Sender<()>, go_on: impl Fn() -> bool) {
    let _ = tell.send(()); // `end` listens
    let ready = Instant::now() + JOB;
    while Instant::now() < ready {
        if !go_on() {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
    let _ = tell.send(());
}

fn thread_with_flag() -> Result<End> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let go_on = move || !flag.load(SeqCst);
    end(
        |tell| thread::spawn(move || work(&tell, go_on)),
        |_| stop.store(true, SeqCst),
    )
}

fn spawn_blocking() -> Result<End> {
    let tokio = Runtime::new()?;
    let start = |tell| tokio.spawn_blocking(move || work(&tell, || true));
    end(start, |job| job.abort()) // WRONG: it only prevents the beginning
}

fn spawn_blocking_with_token() -> Result<End> {
    let tokio = Runtime::new()?;
    let job = |tell| {
        cancellable_blocking(move |token| work(&tell, || !token.is_cancelled()))
    };
    end(|tell| tokio.spawn(job(tell)), |job| job.abort())
}

fn task_in_a_loop() -> Result<End> {
    let tokio = Runtime::new()?;
    let start = |tell| tokio.spawn(async move { work(&tell, || true) });
    end(start, |job| job.abort()) // WRONG: it never awaits
}

fn task_that_awaits() -> Result<End> {
    let tokio = Runtime::new()?;
    let start = |tell: Sender<()>| {
        tokio.spawn(async move {
            let _ = tell.send(());
            tokio::time::sleep(JOB).await;
            let _ = tell.send(());
        })
    };
    end(start, |job| job.abort())
}

// ANCHOR: cancel_ways
use tokio_util::sync::CancellationToken;

/// Runs a blocking job that can be cancelled, on a thread of tokio. The job is
/// given a token, and must look at it between its steps, for `abort` and
/// timeouts cannot stop it. If the caller is cancelled, the token is, too.
pub async fn cancellable_blocking<T: Send + 'static>(
    job: impl FnOnce(CancellationToken) -> T + Send + 'static,
) -> Result<T, tokio::task::JoinError> {
    let token = CancellationToken::new();
    let _cancels = token.clone().drop_guard();
    tokio::task::spawn_blocking(move || job(token)).await
}
// ANCHOR_END: cancel_ways
