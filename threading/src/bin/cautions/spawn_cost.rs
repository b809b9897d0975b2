//! What starting a thread costs, and its end, against keeping one that waits.
//!
//!     cargo run --release -p threading --bin spawn_cost
//!
//! Right after another, and after a pause in which the cores fall asleep. The
//! yardstick is what every way ends in: a bare `pthread_create` and `_join`.
//!
//! Claims: T9, T12
//! Change this and watch: `PAUSE` to 10 ms. The longer nothing has happened,
//! the less is gained by keeping a thread.
//!
//! Output (figures vary):
//!     us, p50 and p99              at once              paused   / pthread
//!     a call                 0.0       0.2       0.3       0.5        0.00
//!     bare pthread          51.1     121.4      52.9     106.6        1.00
//!     std thread            58.2     121.4      57.3      99.7        1.14
//!     std scope             57.3     117.1      34.4      46.3        1.12
//!     crossbeam scope       61.0     101.8      53.6     135.6        1.19
//!     rayon job             23.9     109.2      71.2     106.1        0.47
//!     job for a crew         6.3      18.0      26.3      43.1        0.12
//!     T9 borne out: in quiet moments a thread costs 789.7 calls
//!     T12 borne out: in quiet moments a thread costs 2.4 jobs of a crew

use std::{hint::black_box, thread, time::Duration, time::Instant};

use shared::measure::{median, percentile};
use shared::{Result, claim, flags, notice_debug_build, say};

const PAUSE: Duration = Duration::from_millis(2);

fn main() -> Result {
    flags([]);
    notice_debug_build();
    let crew = crew();
    let ways: [Way; 7] = [
        ("a call", &job),
        ("bare pthread", &bare::pthread),
        ("std thread", &std_thread),
        ("std scope", &std_scope),
        ("crossbeam scope", &crossbeam_scope),
        ("rayon job", &|| rayon::in_place_scope(|all| all.spawn(|_| job()))),
        ("job for a crew", &|| crew(job)),
    ];
    let at_once = times(ways, 10, 50, Duration::ZERO);
    let paused = times(ways, 30, 1, PAUSE);
    let [call, _, thread, .., kept] = table(ways, at_once, paused)?;
    claim("T9", thread > 10 * call, costs(thread, call, "calls"))?;
    claim("T12", thread > kept, costs(thread, kept, "jobs of a crew"))
}

/// Its name, and how a job is done and waited for.
type Way<'a> = (&'static str, &'a dyn Fn());

fn job() {
    black_box(());
}

fn std_thread() {
    thread::spawn(job).join().expect("the job does not panic");
}

fn std_scope() {
    thread::scope(|all| all.spawn(job).join().expect("it does not panic"));
}

fn crossbeam_scope() {
    crossbeam::scope(|all| all.spawn(|_| job()).join())
        .and_then(|outcome| outcome)
        .expect("the job does not panic");
}

// ANCHOR: spawn_cost
/// A thread that waits for jobs, and ends with the function returned here,
/// which has a job done and waits until it is.
fn crew() -> impl Fn(fn()) {
    let (orders, rail) = crossbeam::channel::bounded::<fn()>(1);
    let (bell, done) = crossbeam::channel::bounded(1);
    // Not joined: it holds nothing that would have to be tidied up.
    std::thread::spawn(move || {
        for job in rail {
            job();
            if bell.send(()).is_err() {
                break;
            }
        }
    });
    move |job| {
        orders.send(job).expect("it takes jobs until this is dropped");
        done.recv().expect("the job does not panic");
    }
}
// ANCHOR_END: spawn_cost

/// Nanoseconds of each way. They take turns, so that a busy moment of the
/// machine meets all of them.
fn times(
    ways: [Way; 7],
    rounds: usize,
    in_a_row: usize,
    pause: Duration,
) -> [Vec<u128>; 7] {
    let mut times = [const { Vec::new() }; 7];
    for _ in 0..rounds {
        for (times, (_, way)) in times.iter_mut().zip(ways) {
            for _ in 0..in_a_row {
                thread::sleep(pause);
                let started = Instant::now();
                way();
                times.push(started.elapsed().as_nanos());
            }
        }
    }
    times
}

/// Returns what each way costs at once in quiet moments: the tenth percentile,
/// because other programs on the same cores move a median.
fn table(
    ways: [Way; 7],
    at_once: [Vec<u128>; 7],
    paused: [Vec<u128>; 7],
) -> Result<[u128; 7]> {
    let medians = at_once.each_ref().map(|nanos| median(nanos) as f64);
    say!(
        "us, p50 and p99 {:>20}{:>20}{:>12}",
        "at once",
        "paused",
        "/ pthread"
    );
    for (way, (name, _)) in ways.into_iter().enumerate() {
        let spread = |nanos: &[u128]| {
            let us = |p| percentile(nanos, p) as f64 / 1_000.0;
            format!("{:>10.1}{:>10.1}", us(50), us(99))
        };
        let (at_once, paused) = (spread(&at_once[way]), spread(&paused[way]));
        let ratio = medians[way] / medians[1];
        say!("{name:<16}{at_once}{paused}{ratio:>12.2}");
    }
    Ok(at_once.each_ref().map(|nanos| percentile(nanos, 10)))
}

fn costs(thread: u128, other: u128, name: &str) -> String {
    let ratio = thread as f64 / other as f64;
    format!("in quiet moments a thread costs {ratio:.1} {name}")
}

#[expect(unsafe_code, reason = "the yardstick is the C library's own call")]
mod bare {
    use std::{ffi::c_void, mem::MaybeUninit, ptr};

    /// A thread with nothing of Rust's around it.
    pub fn pthread() {
        let mut thread = MaybeUninit::uninit();
        let (usual, nothing) = (ptr::null(), ptr::null_mut());
        let id = thread.as_mut_ptr();
        // SAFETY: `id` may be written to; `run` does not use its argument.
        let failed = unsafe { libc::pthread_create(id, usual, run, nothing) };
        assert_eq!(failed, 0, "no thread could be started");
        // SAFETY: it has been started, so `id` is known; joined only here.
        let failed =
            unsafe { libc::pthread_join(thread.assume_init(), nothing.cast()) };
        assert_eq!(failed, 0, "the thread was not joined");
    }

    extern "C" fn run(_: *mut c_void) -> *mut c_void {
        super::job();
        ptr::null_mut()
    }
}
