//! Thread pools compared: how many threads they start, and when.
//!
//!     cargo run -p futures_pool --bin growth_ways
//!
//! rayon starts all its threads when the pool is built. tokio and smol start
//! one when a job comes and no thread is free: `spawn_blocking` goes up to 512
//! threads, `unblock` up to 500. So 100 jobs that wait have 100 threads there,
//! and 100 jobs that work have 100 threads, too (oversubscription).
//!
//! Read `growth` first.
//!
//! Claims: F7
//! Change this and watch: `.max_blocking_threads(MOST)` for tokio's runtime,
//! and `MOST` instead of `ALL` in its line of `main`. Tokio stops there, too,
//! and F7 is contradicted.
//!
//! Output (figures vary):
//!     threads, with         0  1  3  100 jobs
//!     rayon spawn           4  4  4         4
//!     tokio spawn_blocking  0  1  3       100
//!     smol unblock          0  1  3       100
//!     The article, F7: "One submit is enough: the pool spreads work over up to max_workers (to be confirmed)."
//!     Our answer for Rust: holds (true)
//!     Our answer to F7 is borne out: 100 jobs have 4 threads in rayon, 100 in tokio, 100 in smol

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::{fs, sync::RwLock, thread, time::Duration};

use shared::{Result, Table, claim, flags, watchdog::Watchdog};
use tokio::runtime::Builder;

const ALL: usize = 100;
const JOBS: [usize; 4] = [0, 1, 3, ALL];
const MOST: usize = 4;

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the pools", Duration::from_secs(5))?;
    // All three live to the end of `main`: no thread ends meanwhile.
    let before = threads()?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(MOST).build()?;
    let rayon = grown(before, MOST, || pool.spawn(held))?;
    let before = threads()?;
    let runtime = Builder::new_current_thread().build()?;
    let tokio = grown(before, ALL, || drop(runtime.spawn_blocking(held)))?;
    let before = threads()?;
    let smol = grown(before, ALL, || smol::unblock(held).detach())?;

    let mut table = Table::new(["threads, with", "0", "1", "3", "100 jobs"]);
    let mut row = |name, [none, one, three, all]: [usize; 4]| {
        table.row([&name, &none, &one, &three, &all]);
    };
    row("rayon spawn", rayon);
    row("tokio spawn_blocking", tokio);
    row("smol unblock", smol);
    table.print();
    let figure = format!(
        "{ALL} jobs have {} threads in rayon, {} in tokio, {} in smol",
        rayon[3], tokio[3], smol[3]
    );
    claim("F7", rayon == [MOST; 4] && [tokio, smol] == [JOBS; 2], figure)
}

/// Closed while jobs come in: so no thread is free for a second one.
static GATE: RwLock<()> = RwLock::new(());
static BEGUN: AtomicUsize = AtomicUsize::new(0);
static DONE: AtomicUsize = AtomicUsize::new(0);

fn held() {
    BEGUN.fetch_add(1, SeqCst);
    drop(GATE.read());
    DONE.fetch_add(1, SeqCst);
}

/// How many threads there are more than `before`, with so many jobs, while only
/// `most` of them can run.
fn grown(before: usize, most: usize, submit: impl Fn()) -> Result<[usize; 4]> {
    let closed = GATE.write().expect("no panic while locked");
    let (begun, done) = (BEGUN.load(SeqCst), DONE.load(SeqCst));
    let (mut counts, mut submitted) = ([0; 4], 0);
    for (count, jobs) in counts.iter_mut().zip(JOBS) {
        (submitted..jobs).for_each(|_| submit());
        submitted = jobs;
        wait_until(&BEGUN, begun + jobs.min(most));
        *count = threads()? - before;
    }
    drop(closed);
    wait_until(&DONE, done + submitted);
    Ok(counts)
}

fn wait_until(count: &AtomicUsize, wanted: usize) {
    while count.load(SeqCst) < wanted {
        thread::sleep(Duration::from_millis(1));
    }
}

/// Linux lists all threads of this process.
fn threads() -> Result<usize> {
    Ok(fs::read_dir("/proc/self/task")?.count())
}

// ANCHOR: growth_ways
/// A tokio runtime whose `spawn_blocking` has at most `most` threads: more jobs
/// wait in a queue without a limit. Files and names of hosts (`tokio::fs`,
/// `lookup_host`) need these threads, too.
///
/// # Panics
///
/// `most` is 0.
pub fn runtime_with_few_blocking_threads(
    most: usize,
) -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(most)
        .enable_all()
        .build()
}
// ANCHOR_END: growth_ways
