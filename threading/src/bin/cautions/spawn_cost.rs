//! Thread creation costs: start and join a thread, or reuse one that waits.
//!
//!     cargo run --release -p threading --bin spawn_cost
//!
//! Medians in nanoseconds of an empty job, done by the caller, by a new thread,
//! and by a thread that is there already. The yardstick is what every new
//! thread comes to: `pthread_create` and `pthread_join` of the C library. After
//! a pause the cores sleep, and waking one of them is most of the cost (of the
//! call: reading the clock). `worker_queue` keeps several threads, and a queue.
//!
//! Claims: T9, T12
//! Change this and watch: `PAUSE` to 10 ms. The deeper a core sleeps, the less
//! is gained by keeping a thread.
//!
//! Output (figures vary):
//!     ns                 at once  after a pause  / pthread
//!     call it                  4            313       0.00
//!     pthread              23628          82022       1.00
//!     std thread           32510         110948       1.38
//!     std scope            28894          77334       1.22
//!     crossbeam scope      30233          93777       1.28
//!     rayon scope           6191          51102       0.26
//!     worker that waits     6317          47798       0.27
//!     T9 borne out: starting and joining a thread takes 32510 ns, a call of the job 4 ns
//!     T12 borne out: starting and joining a thread takes 32510 ns, a job on a waiting one 6317 ns

use std::{hint::black_box, thread, time::Duration, time::Instant};

use shared::measure::{NoiseMeter, median};
use shared::{Result, Table, claim_timed, flags, notice_debug_build};
use worker::Worker;

const PAUSE: Duration = Duration::from_millis(2);

fn main() -> Result {
    flags([]);
    notice_debug_build();
    let (meter, worker) = (NoiseMeter::start(), Worker::start()?);
    let ways: [Way; 7] = [
        ("call it", &job),
        ("pthread", &pthread),
        ("std thread", &std_thread),
        ("std scope", &std_scope),
        ("crossbeam scope", &crossbeam_scope),
        ("rayon scope", &rayon_scope),
        ("worker that waits", &|| worker.run(job).expect("it is empty")),
    ];
    let [busy, paused] = [Duration::ZERO, PAUSE].map(|p| medians(&ways, p));
    let mut table = Table::new(["ns", "at once", "after a pause", "/ pthread"]);
    for (n, (way, _)) in ways.iter().enumerate() {
        let ratio = busy[n] as f64 / busy[1] as f64;
        table.row([way, &busy[n], &paused[n], &format_args!("{ratio:.2}")]);
    }
    table.print();
    verdict(meter, busy)
}

/// A name, and how the job is done and waited for.
type Way<'a> = (&'static str, &'a dyn Fn());

fn job() {
    black_box(());
}

fn std_thread() {
    thread::spawn(job).join().expect("the job is empty");
}

fn std_scope() {
    thread::scope(|scope| _ = scope.spawn(job));
}

fn crossbeam_scope() {
    crossbeam::scope(|scope| _ = scope.spawn(|_| job())).expect("as above");
}

fn rayon_scope() {
    rayon::in_place_scope(|scope| scope.spawn(|_| job()));
}

#[expect(unsafe_code, reason = "the yardstick is the C library's own call")]
fn pthread() {
    use std::{ffi::c_void, mem::MaybeUninit, ptr};
    extern "C" fn run(_: *mut c_void) -> *mut c_void {
        job();
        ptr::null_mut()
    }
    let (mut id, nothing) = (MaybeUninit::uninit(), ptr::null_mut());
    // SAFETY: `id` may be written to; `run` does not use its argument.
    let failed = unsafe {
        libc::pthread_create(id.as_mut_ptr(), ptr::null(), run, nothing)
    };
    assert_eq!(failed, 0, "no thread could be started");
    // SAFETY: it has been started, so `id` is known; joined only here.
    unsafe { libc::pthread_join(id.assume_init(), ptr::null_mut()) };
}

/// The median of each way, in nanoseconds. The ways take turns, so that a busy
/// moment of the machine meets all of them. Without a pause between them, many
/// jobs are timed together: reading the clock takes longer than a call.
fn medians(ways: &[Way; 7], pause: Duration) -> [u64; 7] {
    let (rounds, together) = if pause.is_zero() { (15, 50) } else { (40, 1) };
    let mut times = [const { Vec::new() }; 7];
    for _ in 0..rounds {
        for (times, (_, way)) in times.iter_mut().zip(ways) {
            thread::sleep(pause);
            let started = Instant::now();
            (0..together).for_each(|_| way());
            times.push(started.elapsed().as_nanos() as u64 / together);
        }
    }
    times.map(|times| median(&times))
}

fn verdict(
    meter: NoiseMeter,
    [call, _, thread, .., worker]: [u64; 7],
) -> Result {
    let (noise, takes) = (meter.read(), "starting and joining a thread takes");
    let figure = format!("{takes} {thread} ns, a call of the job {call} ns");
    claim_timed("T9", thread > 100 * call, noise, figure)?;
    let figure =
        format!("{takes} {thread} ns, a job on a waiting one {worker} ns");
    claim_timed("T12", thread > 2 * worker, noise, figure)
}

/// The part to copy.
pub mod worker {
    // ANCHOR: spawn_cost
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::mpsc::{SyncSender, sync_channel};
    use std::{io, thread};

    /// A thread that waits for jobs. Any number of threads may have jobs done
    /// at the same time: each has a reply channel of its own.
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
            self.jobs.send(Box::new(job)).expect("it outlives its jobs");
            result.recv().expect("it replies to each job")
        }
    }
    // ANCHOR_END: spawn_cost
}
