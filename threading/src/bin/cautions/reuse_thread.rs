//! Reuse a thread: a job for a worker that waits, instead of a thread per job.
//!
//!     cargo run --release -p threading --bin reuse_thread
//!
//! To start a thread and to end it are system calls. A worker that is there
//! already is only woken: a job is sent through a channel, and its result comes
//! back through another one. In Python: `ThreadPoolExecutor(max_workers=1)` and
//! `submit(job).result()`. Both ways take turns; medians of 15 rounds of 50
//! jobs.
//!
//! The program `spawn_cost` measures four ways to start threads; `worker_queue`
//! keeps several workers.
//!
//! Claims: T12
//! Change this and watch: let `job` sleep for a millisecond. Then starting a
//! thread hardly matters, and T12 is contradicted.
//!
//! Output (figures vary):
//!     a new thread for each job    41174 ns a job
//!     a worker that waits          15809 ns a job
//!     The article, T12: "Consider whether threads really have to be removed and made again."
//!     Our answer for Rust: holds (true)
//!     Our answer to T12 is borne out: a job on a new thread takes 41174 ns, on a thread that waits 15809 ns

use std::{hint::black_box, time::Instant};

use shared::measure::{NoiseMeter, median};
use shared::{Result, claim_timed, flags, notice_debug_build, say};

fn main() -> Result {
    flags([]);
    notice_debug_build();
    let meter = NoiseMeter::start();
    let worker = Worker::start()?;
    let (mut new, mut reused) = (Vec::new(), Vec::new());
    for _ in 0..15 {
        new.push(nanos(|| thread::spawn(job).join().expect("no panic")));
        reused.push(nanos(|| worker.run(job).expect("no panic")));
    }
    let (new, reused) = (median(&new), median(&reused));
    say!("a new thread for each job   {new:>6} ns a job");
    say!("a worker that waits         {reused:>6} ns a job");
    let figure = format!(
        "a job on a new thread takes {new} ns, on a thread that waits \
         {reused} ns"
    );
    claim_timed("T12", new > 2 * reused, meter.read(), figure)
}

fn job() {
    black_box(());
}

/// Nanoseconds for each of 50 calls, one after the other.
fn nanos(run: impl Fn()) -> u128 {
    let started = Instant::now();
    (0..50).for_each(|_| run());
    started.elapsed().as_nanos() / 50
}

// ANCHOR: reuse_thread
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::{io, thread};

/// A thread that waits for jobs. Any number of threads may call `run` at
/// the same time: jobs are done one after the other, and each caller has a
/// reply channel of its own. A job must not call `run` of its own worker:
/// it would wait for itself.
///
/// The thread is not joined: it ends when this is dropped.
pub struct Worker {
    jobs: SyncSender<Job>,
}

type Job = Box<dyn FnOnce() + Send>;

impl Worker {
    /// Starts the thread, or returns the system's error.
    pub fn start() -> io::Result<Worker> {
        // 0: a job is handed over; none waits in a queue.
        let (jobs, queue) = sync_channel::<Job>(0);
        let worker = thread::Builder::new().name("worker".into());
        worker.spawn(move || queue.into_iter().for_each(|job| job()))?;
        Ok(Worker { jobs })
    }

    /// Has `job` done, and waits for its result. If it panics, the result
    /// is an error, as that of `join`, and the thread goes on.
    pub fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> thread::Result<T> {
        let (reply, result) = sync_channel(1);
        let job = move || {
            let done = catch_unwind(AssertUnwindSafe(job));
            let _ = reply.send(done); // never an error: `run` waits
        };
        self.jobs.send(Box::new(job)).expect("it still takes jobs");
        result.recv().expect("it replies to each job")
    }
}
// ANCHOR_END: reuse_thread
