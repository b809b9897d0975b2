//! Lazy iterators: `.map(spawn).map(join)` runs one thread after the other.
//!
//!     cargo run -p threading --bin lazy_join
//!
//! Iterators are lazy, as Python's generators and `map` are: the second `map`
//! asks for one thread, joins it, and only then asks for the next one. Nothing
//! is parallel, and the results are right, so nobody notices. The cure is to
//! `collect` all handles first, and to join them then.
//!
//! `cooks` uses the cure, with ten dishes.
//!
//! Change this and watch: add `.collect::<Vec<_>>().into_iter()` between the
//! two `map`s of `one_at_a_time`. All eight jobs overlap there, too, and the
//! program ends with an error.
//!
//! Output (times vary, counts do not):
//!     map(spawn).map(join): 1 of 8 jobs at the same time
//!     spawn all, then join: 8 of 8 jobs at the same time

use std::{thread, time::Duration};

use shared::{Result, Span, ensure, flags, measure::now, say};

const JOBS: u32 = 8;

fn main() -> Result {
    flags([]);
    let lazy = Span::most_at_once(&one_at_a_time());
    say!("map(spawn).map(join): {lazy} of {JOBS} jobs at the same time");
    let eager = Span::most_at_once(&map((0..JOBS).collect(), job));
    say!("spawn all, then join: {eager} of {JOBS} jobs at the same time");
    ensure(lazy == 1, "the lazy jobs overlapped")?;
    ensure(eager > 1, "the jobs that are joined later did not overlap")
}

/// Waits for a server. Returns from when until when it worked.
fn job(_number: u32) -> Span {
    let start = now();
    thread::sleep(Duration::from_millis(20));
    Span { start, end: now() }
}

fn one_at_a_time() -> Vec<Span> {
    (0..JOBS)
        .map(|number| thread::spawn(move || job(number)))
        .map(|thread| thread.join().expect("no panic")) // WRONG: lazy
        .collect()
}

// ANCHOR: lazy_join
/// Runs `job` on each item, each on a thread of its own. Results are in the
/// order of the items. If a job panics, the caller panics, too.
pub fn map<T: Send, R: Send>(
    items: Vec<T>,
    job: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let job = &job;
    std::thread::scope(|scope| {
        // All threads have started before the first one is joined.
        let threads: Vec<_> = items
            .into_iter()
            .map(|item| scope.spawn(move || job(item)))
            .collect();
        let results = threads.into_iter().map(|thread| thread.join());
        results.map(|result| result.expect("a job has panicked")).collect()
    })
}
// ANCHOR_END: lazy_join
