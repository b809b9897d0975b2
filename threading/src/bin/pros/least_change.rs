//! Make a loop of blocking calls parallel with the least change: by threads.
//!
//!     cargo run -p threading --bin least_change
//!
//! The same blocking function is called eight times: in a loop, each time in a
//! thread of its own, and by rayon. The function does not change (async code
//! would change it, too: see `port_to_tasks`). The lines around it that must be
//! written are counted from this source; a dozen of them is our limit for a
//! small change. rayon needs fewer lines, but makes only as many calls at the
//! same time as there are cores: here two. In Python:
//! `ThreadPoolExecutor().map(fetch, pages)`.
//!
//! `cooks` and `cooks_rayon` do the same with real sockets.
//!
//! Claims: T4
//! Change this and watch: `let threads = items.iter().map(start);` in
//! `in_threads`, without `collect`. That is lazy: each call is joined before
//! the next one starts, and T4 is contradicted.
//!
//! Output (figures vary):
//!     way      new lines  calls overlap
//!     loop             0              1
//!     threads         10              8
//!     rayon            6              2
//!     The article, T4: "To run blocking code in parallel with the least change, threads are simplest."
//!     Our answer for Rust: holds (true)
//!     Our answer to T4 is borne out: 10 new lines by std, 6 by rayon, and 8 calls overlap instead of 1

use std::{collections::HashSet, thread, time::Duration};

use shared::measure::{NoiseMeter, now};
use shared::{Result, Span, Table, claim_timed, flags};

const PAGES: [u64; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
/// So many new lines are still a small change.
const DOZEN: usize = 12;

fn main() -> Result {
    flags([]);
    let meter = NoiseMeter::start();
    let mut table = Table::new(["way", "new lines", "calls overlap"]);
    let mut row = |way, overlap| table.row([&way, &new_lines(way), &overlap]);
    let [one, threads, pool] = [
        in_a_loop(&PAGES, fetch),
        in_threads(&PAGES, fetch),
        with_rayon(&PAGES, fetch),
    ]
    .map(|calls| Span::most_at_once(&calls));
    row("loop", one);
    row("threads", threads);
    row("rayon", pool);
    table.print();
    let (by_std, by_rayon) = (new_lines("threads"), new_lines("rayon"));
    let figure = format!(
        "{by_std} new lines by std, {by_rayon} by rayon, and {threads} calls \
         overlap instead of {one}"
    );
    let parallel = one == 1 && threads == PAGES.len();
    claim_timed("T4", parallel && by_std <= DOZEN, meter.read(), figure)
}

/// Blocks for 20 ms, as a call to a server does.
fn fetch(_page: &u64) -> Span {
    let start = now();
    thread::sleep(Duration::from_millis(20));
    Span { start, end: now() }
}

// ANCHOR: loop
/// Calls `job` with each item, one after the other.
pub fn in_a_loop<T, R>(items: &[T], job: impl Fn(&T) -> R) -> Vec<R> {
    items.iter().map(job).collect()
}
// ANCHOR_END: loop

// ANCHOR: threads
/// Calls `job` with each item, each on a thread of its own. Results are in the
/// order of the items; if a job panics, the caller panics, too.
pub fn in_threads<T: Sync, R: Send>(
    items: &[T],
    job: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let job = &job;
    std::thread::scope(|scope| {
        let start = |item| scope.spawn(move || job(item));
        let threads: Vec<_> = items.iter().map(start).collect();
        threads.into_iter().map(|t| t.join().expect("a job panicked")).collect()
    })
}
// ANCHOR_END: threads

// ANCHOR: rayon
use rayon::prelude::*;

/// Calls `job` with each item, on a pool of one thread per core.
pub fn with_rayon<T: Sync, R: Send>(
    items: &[T],
    job: impl Fn(&T) -> R + Sync + Send,
) -> Vec<R> {
    items.par_iter().map(job).collect()
}
// ANCHOR_END: rayon

/// The lines of code of a way that the loop does not have.
fn new_lines(way: &str) -> usize {
    let base: HashSet<_> = source("loop").collect();
    source(way).filter(|line| !base.contains(line)).count()
}

/// The lines of code between the anchors of this very file.
fn source(way: &str) -> impl Iterator<Item = &'static str> {
    include_str!("least_change.rs")
        .lines()
        .map(str::trim)
        .skip_while(move |line| *line != format!("// ANCHOR: {way}"))
        .take_while(move |line| *line != format!("// ANCHOR_END: {way}"))
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
}
