//! Stop a thread: cancellation is cooperative, by a flag, and ends gracefully.
//!
//!     cargo run -p threading --bin stop_flag
//!
//! Nobody can stop a thread from outside, in Rust as in Python: the thread is
//! asked to stop, and has to check. Between two steps the thread checks a flag;
//! the step that runs is finished, and its resources are released. A thread
//! that pauses must be woken as well: `unpark` ends a pause by `park_timeout`,
//! but not one by `sleep`. (Python: `event.wait(60)` in place of
//! `time.sleep(60)`.)
//!
//! A thread that is blocked in a read from a socket does not see a flag either:
//! the socket needs a read timeout. A thread that waits at a channel ends when
//! the channel closes: `queue_pipeline`. A process can be stopped from outside:
//! `job_timeout`.
//!
//! Change this and watch: `thread::sleep(pause)` instead of
//! `park_timeout(pause)`. Nothing wakes the pause then, and the program ends
//! with an error.
//!
//! Output (figures vary):
//!     works in steps of 10 ms: ended 10.3 ms after it was asked
//!     pauses for a minute: ended 0.4 ms after it was asked
//!     does not check the flag for 60 s: not ended in 500ms

use std::{sync::mpsc, thread, time::Duration, time::Instant};

use shared::measure::ms;
use shared::{Failure, Result, ensure, flags, say, watchdog::within};

const STEP: Duration = Duration::from_millis(10);
const LIMIT: Duration = Duration::from_millis(500);

fn main() -> Result {
    flags([]);
    let working = start(Duration::ZERO, STEP)?;
    stop("works in steps of 10 ms", working)?;
    let pausing = start(Duration::from_mins(1), STEP)?;
    thread::sleep(2 * STEP); // until it pauses
    stop("pauses for a minute", pausing)?;

    // WRONG: one step lasts a minute, and does not check the flag in it.
    let stuck = start(Duration::ZERO, Duration::from_mins(1))?;
    let ended = stop("does not check the flag for 60 s", stuck).is_ok();
    ensure(!ended, "a thread has ended that does not check the flag")?;
    say!("does not check the flag for 60 s: not ended in {LIMIT:?}");
    Ok(())
}

/// A worker in the middle of a step.
fn start(pause: Duration, step: Duration) -> Result<Worker> {
    let (begins, begun) = mpsc::sync_channel(1);
    let worker = Worker::start(pause, move || {
        let _ = begins.try_send(()); // only the first one matters
        thread::sleep(step); // stands for work
    })?;
    begun.recv()?;
    Ok(worker)
}

fn stop(what: &str, worker: Worker) -> Result {
    let asked = Instant::now();
    // `within` fails if the thread does not end: then it is left behind.
    within(LIMIT, || worker.stop())?.map_err(|_| Failure::new("a panic"))?;
    say!("{what}: ended {:.1} ms after it was asked", ms(asked.elapsed()));
    Ok(())
}

// ANCHOR: stop_flag
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::{io, thread::Builder, thread::JoinHandle};

/// A thread that repeats a step until it is asked to stop.
#[must_use = "it goes on until `stop` is called"]
pub struct Worker {
    stop: Arc<AtomicBool>, // it guards no other data, so `Relaxed` will do
    thread: JoinHandle<()>,
}

impl Worker {
    /// Starts the thread: `step`, then a pause, again and again. A pause may
    /// end early. A step is never cut short, so keep it brief.
    pub fn start(
        pause: std::time::Duration,
        mut step: impl FnMut() + Send + 'static,
    ) -> io::Result<Worker> {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let thread = Builder::new().name("worker".into()).spawn(move || {
            while !asked.load(Relaxed) {
                step();
                // Asked again: `unpark` may have come during the step, and been
                // used up by a call that parks as well (a channel's `recv`).
                if !asked.load(Relaxed) {
                    std::thread::park_timeout(pause); // ends by `unpark`
                }
            }
        })?;
        Ok(Worker { stop, thread })
    }

    /// Asks the thread to stop, wakes it if it pauses, and waits for its end.
    ///
    /// # Errors
    ///
    /// A step has panicked: its payload.
    pub fn stop(self) -> std::thread::Result<()> {
        self.stop.store(true, Relaxed); // first: it is seen after `unpark`
        self.thread.thread().unpark();
        self.thread.join()
    }
}
// ANCHOR_END: stop_flag
