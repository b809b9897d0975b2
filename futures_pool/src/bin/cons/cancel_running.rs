//! How long cancelling takes, from a job in the queue to a deaf process.
//!
//!     cargo run -p futures_pool --bin cancel_running
//!
//! Every job has 200 ms to go when it is cancelled. A thread ends when it looks
//! whether it should, a task when it awaits, a process whenever it is told; if
//! it is deaf to SIGTERM, then by SIGKILL.
//!
//! Claims: F14, X5
//! Change this and watch: `nap` for `looks` in `looking`. That thread runs to
//! its end then, and F14 counts three.
//!
//! Output (figures vary):
//!     job: how it is cancelled                      ms  and then
//!     queued job: cancel                           0.0  is cancelled
//!     ThreadPool job: cancel                     200.2  runs to its end
//!     ProcessPool job: cancel                    200.5  runs to its end
//!     ProcessPool job: kill                        0.6  is cancelled
//!     thread that looks: flag                      1.2  is cancelled
//!     thread that does not: flag                 200.9  runs to its end
//!     spawn_blocking: abort                      200.4  runs to its end
//!     task in a CPU loop: abort                  200.2  runs to its end
//!     task at an await: abort                      0.1  is cancelled
//!     deaf process: SIGTERM, SIGKILL             100.7  is cancelled
//!     F14 borne out: 4 of 9 at work can be
//!     X5 borne out: it takes up to 100.7 ms, or for ever

use std::sync::{Arc, atomic::AtomicBool, atomic::Ordering::Relaxed, mpsc};
use std::{io, io::Read, thread, time::Duration, time::Instant};

use futures_pool::{Executor, Handle, ProcessPool, ThreadPool, init, job};
use nix::{sys::signal::SIGTERM, sys::signal::kill, unistd::Pid};
use shared::watchdog::Watchdog;
use shared::{Result, claim, flags, measure::ms, role, say};
use tokio::{runtime::Runtime, task::JoinHandle};

const DISH: Duration = Duration::from_millis(200);
/// From SIGTERM to SIGKILL.
const GRACE: Duration = Duration::from_millis(100);

fn main() -> Result {
    init([job(thread::sleep)]);
    if let Some([]) = role::started_as("victim") {
        return deaf();
    }
    flags([]);
    let _bound = Watchdog::guard("cancelling", Duration::from_secs(8))?;
    say!("job: how it is cancelled                      ms  and then");
    let ends = [of_pools()?, of_others()?, vec![of_a_deaf_process()?]].concat();
    let (queued, running) = (ends[0], &ends[1..]);
    let took: Vec<Duration> = running.iter().copied().flatten().collect();
    let figure = format!("{} of {} at work can be", took.len(), running.len());
    claim("F14", queued.is_some() && took.len() == 4, figure)?;
    let slowest = took.iter().copied().max().expect("there are four");
    let figure = format!("it takes up to {:.1} ms, or for ever", ms(slowest));
    claim("X5", slowest >= GRACE && took.len() < running.len(), figure)
}

/// How long cancelling took: `None` if the job ran to its end all the same.
type Took = Option<Duration>;

fn of_pools() -> Result<Vec<Took>> {
    let (crew, processes) = (ThreadPool::new(1)?, ProcessPool::new(1)?);
    let [one, queued] = [(); 2].map(|()| crew.submit(thread::sleep, DISH));
    let other = || processes.submit(thread::sleep, DISH);
    let cancel = |job: &Job| _ = job.cancel(); // false: too late
    Ok(vec![
        pool("queued job: cancel", queued, cancel),
        pool("ThreadPool job: cancel", one, cancel),
        pool("ProcessPool job: cancel", other(), cancel),
        pool("ProcessPool job: kill", other(), |_| processes.kill()),
    ])
}

type Job = Handle<()>;

fn pool(what: &str, job: Job, cancel: impl FnOnce(&Job)) -> Took {
    while what.contains("Pool") && !job.is_running() && !job.is_done() {
        thread::yield_now();
    }
    let asked = Instant::now();
    cancel(&job);
    tell(what, job.result().is_ok(), asked)
}

fn tell(what: &str, done: bool, asked: Instant) -> Took {
    let took = asked.elapsed();
    let then = if done { "runs to its end" } else { "is cancelled" };
    say!("{what:<40}{:>8.1}  {then}", ms(took));
    (!done).then_some(took)
}

static TOLD: AtomicBool = AtomicBool::new(false);

fn of_others() -> Result<Vec<Took>> {
    let tokio = Runtime::new()?;
    let looks = || nap() && !TOLD.load(Relaxed);
    let looking = |to| thread::spawn(move || cook(to, looks));
    let deaf = |to| thread::spawn(|| cook(to, nap));
    let blocking = |to| tokio.spawn_blocking(|| cook(to, nap));
    let looping = |to| tokio.spawn(async { cook(to, || true) });
    let tell = |_| TOLD.store(true, Relaxed);
    let abort = |job: JoinHandle<()>| job.abort();
    Ok(vec![
        row("thread that looks: flag", tell, looking)?,
        row("thread that does not: flag", tell, deaf)?,
        row("spawn_blocking: abort", abort, blocking)?,
        row("task in a CPU loop: abort", abort, looping)?,
        row("task at an await: abort", abort, |to| tokio.spawn(bake(to)))?,
    ])
}

fn row<Job>(
    what: &str,
    cancel: impl FnOnce(Job),
    start: impl FnOnce(mpsc::Sender<()>) -> Job,
) -> Result<Took> {
    let (to, news) = mpsc::channel();
    let job = start(to);
    news.recv()?; // it has begun
    let asked = Instant::now();
    cancel(job);
    Ok(tell(what, news.recv().is_ok(), asked)) // or it ends without a word
}

fn cook(to: mpsc::Sender<()>, step: impl Fn() -> bool) {
    to.send(()).expect("`row` listens");
    let ready = Instant::now() + DISH;
    while step() && Instant::now() < ready {}
    if Instant::now() >= ready {
        to.send(()).expect("as above");
    }
}

/// Stands for a step of the work.
fn nap() -> bool {
    thread::sleep(Duration::from_millis(1));
    true
}

async fn bake(to: mpsc::Sender<()>) {
    to.send(()).expect("`row` listens");
    tokio::time::sleep(DISH).await;
    to.send(()).expect("as above");
}

fn of_a_deaf_process() -> Result<Took> {
    let (mut log, pen) = io::pipe()?;
    let mut child = role::command("victim")?.stdout(pen).spawn()?;
    log.read_exact(&mut [0])?; // it has begun
    let asked = Instant::now();
    kill(Pid::from_raw(child.id() as i32), SIGTERM)?;
    while child.try_wait()?.is_none() && asked.elapsed() < GRACE {
        nap();
    }
    child.kill()?; // unless it has ended
    let done = child.wait()?.success();
    Ok(tell("deaf process: SIGTERM, SIGKILL", done, asked))
}

fn deaf() -> Result {
    signal_hook::flag::register(SIGTERM as i32, Arc::default())?; // unread
    say!("begun");
    thread::sleep(5 * DISH);
    Ok(())
}
