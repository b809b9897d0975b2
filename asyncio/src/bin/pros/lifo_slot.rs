//! A task that was just spawned waits, although another worker is idle.
//!
//!     cargo run -p asyncio --bin lifo_slot
//!
//! A worker of tokio keeps the task that is ready last in a slot of its own, to
//! run it next. The other workers take tasks from its queue, but not from the
//! slot (in 1.53): B stays there until A awaits, or until a task that is ready
//! later takes its place.
//!
//! Claims: A29
//! Change this and watch: spawn the other task before B. Now it is the one that
//! starts at once, and B sits in the slot.
//!
//! Output (figures vary):
//!     A spawns B, and                       B starts after     on the thread
//!     works for 100 ms                           100.11 ms              of A
//!     spawns another task, works                   0.01 ms        of another
//!     yields, works                                0.01 ms              of A
//!     works in block_in_place                      0.03 ms        of another
//!     works for 100 ms, on smol                    0.02 ms        of another
//!     works for 100 ms, on async-std               0.03 ms        of another
//!     A29 borne out: 100 ms in the slot, 0.03 out of it

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, sync::mpsc, thread};

use futures::future::BoxFuture;
use shared::{Result, claim, flags, measure::ms, say};
use tokio::runtime::{Builder, Handle};
use tokio::task::{block_in_place, yield_now};

const WORK: Duration = Duration::from_millis(100);

fn main() -> Result {
    flags([]);
    with_two_workers()?;
    let tokio = Builder::new_multi_thread().worker_threads(2).build()?;
    let _entered = tokio.enter();
    say!(
        "{:<36}{:>16}{:>18}",
        "A spawns B, and",
        "B starts after",
        "on the thread"
    );
    let kept = row("works for 100 ms", on_tokio, kept)?;
    let pushed = row("spawns another task, works", on_tokio, pushed)?;
    let yielded = row("yields, works", on_tokio, yielded)?;
    let handed = row("works in block_in_place", on_tokio, handed_over)?;
    row("works for 100 ms, on smol", on_smol, kept_by_smol)?;
    row("works for 100 ms, on async-std", on_async_std, kept_by_async_std)?;
    let cured = pushed.max(yielded).max(handed);
    let figure =
        format!("{:.0} ms in the slot, {:.2} out of it", ms(kept), ms(cured));
    claim("A29", kept >= WORK && 2 * cured < kept, figure)
}

/// Starts this program over, with two threads for each runtime.
fn with_two_workers() -> Result {
    const WORKERS: [&str; 2] = ["SMOL_THREADS", "ASYNC_STD_THREAD_COUNT"];
    if WORKERS.map(env::var_os).iter().all(Option::is_some) {
        return Ok(());
    }
    let mut again = Command::new(env::current_exe()?);
    Err(again.envs(WORKERS.map(|name| (name, "2"))).exec().into())
}

type Task = BoxFuture<'static, ()>;

async fn kept(b: Task) {
    tokio::spawn(b);
    work(); // WRONG: only this worker can run B, and it is busy
}

async fn pushed(b: Task) {
    tokio::spawn(b);
    tokio::spawn(async {}); // this one takes the slot
    work();
}

async fn yielded(b: Task) {
    tokio::spawn(b);
    yield_now().await;
    work();
}

async fn handed_over(b: Task) {
    tokio::spawn(b);
    block_in_place(work); // another thread takes the worker's place
}

async fn kept_by_smol(b: Task) {
    smol::spawn(b).detach();
    work();
}

async fn kept_by_async_std(b: Task) {
    async_std::task::spawn(b);
    work();
}

/// Whatever keeps a worker from the next await.
fn work() {
    thread::sleep(WORK);
}

fn on_tokio(a: Task) {
    let metrics = Handle::current().metrics();
    tokio::spawn(async move {
        // Forced: the other worker sleeps. The count of those who do is odd.
        let odd = |worker| metrics.worker_park_unpark_count(worker) % 2;
        while odd(0) == odd(1) {
            thread::yield_now();
        }
        a.await;
    });
}

fn on_smol(a: Task) {
    smol::spawn(a).detach();
}

fn on_async_std(a: Task) {
    async_std::task::spawn(a);
}

/// How long B waits: the best of three, others may want the cores, too.
fn row<A>(what: &str, start: fn(Task), a: fn(Task) -> A) -> Result<Duration>
where
    A: Future<Output = ()> + Send + 'static,
{
    let mut starts = Vec::new();
    for _ in 0..3 {
        let (tell, told) = mpsc::channel();
        start(Box::pin(async move {
            let until_the_end = tell.clone();
            let (spawned, from) = (Instant::now(), thread::current().id());
            a(Box::pin(async move {
                let same = thread::current().id() == from;
                tell.send((spawned.elapsed(), same)).expect("it is told");
            }))
            .await;
            drop(until_the_end);
        }));
        starts.extend(told); // until both have ended
    }
    let (after, same) = starts.into_iter().min().expect("there are three");
    let thread = if same { "of A" } else { "of another" };
    say!("{what:<36}{:>13.2} ms{thread:>18}", ms(after));
    Ok(after)
}
