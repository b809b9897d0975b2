//! Dropped handles of seven kinds: which work goes on, which is cancelled.
//!
//!     cargo run -p asyncio --bin drop_handle_kinds
//!
//! Each kind of work waits, its handle is dropped, and only then the event
//! comes that it waits for. The right column is the other choice: what to call
//! instead of dropping. Blocking work and threads cannot be cancelled: for them
//! the call in the right column changes nothing.
//!
//! Read `drop_handle` first.
//!
//! Claims: A25, X1
//! Change this and watch: write `std::mem::forget(h)` instead of smol's
//! `h.detach()`. The task still goes on: what cancels it is the `drop`.
//!
//! Output (times vary, counts do not):
//!     handle             dropped       or instead
//!     tokio              goes on       abort       is cancelled
//!     AbortOnDropHandle  is cancelled  detach      goes on
//!     JoinSet            is cancelled  detach_all  goes on
//!     smol               is cancelled  detach      goes on
//!     async-std          goes on       cancel      is cancelled
//!     spawn_blocking     goes on       abort       goes on
//!     thread             goes on       unpark      goes on
//!     The article, A25: "All tasks can easily be cancelled or awaited at once."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A25 is borne out: 5 of 5 kinds of task can be cancelled, and 0 kinds of thread
//!     Not in the article, X1: "What dropping a handle does depends on the model."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to X1 is borne out: when its handle is dropped, work goes on in 4 of 7 kinds

use std::{thread, time::Duration};

use futures::{channel::oneshot, executor::block_on, future::BoxFuture, join};
use shared::{Result, Table, claim, flags, watchdog::Watchdog};
use tokio::task::{JoinSet, spawn_blocking};
use tokio_util::task::AbortOnDropHandle;

#[tokio::main]
async fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the work", Duration::from_secs(2))?;
    let mut table = Table::new(["handle", "dropped", "or instead", ""]);
    let kinds = seven_kinds(&mut table);
    table.print();

    let can = |kind: &&GoesOn| !kind.dropped || !kind.other;
    let [tasks @ .., blocking, thread] = &kinds;
    let (some, all) = (tasks.iter().filter(can).count(), tasks.len());
    let threads = [blocking, thread].into_iter().filter(can).count();
    let figure = format!(
        "{some} of {all} kinds of task can be cancelled, and {threads} kinds \
         of thread"
    );
    claim("A25", some == all && threads == 0, figure)?;
    let on = kinds.iter().filter(|kind| kind.dropped).count();
    let all = kinds.len();
    let figure = format!(
        "when its handle is dropped, work goes on in {on} of {all} kinds"
    );
    claim("X1", on > 0 && on < all, figure)
}

fn seven_kinds(t: &mut Table<4>) -> [GoesOn; 7] {
    let owned = |job| AbortOnDropHandle::new(tokio::spawn(job));
    let set = |job| JoinSet::from_iter([job]);
    let spawned = async_std::task::spawn;
    let blocking = |job| spawn_blocking(|| block_on::<Job>(job));
    let thread = |job| thread::spawn(|| block_on::<Job>(job));
    [
        row(t, "tokio", spawn_cancellable, "abort", |(_, h)| h.abort()),
        row(t, "AbortOnDropHandle", owned, "detach", |h| drop(h.detach())),
        row(t, "JoinSet", set, "detach_all", |mut h| h.detach_all()),
        row(t, "smol", smol::spawn, "detach", |h| h.detach()),
        row(t, "async-std", spawned, "cancel", |h| _ = block_on(h.cancel())),
        row(t, "spawn_blocking", blocking, "abort", |h| h.abort()),
        row(t, "thread", thread, "unpark", |h| h.thread().unpark()),
    ]
}

type Job = BoxFuture<'static, ()>;

/// Whether work goes on ...
struct GoesOn {
    /// ... when its handle is dropped,
    dropped: bool,
    /// ... and when another method of the handle is called instead.
    other: bool,
}

fn row<H>(
    table: &mut Table<4>,
    handle: &str,
    start: impl Fn(Job) -> H,
    instead: &str,
    other: impl FnOnce(H),
) -> GoesOn {
    let [dropped, other] = [goes_on(&start, drop), goes_on(&start, other)];
    let word = |on| if on { "goes on" } else { "is cancelled" };
    table.row([&handle, &word(dropped), &instead, &word(other)]);
    GoesOn { dropped, other }
}

/// Whether work that waits goes on after `let_go` of its handle.
fn goes_on<H>(start: impl Fn(Job) -> H, let_go: impl FnOnce(H)) -> bool {
    let (begun, has_begun) = oneshot::channel();
    let (send_event, event) = oneshot::channel::<()>();
    let (done, is_done) = oneshot::channel();
    let handle = start(Box::pin(async move {
        // `join!` polls the wait first: it begins before `begun` is sent.
        let (_event, _sent) = join!(event, async { begun.send(()) });
        done.send(()).expect("it is received below");
    }));
    block_on(has_begun).expect("it comes to its wait");
    let_go(handle);
    let _ = send_event.send(()); // an error: nobody waits any more
    // `done` is dropped unused when the work is cancelled.
    block_on(is_done).is_ok()
}

// ANCHOR: drop_handle_kinds
use tokio::task::{AbortHandle, JoinHandle};

/// Starts a task, and returns a handle to await it, and another one to cancel
/// it from elsewhere. Dropping both lets the task go on.
pub fn spawn_cancellable<Job>(
    job: Job,
) -> (JoinHandle<Job::Output>, AbortHandle)
where
    Job: Future<Output: Send> + Send + 'static, // the result is `Send`, too
{
    let task = tokio::spawn(job);
    let cancel = task.abort_handle();
    (task, cancel)
}
// ANCHOR_END: drop_handle_kinds
