//! Shutdown compared: threads, rayon, tokio, smol: who waits for a running job?
//!
//!     cargo run -p futures_pool --bin shutdown_ways
//!
//! A job of 200 ms is running when its thread, pool or runtime ends. A scope
//! waits for it, and so does a runtime of tokio that is dropped, for blocking
//! jobs have no other end. The others return, and the job goes on as long as
//! the process lives: if `main` ends, it is lost, without a word. In Python the
//! interpreter waits at its end for threads that are no daemons.
//!
//! Read `pool_shutdown` first.
//!
//! Claims: F13
//! Change this and watch: `2 * JOB` for `JOB / 4`. That is long enough:
//! three ends wait, and F13, which expects two, is contradicted.
//!
//! Output (figures vary):
//!     the end of                    ms  its running job
//!     thread::scope              200.4  is done
//!     JoinHandle, dropped          0.2  goes on
//!     rayon ThreadPool, dropped    0.7  goes on
//!     tokio Runtime, dropped     201.8  is done
//!       shutdown_timeout          51.0  goes on
//!       shutdown_background        1.6  goes on
//!     main, with smol::unblock       -  is lost
//!     The article, F13: "It shuts down only when its futures are done."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     F13 borne out: 2 of 6 ends wait for a running job, 4 let it go on; at the end of main it is lost

use std::sync::mpsc::{Receiver, Sender, channel};
use std::{thread, time::Duration, time::Instant};

use shared::watchdog::Watchdog;
use shared::{Result, Table, claim, flags, measure::ms, role, say};
use tokio::runtime::Runtime;

const JOB: Duration = Duration::from_millis(200);

fn main() -> Result {
    if let Some([]) = role::started_as("victim") {
        return leave_main();
    }
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(8))?;
    let mut table = Table::new(["the end of", "ms", "its running job"]);
    let (mut done, mut later) = (0, 0);
    for (name, run) in WAYS {
        let End { took, done_by_then } = end(run)?;
        let fate = if done_by_then { "is done" } else { "goes on" };
        *(if done_by_then { &mut done } else { &mut later }) += 1;
        table.row([&name, &format!("{:.1}", ms(took)), &fate]);
    }
    let lost = role::command("victim")?.output()?.stdout.is_empty();
    let fate = if lost { "is lost" } else { "is done" };
    table.row([&"main, with smol::unblock", &"-", &fate]);
    table.print();
    let figure = format!(
        "{done} of 6 ends wait for a running job, {later} let it go on; at the \
         end of main it {fate}"
    );
    claim("F13", (done, later, lost) == (2, 4, true), figure)
}

/// Runs the job somewhere, waits until it has begun, and ends that place.
type Run = fn(Job, Receiver<()>) -> Result;
type Job = Box<dyn FnOnce() + Send>;

const WAYS: [(&str, Run); 6] = [
    ("thread::scope", in_scope),
    ("JoinHandle, dropped", on_thread),
    ("rayon ThreadPool, dropped", on_rayon),
    ("tokio Runtime, dropped", |job, begun| on_tokio(job, begun, drop)),
    ("  shutdown_timeout", |job, begun| {
        on_tokio(job, begun, |tokio| end_runtime(tokio, JOB / 4))
    }),
    ("  shutdown_background", |job, begun| {
        on_tokio(job, begun, Runtime::shutdown_background)
    }),
];

fn in_scope(job: Job, _: Receiver<()>) -> Result {
    thread::scope(|scope| _ = scope.spawn(job));
    Ok(())
}

fn on_thread(job: Job, begun: Receiver<()>) -> Result {
    drop(thread::spawn(job));
    Ok(begun.recv()?)
}

fn on_rayon(job: Job, begun: Receiver<()>) -> Result {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    pool.spawn(job);
    Ok(begun.recv()?)
}

fn on_tokio(job: Job, begun: Receiver<()>, end: fn(Runtime)) -> Result {
    let runtime = Runtime::new()?;
    runtime.spawn_blocking(job);
    begun.recv()?;
    end(runtime);
    Ok(())
}

struct End {
    took: Duration,
    done_by_then: bool,
}

fn end(run: Run) -> Result<End> {
    let ((begin, begun), (finish, finished)) = (channel(), channel());
    let started = Instant::now();
    run(Box::new(move || work(&begin, &finish)), begun)?;
    let (took, done_by_then) = (started.elapsed(), finished.try_recv().is_ok());
    if !done_by_then {
        finished.recv_timeout(5 * JOB)?; // it goes on
    }
    Ok(End { took, done_by_then })
}

fn work(begin: &Sender<()>, finish: &Sender<()>) {
    let _ = begin.send(()); // an error in a scope: it does not ask
    thread::sleep(JOB);
    let _ = finish.send(()); // an error: nobody asks any more
}

/// The child: `main` returns while the job runs.
fn leave_main() -> Result {
    let ((begin, begun), (finish, _finished)) = (channel(), channel());
    let job = move || {
        work(&begin, &finish);
        say!("done");
    };
    smol::unblock(job).detach(); // WRONG: nobody waits for it
    Ok(begun.recv()?)
}

// ANCHOR: shutdown_ways
/// Ends a tokio runtime: waits for blocking jobs that run, but no longer than
/// `limit`. Those that are not done go on until the process ends.
pub fn end_runtime(
    runtime: tokio::runtime::Runtime,
    limit: std::time::Duration,
) {
    runtime.shutdown_timeout(limit);
}
// ANCHOR_END: shutdown_ways
