//! How an event loop waits: it sleeps until a task is woken; no busy polling.
//!
//!     cargo run -p asyncio --bin poll_count
//!
//! An event loop does not ask its tasks again and again whether they can go on.
//! It sleeps until one of them is woken, and polls that one. A task that waits
//! once is polled twice: to begin, and when its wait is over. For comparison, a
//! busy loop polls one future all the time (spinning).
//!
//! Claims: A6, A19
//! Change this and watch: `TASKS` to 1 000. Each task is still polled twice,
//! and while all sleep the CPU time is still almost 0.
//!
//! Output (figures vary):
//!     tokio, all tasks asleep: 0 polls in 100ms, and 0.4 ms of CPU
//!     a busy loop, one future: 1368143 polls in 100ms, and 100.1 ms of CPU
//!     The article, A6: "Knowing when a request leaves and when its result returns lets one switch well."
//!     Our answer for Rust: holds (true)
//!     Our answer to A6 is borne out: 10000 tasks that wait were polled 2 times each
//!     The article, A19: "An event loop measures the progress of the tasks again and again."
//!     Our answer for Rust: false (not true)
//!     Our answer to A19 is borne out: tokio polled 10000 sleeping tasks 0 times, a busy loop polled one future 1368143 times

use std::future::pending;
use std::task::Waker;
use std::time::{Duration, Instant};

use shared::measure::{Usage, ms};
use shared::{Result, claim, flags, say, watchdog::Watchdog};
use tokio::{sync::Notify, task::JoinSet, task::yield_now, time::sleep};

const TASKS: u64 = 10_000;
const WINDOW: Duration = Duration::from_millis(100); // all tasks sleep in it

static GATE: Notify = Notify::const_new(); // all tasks wait for it
static POLLS: AtomicU64 = AtomicU64::new(0);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the tasks", Duration::from_secs(10))?;
    let tasks = (0..TASKS).map(|_| counted(GATE.notified(), &POLLS));
    let tasks: JoinSet<_> = tasks.collect();
    while POLLS.load(Relaxed) < TASKS {
        yield_now().await; // until all wait at the gate
    }
    let begin = POLLS.swap(0, Relaxed);
    let asleep = polls_during("tokio, all tasks asleep", sleep(WINDOW)).await;
    GATE.notify_waiters(); // wakes all
    tasks.join_all().await;
    let end = POLLS.swap(0, Relaxed);
    let busy = polls_during("a busy loop, one future", busy_polling()).await;

    let each = (begin + asleep + end) as f64 / TASKS as f64;
    let figure =
        format!("{TASKS} tasks that wait were polled {each} times each");
    claim("A6", each == 2.0, figure)?;
    let figure = format!(
        "tokio polled {TASKS} sleeping tasks {asleep} times, a busy loop \
         polled one future {busy} times"
    );
    claim("A19", asleep == 0 && busy > 1_000, figure)
}

/// Awaits `window`, and returns how often futures were polled meanwhile.
async fn polls_during(what: &str, window: impl Future) -> u64 {
    let before = Usage::now().cpu;
    window.await;
    let (polls, cpu) = (POLLS.swap(0, Relaxed), Usage::now().cpu - before);
    let cpu = ms(cpu);
    say!("{what}: {polls} polls in {WINDOW:?}, and {cpu:.1} ms of CPU");
    polls
}

/// Polls one future again and again: the thread can do nothing else.
async fn busy_polling() {
    let ends = Instant::now() + WINDOW;
    let mut waits = pin!(counted(pending::<()>(), &POLLS));
    let mut context = Context::from_waker(Waker::noop()); // wakes nobody
    while Instant::now() < ends {
        // WRONG: nothing has happened that the future waits for.
        let _ = waits.as_mut().poll(&mut context);
    }
}

// ANCHOR: poll_count
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::{future::poll_fn, pin::pin};

/// Does what `future` does, and counts in `polls` how often it is polled.
pub async fn counted<F: Future>(future: F, polls: &AtomicU64) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context: &mut Context| -> Poll<F::Output> {
        polls.fetch_add(1, Relaxed);
        future.as_mut().poll(context)
    })
    .await
}
// ANCHOR_END: poll_count
