//! A guard held across an await: three locks on three runtimes, which deadlock?
//!
//!     cargo run -p asyncio --bin guard_on_runtimes
//!
//! A lock of the standard library blocks its thread, whatever the runtime is.
//! An async lock suspends the task. It needs no runtime, so tokio's works on
//! smol, and smol's (which is async-std's, too) on tokio.
//!
//! Read `guard_across_await` first.
//!
//! Claims: A33
//! Change this and watch: `drop(balance)` before the line marked WRONG. No
//! lock deadlocks then, and A33 is contradicted.
//!
//! Output (times vary, counts do not):
//!     the lock            tokio     smol      async-std
//!     std::sync::Mutex    deadlock  deadlock  deadlock
//!     tokio::sync::Mutex  done      done      done
//!     smol::lock::Mutex   done      done      done
//!     The article, A33: "Unlike threads, they need no complicated locking."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A33 is borne out: a std guard held across an await deadlocks on 3 of 3 runtimes, an async one on 0 of 6

use std::{sync::Mutex, time::Duration};

use futures::future::{FutureExt, LocalBoxFuture, join};
use shared::{Result, Table, claim, flags, watchdog::within};
use smol::future::yield_now;
use tokio::runtime::Builder;

fn main() -> Result {
    flags([]);
    let mut table = Table::new(["the lock", "tokio", "smol", "async-std"]);
    let mut row = |lock: &str, add_twice: fn() -> Work| {
        let runtimes: [fn(Work); 3] =
            [on_tokio, smol::block_on, async_std::task::block_on];
        let stuck = runtimes
            .map(|run| within(LIMIT, move || run(add_twice())).is_err());
        let [a, b, c] = stuck.map(|is| if is { "deadlock" } else { "done" });
        table.row([&lock, &a, &b, &c]);
        stuck.iter().filter(|stuck| **stuck).count()
    };
    let std = row("std::sync::Mutex", || with_std().boxed_local());
    let tokio = row("tokio::sync::Mutex", || with_tokio().boxed_local());
    let smol = row("smol::lock::Mutex", || with_smol().boxed_local());
    table.print();
    let suspends = tokio + smol;
    let figure = format!(
        "a std guard held across an await deadlocks on {std} of 3 runtimes, \
         an async one on {suspends} of 6"
    );
    claim("A33", (std, suspends) == (3, 0), figure)
}

/// More than enough: what is not stuck needs a microsecond. A thread that is
/// stuck is left behind: nobody can end a thread.
const LIMIT: Duration = Duration::from_millis(300);

type Work = LocalBoxFuture<'static, ()>;

fn on_tokio(work: Work) {
    let runtime = Builder::new_current_thread().build();
    runtime.expect("it needs no file").block_on(work);
}

#[expect(clippy::await_holding_lock, reason = "that is the mistake")]
async fn with_std() {
    let balance = Mutex::new(0);
    let add = async || {
        let mut balance = balance.lock().expect("no panic holds it");
        *balance += 12;
        // WRONG: the other future's lock() blocks this thread
        yield_now().await;
    };
    join(add(), add()).await;
}

async fn with_tokio() {
    let balance = tokio::sync::Mutex::new(0);
    let add = async || {
        let mut balance = balance.lock().await;
        *balance += 12;
        yield_now().await;
    };
    join(add(), add()).await;
}

async fn with_smol() {
    let balance = smol::lock::Mutex::new(0);
    let add = async |balance: &mut i32| {
        *balance += 12;
        yield_now().await;
    };
    join(change_locked(&balance, add), change_locked(&balance, add)).await;
}

// ANCHOR: guard_on_runtimes
/// Changes a value under an async lock, which it holds also while `change`
/// awaits. Works on any runtime. If this future is dropped, the lock is free
/// again, and the value may be half changed.
pub async fn change_locked<T, R>(
    value: &smol::lock::Mutex<T>,
    change: impl AsyncFnOnce(&mut T) -> R,
) -> R {
    change(&mut *value.lock().await).await
}
// ANCHOR_END: guard_on_runtimes
