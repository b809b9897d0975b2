//! Futurelock with two locks: the future holds the lock, or queues for it.
//!
//!     cargo run -p asyncio --bin futurelock_ways
//!
//! tokio's Mutex is fair: a lock that comes free is handed to the first in the
//! queue, even if nobody polls that future any more. So a future that only
//! queues can deadlock its task, too. smol's Mutex (async-std's is the same)
//! goes to whoever asks first, unless somebody in the queue has waited long.
//!
//! Read `futurelock` first: it has the cures.
//!
//! Claims: A33
//! Change this and watch: `async { tokio::join!(update, lock()) }` instead of
//! `lock()` in the line below WRONG. It polls both, no way deadlocks, and A33
//! is contradicted. (With `update` as the second, one way still deadlocks.)
//!
//! Output (times vary, counts do not):
//!     the kept future  tokio     smol
//!     holds the lock   deadlock  deadlock
//!     queues for it    deadlock  done
//!     The article, A33: "Unlike threads, they need no complicated locking."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A33 is borne out: a kept future deadlocks its task in 3 of 4 ways

use std::{future::ready, pin::pin, time::Duration};

use shared::{Result, Table, claim, flags};
use tokio::{select, sync::Mutex, task::yield_now};

/// More than enough: what is not stuck needs a microsecond.
const LIMIT: Duration = Duration::from_millis(300);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let (tokio, smol) = (Mutex::new(()), smol::lock::Mutex::new(()));
    let tokio = async || tokio.lock().await;
    let smol = async || smol.lock().await;
    let holds = [deadlocks(tokio, false).await, deadlocks(smol, false).await];
    let queues = [deadlocks(tokio, true).await, deadlocks(smol, true).await];

    let mut table = Table::new(["the kept future", "tokio", "smol"]);
    for (what, ends) in [("holds the lock", holds), ("queues for it", queues)] {
        let [tokio, smol] = ends.map(|d| if d { "deadlock" } else { "done" });
        table.row([&what, &tokio, &smol]);
    }
    table.print();
    let stuck = [holds, queues].concat().iter().filter(|stuck| **stuck).count();
    let figure =
        format!("a kept future deadlocks its task in {stuck} of 4 ways");
    claim("A33", holds == [true; 2] && queues[0], figure)
}

/// Whether a task that keeps a future, and polls it no more, is stuck.
async fn deadlocks<Guard>(lock: impl AsyncFn() -> Guard, queues: bool) -> bool {
    let in_use = if queues { Some(lock().await) } else { None };
    let mut update = pin!(async {
        let _guard = lock().await;
        yield_now().await;
    });
    select! {
        biased; // polls `update` first: it holds the lock, or queues for it
        () = &mut update => {}
        () = ready(()) => {}
    }
    drop(in_use);
    // WRONG: waits for `update`, which nobody polls any more.
    wait_within("the lock", LIMIT, lock()).await.is_err()
}

// ANCHOR: futurelock_ways
/// Awaits a lock, a permit or a message no longer than `limit`: a deadlock
/// becomes an error that tells what was waited for. (tokio.)
pub async fn wait_within<T>(
    what: &str,
    limit: std::time::Duration,
    wait: impl Future<Output = T>,
) -> std::io::Result<T> {
    let waited = tokio::time::timeout(limit, wait).await;
    waited.map_err(|_| {
        let text = format!("{what}: not there after {limit:?}");
        std::io::Error::new(std::io::ErrorKind::TimedOut, text)
    })
}
// ANCHOR_END: futurelock_ways
