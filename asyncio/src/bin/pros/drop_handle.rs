//! What becomes of work when its handle is dropped: that depends on the handle.
//!
//!     cargo run -p asyncio --bin drop_handle
//!
//! The work waits for its oven, the handle is dropped, and only then the oven
//! is ready. Work that is no longer there to notice has been cancelled.
//!
//! Claims: A25, X1
//! Change this and watch: `std::mem::forget` for smol's `detach`. The work
//! goes on all the same: what cancels it is the `drop`.
//!
//! Output (figures vary):
//!     handle                  dropped         or instead
//!     tokio JoinHandle        goes on         abort: is cancelled
//!     tokio AbortOnDropHandle is cancelled    detach: goes on
//!     tokio JoinSet           is cancelled    detach_all: goes on
//!     smol Task               is cancelled    detach: goes on
//!     async-std JoinHandle    goes on         cancel: is cancelled
//!     tokio spawn_blocking    goes on         abort: goes on
//!     std JoinHandle          goes on         unpark: goes on
//!     A25 borne out: 5 of 5 kinds of task can end, or go on
//!     X1 borne out: when dropped, 4 go on and 3 are cancelled

use std::{thread, time::Duration};

use futures::{channel::oneshot, executor::block_on, join};
use shared::{Result, claim, flags, say, watchdog::Watchdog};
use tokio::{runtime::Runtime, task::JoinSet};
use tokio_util::task::AbortOnDropHandle;

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the work", Duration::from_secs(2))?;
    let runtime = Runtime::new()?;
    let _inside = runtime.enter(); // for tokio's spawn
    say!("{:<24}{:<16}or instead", "handle", "dropped");
    let tasks = tasks();
    let threads = threads();

    let kinds = tasks.len();
    let either = tasks.iter().filter(|[drop, other]| drop != other).count();
    let deaf = threads.iter().flatten().all(|&fate| fate == GOES_ON);
    let figure = format!("{either} of {kinds} kinds of task can end, or go on");
    claim("A25", either == kinds && deaf, figure)?;
    let drops: Vec<_> = tasks.iter().chain(&threads).map(|f| f[0]).collect();
    let on = drops.iter().filter(|&&fate| fate == GOES_ON).count();
    let ends = drops.len() - on;
    let figure = format!("when dropped, {on} go on and {ends} are cancelled");
    claim("X1", on > 0 && ends > 0, figure)
}

/// What happens to the work when its handle is dropped, and when it is not.
type Fates = [&'static str; 2];

const GOES_ON: &str = "goes on";
const CANCELLED: &str = "is cancelled";

fn tasks() -> [Fates; 5] {
    let tokio = |work| tokio::spawn(cook(work));
    let leash = |work| AbortOnDropHandle::new(tokio::spawn(cook(work)));
    let set = |work| JoinSet::from_iter([cook(work)]);
    let smol = |work| smol::spawn(cook(work));
    let async_std = |work| async_std::task::spawn(cook(work));
    [
        row("tokio JoinHandle", tokio, "abort", |task| task.abort()),
        row("tokio AbortOnDropHandle", leash, "detach", |t| drop(t.detach())),
        row("tokio JoinSet", set, "detach_all", |mut set| set.detach_all()),
        row("smol Task", smol, "detach", |task| task.detach()),
        row("async-std JoinHandle", async_std, "cancel", |task| {
            block_on(task.cancel());
        }),
    ]
}

/// Nobody can end from outside what does not await.
fn threads() -> [Fates; 2] {
    let job = |work| tokio::task::spawn_blocking(|| block_on(cook(work)));
    let thread = |work| thread::spawn(|| block_on(cook(work)));
    [
        row("tokio spawn_blocking", job, "abort", |job| job.abort()),
        row("std JoinHandle", thread, "unpark", |work| work.thread().unpark()),
    ]
}

fn row<Handle>(
    handle: &str,
    start: impl Fn(Work) -> Handle,
    instead: &str,
    other: impl FnOnce(Handle),
) -> Fates {
    let fates = [fate(&start, drop), fate(&start, other)];
    let [dropped, other] = fates;
    say!("{handle:<24}{dropped:<16}{instead}: {other}");
    fates
}

/// What happens to work after `let_go` of its handle.
fn fate<Handle>(
    start: impl Fn(Work) -> Handle,
    let_go: impl FnOnce(Handle),
) -> &'static str {
    let (at_the_oven, waits) = oneshot::channel();
    let (oven, ready) = oneshot::channel();
    let (baked, dish) = oneshot::channel();
    let handle = start(Work { at_the_oven, ready, baked });
    block_on(waits).expect("it comes to the oven");
    let_go(handle);
    let _ = oven.send(()); // an error: nobody waits there any more
    // The work's own end is its guard: dropped unused when it is cancelled.
    block_on(dish).map_or(CANCELLED, |()| GOES_ON)
}

struct Work {
    at_the_oven: oneshot::Sender<()>,
    ready: oneshot::Receiver<()>,
    baked: oneshot::Sender<()>,
}

async fn cook(Work { at_the_oven, ready, baked }: Work) {
    // In this order: whoever hears of it finds us waiting.
    let (_oven, _told) = join!(ready, async { at_the_oven.send(()) });
    baked.send(()).expect("`fate` waits for it");
}
