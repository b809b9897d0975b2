//! A task that waits is polled twice: to begin, and when its time has come.
//!
//!     cargo run -p asyncio --bin poll_count
//!
//! An event loop does not look after its tasks: it sleeps until one of them is
//! woken. Beside it, a loop that does look, again and again.
//!
//! Claims: A6, A19
//! Change this and watch: `TASKS` to 1 000: two polls for each again, and the
//! CPU time hardly changes, for there was next to none.
//!
//! Output (figures vary):
//!     polls of tasks that sleep, and CPU in 100 ms of it
//!     polled by       tasks  to begin   to wait  to return  CPU ms
//!     tokio           10000     10000         0      10000     0.2
//!     smol            10000     10000         0      10000     0.3
//!     async-std       10000     10000         0      10000     0.3
//!     busy polling        1         1   2508881          1   100.1
//!     A6 borne out: 2 polls for a task, 0 while it waits
//!     A19 borne out: 0.3 ms of CPU for 10000 tasks, 100 for a polled one

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::{future::poll_fn, pin::pin, time::Duration, time::Instant};

use futures::future::join_all;
use shared::measure::{Usage, ms};
use shared::{Result, claim, flags, say};

const TASKS: u64 = 10_000;
const SLEEP: Duration = Duration::from_millis(500);
const WINDOW: Duration = Duration::from_millis(100); // all are asleep in it

static POLLS: AtomicU64 = AtomicU64::new(0);

fn main() -> Result {
    flags([]);
    say!("polls of tasks that sleep, and CPU in {} ms of it", ms(WINDOW));
    say!("polled by       tasks  to begin   to wait  to return  CPU ms");
    let loops = [
        row("tokio", TASKS, on_tokio()?),
        row("smol", TASKS, on_smol()),
        row("async-std", TASKS, on_async_std()),
    ];
    let busy = row("busy polling", 1, by_busy_polling());
    let twice = |polls: &Polls| polls.begin == TASKS && polls.end == TASKS;
    let most = loops.iter().map(|polls| polls.asleep).max().expect("three");
    let cpu = loops.iter().map(|polls| polls.cpu).max().expect("three");
    let sum: u64 = loops.iter().map(|polls| polls.begin + polls.end).sum();
    let each = sum as f64 / (3 * TASKS) as f64;
    let figure = format!("{each} polls for a task, {most} while it waits");
    claim("A6", loops.iter().all(twice) && most == 0, figure)?;
    let looked = busy.asleep > 1_000 && 4 * cpu < busy.cpu;
    let (cpu, busy) = (ms(cpu), ms(busy.cpu));
    let figure = format!(
        "{cpu:.1} ms of CPU for {TASKS} tasks, {busy:.0} for a polled one"
    );
    claim("A19", most == 0 && looked, figure)
}

/// How often futures were polled: before, in and after the window, and what
/// the process used in it.
struct Polls {
    begin: u64,
    asleep: u64,
    end: u64,
    cpu: Duration,
}

fn row(name: &str, tasks: u64, polls: Polls) -> Polls {
    let Polls { begin, asleep, end, cpu } = polls;
    let cpu = ms(cpu);
    say!("{name:<14}{tasks:>7}{begin:>10}{asleep:>10}{end:>11}{cpu:>8.1}");
    polls
}

fn on_tokio() -> Result<Polls> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    Ok(builder.enable_time().build()?.block_on(async {
        use tokio::{spawn, time::sleep};
        let tasks = (0..TASKS).map(|_| spawn(counted(sleep(SLEEP), &POLLS)));
        watched(join_all(tasks), sleep).await
    }))
}

fn on_smol() -> Polls {
    use smol::{Timer, spawn};
    smol::block_on(async {
        let sleep = Timer::after;
        let tasks = (0..TASKS).map(|_| spawn(counted(sleep(SLEEP), &POLLS)));
        watched(join_all(tasks), sleep).await
    })
}

fn on_async_std() -> Polls {
    use async_std::task::{block_on, sleep, spawn};
    block_on(async {
        let tasks = (0..TASKS).map(|_| spawn(counted(sleep(SLEEP), &POLLS)));
        watched(join_all(tasks), sleep).await
    })
}

async fn watched<Wait: Future>(
    tasks: impl Future,
    wait: impl Fn(Duration) -> Wait,
) -> Polls {
    while POLLS.load(Relaxed) < TASKS {
        wait(Duration::from_millis(1)).await; // until all are asleep
    }
    let (begin, before) = (POLLS.swap(0, Relaxed), Usage::now());
    wait(WINDOW).await;
    let (asleep, after) = (POLLS.swap(0, Relaxed), Usage::now());
    tasks.await;
    let end = POLLS.swap(0, Relaxed);
    Polls { begin, asleep, end, cpu: after.cpu - before.cpu }
}

fn by_busy_polling() -> Polls {
    let before = Usage::now();
    let ends = Instant::now() + WINDOW;
    let time_has_come = poll_fn(|_| match Instant::now() < ends {
        true => Poll::Pending, // WRONG: nobody is told whom to wake, and when
        false => Poll::Ready(()),
    });
    let mut sleep = pin!(counted(time_has_come, &POLLS));
    let mut context = Context::from_waker(Waker::noop());
    while sleep.as_mut().poll(&mut context).is_pending() {}
    let asleep = POLLS.swap(0, Relaxed) - 2; // all but the first and the last
    let cpu = Usage::now().cpu - before.cpu;
    Polls { begin: 1, asleep, end: 1, cpu }
}

// ANCHOR: poll_count
/// Does what `future` does, and counts how often it is polled.
pub async fn counted<F: Future>(
    future: F,
    polls: &std::sync::atomic::AtomicU64,
) -> F::Output {
    let mut future = std::pin::pin!(future);
    let poll = |context: &mut std::task::Context<'_>| {
        polls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        future.as_mut().poll(context)
    };
    std::future::poll_fn(poll).await
}
// ANCHOR_END: poll_count
