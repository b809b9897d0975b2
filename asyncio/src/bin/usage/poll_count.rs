//! How an event loop waits: a sleeping task is not polled; busy polling is.
//!
//!     cargo run -p asyncio --bin poll_count
//!
//! An event loop does not look after its tasks. It sleeps until one of them is
//! woken, and polls that one. A task that waits once is polled twice: to begin,
//! and when its wait is over. Beside it stands a loop that does poll again and
//! again (spinning).
//!
//! Claims: A6, A19
//! Change this and watch: `TASKS` to 1 000. Each is polled twice again, and
//! the CPU time hardly changes: there was next to none.
//!
//! Output (figures vary):
//!     tokio, 10 000 tasks: 10000 polls to begin, 0 while asleep (0.4 ms of CPU), 10000 to end
//!     a busy loop, 1 future: 1 polls to begin, 588763 while asleep (42.1 ms of CPU), 1 to end
//!     The article, A6: "Knowing when a request leaves and when its result returns lets one switch well."
//!     Our answer for Rust: holds (true)
//!     A6 borne out: 10000 tasks that wait were polled 2 times each
//!     The article, A19: "An event loop measures the progress of the tasks again and again."
//!     Our answer for Rust: false (not true)
//!     A19 borne out: tokio polled 10000 sleeping tasks 0 times, a busy loop one future 588763 times

use std::task::Waker;
use std::time::{Duration, Instant};

use futures::future::join_all;
use shared::measure::{Usage, ms};
use shared::{Result, claim, flags, say};
use tokio::time::sleep;

const TASKS: u64 = 10_000;
const SLEEP: Duration = Duration::from_millis(500);
const WINDOW: Duration = Duration::from_millis(100); // all are asleep in it

static POLLS: AtomicU64 = AtomicU64::new(0);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let woken = tell("tokio, 10 000 tasks", sleeping_tasks().await);
    let busy = tell("a busy loop, 1 future", busy_polling());

    let each = (woken.begin + woken.asleep + woken.end) as f64 / TASKS as f64;
    let figure =
        format!("{TASKS} tasks that wait were polled {each} times each");
    claim("A6", each == 2.0, figure)?;
    let figure = format!(
        "tokio polled {TASKS} sleeping tasks {} times, a busy loop one future \
         {} times",
        woken.asleep, busy.asleep
    );
    claim("A19", woken.asleep == 0 && busy.asleep > 1_000, figure)
}

/// How often futures were polled: before, in and after the window, and the CPU
/// time that the process used in it.
struct Polls {
    begin: u64,
    asleep: u64,
    end: u64,
    cpu: Duration,
}

fn tell(who: &str, polls: Polls) -> Polls {
    let Polls { begin, asleep, end, cpu } = &polls;
    let cpu = ms(*cpu);
    say!(
        "{who}: {begin} polls to begin, {asleep} while asleep ({cpu:.1} ms of \
         CPU), {end} to end"
    );
    polls
}

async fn sleeping_tasks() -> Polls {
    let task = |_| tokio::spawn(counted(sleep(SLEEP), &POLLS));
    let tasks: Vec<_> = (0..TASKS).map(task).collect();
    while POLLS.load(Relaxed) < TASKS {
        sleep(Duration::from_millis(1)).await; // until all are asleep
    }
    let (begin, before) = (POLLS.swap(0, Relaxed), Usage::now().cpu);
    sleep(WINDOW).await;
    let (asleep, cpu) = (POLLS.swap(0, Relaxed), Usage::now().cpu - before);
    join_all(tasks).await;
    Polls { begin, asleep, end: POLLS.swap(0, Relaxed), cpu }
}

/// Polls one future until its time has come: the thread can do nothing else.
fn busy_polling() -> Polls {
    let (before, ends) = (Usage::now().cpu, Instant::now() + WINDOW);
    let time_has_come = poll_fn(|_| match Instant::now() < ends {
        true => Poll::Pending, // WRONG: nobody will wake the task
        false => Poll::Ready(()),
    });
    let mut sleep = pin!(counted(time_has_come, &POLLS));
    let mut context = Context::from_waker(Waker::noop());
    while sleep.as_mut().poll(&mut context).is_pending() {}
    let asleep = POLLS.swap(0, Relaxed) - 2; // all but the first and the last
    Polls { begin: 1, asleep, end: 1, cpu: Usage::now().cpu - before }
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
