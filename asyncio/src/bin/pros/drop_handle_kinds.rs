//! What dropping a handle does: seven kinds, detached or cancelled, and otherwise.
//!
//!     cargo run -p asyncio --bin drop_handle_kinds
//!
//! Each kind of work waits, its handle is dropped, and only then the event comes
//! that it waits for. The right column is the other choice: what to call instead
//! of dropping. Threads have no other choice: they cannot be cancelled.
//!
//! Read `drop_handle` first.
//!
//! Claims: A25, X1
//! Change this and watch: `std::mem::forget` for smol's `detach`. The task goes
//! on all the same: what cancels it is the `drop`.
//!
//! Output (figures vary):

use std::{thread, time::Duration};

use futures::{channel::oneshot, executor::block_on, join};
use shared::{Result, Table, claim, flags, watchdog::Watchdog};
use tokio::task::{JoinSet, spawn_blocking};
use tokio_util::task::AbortOnDropHandle;

#[tokio::main]
async fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the work", Duration::from_secs(2))?;
    let mut table = Table::new(["handle", "dropped", "or instead", ""]);
    let fates = seven_kinds(&mut table);
    table.print();

    let (tasks, threads) = fates.split_at(5);
    let either = tasks.iter().filter(|fate| fate.dropped != fate.other);
    let (either, of) = (either.count(), tasks.len());
    let deaf = threads.iter().all(|fate| fate.dropped && fate.other);
    let figure = format!(
        "{either} of {of} kinds of task can be cancelled; a thread not"
    );
    claim("A25", either == of && deaf, figure)?;
    let on = fates.iter().filter(|fate| fate.dropped).count();
    let figure =
        format!("when its handle is dropped, work goes on in {on} of 7 kinds");
    claim("X1", on > 0 && on < 7, figure)
}

fn seven_kinds(t: &mut Table<4>) -> [GoesOn; 7] {
    let tokio = |end| spawn_cancellable(work(end));
    let owned = |end| AbortOnDropHandle::new(tokio::spawn(work(end)));
    let set = |end| JoinSet::from_iter([work(end)]);
    let smol = |end| smol::spawn(work(end));
    let std = |end| async_std::task::spawn(work(end));
    let job = |end| spawn_blocking(|| block_on(work(end)));
    let thread = |end| thread::spawn(|| block_on(work(end)));
    [
        row(t, "tokio JoinHandle", tokio, "abort", |(_, task)| task.abort()),
        row(t, "AbortOnDropHandle", owned, "detach", |h| drop(h.detach())),
        row(t, "tokio JoinSet", set, "detach_all", |mut h| h.detach_all()),
        row(t, "smol Task", smol, "detach", |h| h.detach()),
        row(t, "async-std", std, "cancel", |h| _ = block_on(h.cancel())),
        row(t, "tokio spawn_blocking", job, "abort", |h| h.abort()),
        row(t, "std JoinHandle", thread, "unpark", |h| h.thread().unpark()),
    ]
}

/// Whether work goes on when its handle is dropped, or something else is done.
struct GoesOn {
    dropped: bool,
    other: bool,
}

fn row<Handle>(
    table: &mut Table<4>,
    handle: &str,
    start: impl Fn(End) -> Handle,
    instead: &str,
    other: impl FnOnce(Handle),
) -> GoesOn {
    let [dropped, other] = [goes_on(&start, drop), goes_on(&start, other)];
    let word = |on| if on { "goes on" } else { "is cancelled" };
    table.row([&handle, &word(dropped), &instead, &word(other)]);
    GoesOn { dropped, other }
}

/// Whether work that waits goes on after `let_go` of its handle.
fn goes_on<H>(start: impl Fn(End) -> H, let_go: impl FnOnce(H)) -> bool {
    let (waits, waiting) = oneshot::channel();
    let (event, wait) = oneshot::channel();
    let (done, ended) = oneshot::channel();
    let handle = start(End { waits, wait, done });
    block_on(waiting).expect("it comes to its wait");
    let_go(handle);
    let _ = event.send(()); // an error: nobody waits any more
    // The sender is dropped unused when the work is cancelled.
    block_on(ended).is_ok()
}

struct End {
    waits: oneshot::Sender<()>,
    wait: oneshot::Receiver<()>,
    done: oneshot::Sender<()>,
}

async fn work(End { waits, wait, done }: End) {
    // In this order: who hears of the wait finds us waiting.
    let (_event, _told) = join!(wait, async { waits.send(()) });
    done.send(()).expect("`goes_on` waits for it");
}

// ANCHOR: drop_handle_kinds
use tokio::task::{AbortHandle, JoinHandle};

/// Starts a task, and returns a handle to await it, and another one to cancel it
/// from elsewhere. Dropping both lets the task go on.
pub fn spawn_cancellable<Job>(
    job: Job,
) -> (JoinHandle<Job::Output>, AbortHandle)
where
    Job: Future<Output: Send> + Send + 'static,
{
    let task = tokio::spawn(job);
    let cancel = task.abort_handle();
    (task, cancel)
}
// ANCHOR_END: drop_handle_kinds
