//! Who waits at the end for a job that has 200 ms to go, and who does not.
//!
//!     cargo run -p futures_pool --bin pool_shutdown
//!
//! What nobody waits for goes on unheard, as long as the process lives. Our
//! pools have one worker here, and one more job, a short one, in the queue.
//!
//! Claims: F13
//! Change this and watch: `2 * DISH` for `DISH / 4`. Somebody who waits long
//! enough has it done: seven wait then, and F13 expects six.
//!
//! Output (figures vary):
//!     the end of                  waits      ms  job      in the queue
//!     thread::scope                 yes   200.2  is done
//!     JoinHandle, dropped            no     0.7  goes on
//!     rayon ThreadPool, dropped      no     0.3  goes on
//!     tokio Runtime, dropped        yes   201.4  is done
//!       shutdown_timeout             no    52.5  goes on
//!       shutdown_background          no     2.2  goes on
//!     main, with smol::unblock       no     2.6  is lost
//!     ThreadPool, dropped           yes   200.4  is done  is done
//!       shutdown(Finish)            yes   200.4  is done  is done
//!       shutdown(Cancel)            yes   200.4  is done  is lost
//!       close(Finish)                no     0.0  goes on  goes on
//!     ProcessPool, dropped          yes   202.4  is done  is done
//!       kill                         no     0.4  is lost  is lost
//!     F13 borne out: 6 ends wait, 5 let it go on, 2 lose it

use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use std::{env, mem, process::Command, thread};

use futures_pool::{Executor, Pending, ProcessPool, ThreadPool, init, job};
use shared::{Result, claim, flags, measure::ms, say, watchdog::Watchdog};
use tokio::runtime::Runtime;

const DISH: Duration = Duration::from_millis(200);

fn main() -> Result {
    init([job(thread::sleep)]);
    if env::args().nth(1).as_deref() == Some("as-victim") {
        return leave();
    }
    flags([]);
    let _bound = Watchdog::guard("the end", Duration::from_secs(8))?;
    say!("the end of                  waits      ms  job      in the queue");
    let fates = [of_others()?, of_ours()?].concat();
    let count = |what| fates.iter().filter(|fate| **fate == what).count();
    let [done, on, lost] = FATES.map(count);
    let figure = format!("{done} ends wait, {on} let it go on, {lost} lose it");
    claim("F13", (done, on, lost) == (6, 5, 2), figure)
}

/// What has become of a job, seen from the end.
type Fate = &'static str;
const FATES: [Fate; 3] = ["is done", "goes on", "is lost"];

fn of_others() -> Result<Vec<Fate>> {
    let tokio = |of, end: fn(Runtime)| {
        row(of, |job, begun| {
            let kitchen = Runtime::new()?;
            kitchen.spawn_blocking(job);
            begun.recv()?;
            end(kitchen);
            Ok(())
        })
    };
    Ok(vec![
        row("thread::scope", |job, _| {
            thread::scope(|kitchen| _ = kitchen.spawn(job));
            Ok(())
        })?,
        row("JoinHandle, dropped", |job, begun| {
            drop(thread::spawn(job));
            Ok(begun.recv()?)
        })?,
        row("rayon ThreadPool, dropped", |job, begun| {
            let crew = rayon::ThreadPoolBuilder::new().build()?;
            crew.spawn(job);
            Ok(begun.recv()?)
        })?,
        tokio("tokio Runtime, dropped", drop)?,
        tokio("  shutdown_timeout", |all| all.shutdown_timeout(DISH / 4))?,
        tokio("  shutdown_background", Runtime::shutdown_background)?,
        at_exit("main, with smol::unblock")?,
    ])
}

/// Ends something while it has a job, and looks what becomes of that.
fn row(
    of: &str,
    end: impl FnOnce(Box<dyn FnOnce() + Send>, Receiver<()>) -> Result,
) -> Result<Fate> {
    let (at_work, begun) = channel();
    let (ready, dish) = channel();
    let job = move || {
        let _ = at_work.send(()); // a scope does not ask
        thread::sleep(DISH);
        let _ = ready.send(()); // an error: too late
    };
    let started = Instant::now();
    end(Box::new(job), begun)?;
    let took = started.elapsed();
    let by_then = dish.try_recv().is_ok();
    let later = by_then || dish.recv_timeout(5 * DISH).is_ok();
    Ok(tell(of, took, &[(by_then, later)]))
}

/// Says which of its jobs were done by the end, or later.
fn tell(of: &str, took: Duration, jobs: &[(bool, bool)]) -> Fate {
    let waits = if jobs[0].0 { "yes" } else { "no" };
    // Done later, but not by then: 1.
    let fate = |job: &(bool, bool)| FATES[2 - job.0 as usize - job.1 as usize];
    let fates: Vec<_> = jobs.iter().map(fate).collect();
    say!("{of:<28}{waits:>5}{:>8.1}  {}", ms(took), fates.join("  "));
    fates[0]
}

fn of_ours() -> Result<Vec<Fate>> {
    let (crew, processes) = (|| ThreadPool::new(1), || ProcessPool::new(1));
    let close = |pool: ThreadPool| {
        pool.close(Pending::Finish);
        mem::forget(pool); // its drop would wait
    };
    Ok(vec![
        pool("ThreadPool, dropped", crew()?, drop),
        pool("  shutdown(Finish)", crew()?, |p| p.shutdown(Pending::Finish)),
        pool("  shutdown(Cancel)", crew()?, |p| p.shutdown(Pending::Cancel)),
        pool("  close(Finish)", crew()?, close),
        pool("ProcessPool, dropped", processes()?, drop),
        pool("  kill", processes()?, |p| p.kill()),
    ])
}

/// The same for our pools, with one more job in the queue.
fn pool<P: Executor>(of: &str, pool: P, end: impl FnOnce(P)) -> Fate {
    let jobs =
        [DISH, Duration::ZERO].map(|dish| pool.submit(thread::sleep, dish));
    while !jobs[0].is_running() {
        thread::yield_now();
    }
    let started = Instant::now();
    end(pool);
    let took = started.elapsed();
    let by_then = jobs.each_ref().map(|j| j.is_done() && j.error().is_none());
    let jobs = jobs.map(|job| job.result().is_ok());
    let jobs = [(by_then[0], jobs[0]), (by_then[1], jobs[1])];
    tell(of, took, &jobs)
}

/// A process ends with `main`, and all threads with the process.
fn at_exit(of: &str) -> Result<Fate> {
    let mut victim = Command::new(env::current_exe()?);
    let started = Instant::now();
    let done = !victim.arg("as-victim").output()?.stdout.is_empty();
    Ok(tell(of, started.elapsed(), &[(done, done)]))
}

fn leave() -> Result {
    let (at_work, begun) = channel();
    let begin = move || at_work.send(()).map(|()| thread::sleep(DISH));
    smol::unblock(move || begin().map(|()| say!("done"))).detach();
    Ok(begun.recv()?)
}
