//! Thread creation cost: start and join a thread in four ways, or call the job.
//!
//!     cargo run --release -p threading --bin spawn_cost
//!
//! Medians in nanoseconds of an empty job. No pause: 15 rounds of 50 jobs, one
//! after the other, timed together. After a pause: 40 single jobs, each after a
//! sleep of `PAUSE`; then a core that has gone to sleep must be woken first.
//! (For `call it` this is mostly the time that it takes to read the clock.) On
//! Unix, std starts and joins a thread by the C library's `pthread_create` and
//! `pthread_join`: the last column compares with them. A scope of rayon starts
//! no thread: its threads are kept, and wait for jobs.
//!
//! Read `reuse_thread` first.
//!
//! Claims: T9
//! Change this and watch: `PAUSE` to 10 ms. The deeper a core sleeps, the less
//! is gained by threads that are kept (`rayon scope`).
//!
//! Output (figures vary):
//!     ns           no pause  after a pause  / pthread
//!     call it             3            108       0.00
//!     pthread         31093         111676       1.00
//!     std thread      42997         146633       1.38
//!     std scope       41086         131089       1.32
//!     rayon scope      7580          75200       0.24
//!     The article, T9: "Starting and running a thread costs."
//!     Our answer for Rust: holds (true)
//!     Our answer to T9 is borne out: starting and joining a thread takes 42997 ns, a call of the same job 3 ns

use std::{hint::black_box, time::Duration, time::Instant};

use shared::measure::{NoiseMeter, median};
use shared::{Result, Table, claim_timed, flags, notice_debug_build};

const PAUSE: Duration = Duration::from_millis(2);

const WAYS: [(&str, fn()); 5] = [
    ("call it", job),
    ("pthread", pthread),
    ("std thread", || thread::spawn(job).join().expect("it is empty")),
    ("std scope", || on_a_thread(job).expect("no panic")),
    ("rayon scope", || rayon::in_place_scope(|s| s.spawn(|_| job()))),
];

fn main() -> Result {
    flags([]);
    notice_debug_build();
    let meter = NoiseMeter::start();
    let (in_a_row, paused) = (medians(15, 50), medians(40, 1));
    let head = ["ns", "no pause", "after a pause", "/ pthread"];
    let mut table = Table::new(head);
    for (n, (way, _)) in WAYS.iter().enumerate() {
        let ratio = in_a_row[n] as f64 / in_a_row[1] as f64;
        let ratio = format!("{ratio:.2}");
        table.row([way, &in_a_row[n], &paused[n], &ratio]);
    }
    table.print();
    let [call, _, thread, ..] = in_a_row;
    let figure = format!(
        "starting and joining a thread takes {thread} ns, a call of the same \
         job {call} ns"
    );
    claim_timed("T9", thread > 500 * call.max(1), meter.read(), figure)
}

/// The median of each way. The ways take turns, so that a busy moment of the
/// machine meets all of them.
fn medians(rounds: u32, together: u32) -> [u64; 5] {
    let mut times = [const { Vec::new() }; 5];
    for _ in 0..rounds {
        for (times, (_, way)) in times.iter_mut().zip(WAYS) {
            thread::sleep(if together == 1 { PAUSE } else { Duration::ZERO });
            let started = Instant::now();
            (0..together).for_each(|_| way());
            times.push(
                started.elapsed().as_nanos() as u64 / u64::from(together),
            );
        }
    }
    times.map(|times| median(&times))
}

fn job() {
    black_box(());
}

// ANCHOR: spawn_cost
use std::thread;

/// Runs `job`, which may borrow, on a thread of its own and waits for it. That
/// costs tens of microseconds more than a call. A panic is an error.
///
/// # Panics
///
/// The system refuses the thread.
pub fn on_a_thread<T: Send>(
    job: impl FnOnce() -> T + Send,
) -> thread::Result<T> {
    thread::scope(|scope| scope.spawn(job).join())
}
// ANCHOR_END: spawn_cost

#[expect(unsafe_code, reason = "to compare with the C library's own call")]
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
