//! Progress over as_completed: count jobs as they end, keep results in order.
//!
//!     cargo run -p futures_pool --bin progress
//!
//! The function `futures_pool::as_completed` gives each handle when its job is
//! done, and the number of the job. The count goes to standard error, and only
//! if that is a terminal. Standard output is for the results: it may be a file
//! or a pipe. Jobs end in an order that changes from run to run; their numbers
//! restore the order of the jobs.
//!
//! Change this and watch: `10 * n` instead of `10 * (10 - n)`. The first jobs
//! end first then, and the first line prints false (on a quiet machine).
//!
//! Output (figures vary):
//!     jobs ended out of order: true
//!     results: [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]

use std::io::{self, IsTerminal, Write};
use std::{thread, time::Duration};

use futures_pool::ThreadPool;
use shared::{Result, ensure, flags, say};

fn main() -> Result {
    flags([]);
    let pool = ThreadPool::new(4)?;
    let mut order = Vec::new();
    let results = with_progress(&pool, square, 0..10, |number, done, all| {
        order.push(number);
        show(done, all);
    });
    let results = results.into_iter().collect::<Result<Vec<_>, _>>()?;

    say!("jobs ended out of order: {}", !order.is_sorted());
    say!("results: {results:?}");
    let right = results.iter().zip(0..).all(|(result, n)| *result == n * n);
    let all = order.len() == 10 && results.len() == 10;
    ensure(right && all, "a result is wrong")
}

/// The first jobs take longest.
fn square(n: u64) -> u64 {
    thread::sleep(Duration::from_millis(10 * (10 - n))); // the job itself
    n * n
}

/// One line that is written again and again.
fn show(done: usize, all: usize) {
    let mut terminal = io::stderr();
    if terminal.is_terminal() {
        let end = if done == all { "\n" } else { "" };
        // An error is ignored: perhaps nobody reads standard error.
        let _ = write!(terminal, "\r{done} of {all} jobs done{end}");
    }
}

// ANCHOR: progress
use futures_pool::{Executor, Function, JobError, Value, as_completed};

/// Runs `job` on each input, and calls `progress(number, done, all)` when a job
/// has ended, with a result or an error: which one, how many, of how many.
/// Returns the results in the order of the inputs. All inputs are queued before
/// the first result is awaited.
pub fn with_progress<A: Value, T: Value>(
    pool: &impl Executor,
    job: impl Function<A, T>,
    inputs: impl IntoIterator<Item = A>,
    mut progress: impl FnMut(usize, usize, usize),
) -> Vec<Result<T, JobError>> {
    let inputs = inputs.into_iter();
    let handles: Vec<_> = inputs.map(|input| pool.submit(job, input)).collect();
    let all = handles.len();
    let mut results: Vec<_> = (0..all).map(|_| None).collect();
    // `None`: no time limit.
    let ended =
        as_completed(handles, None).map(|ended| ended.expect("no limit"));
    for (done, (number, handle)) in (1..).zip(ended) {
        results[number] = Some(handle.result());
        progress(number, done, all);
    }
    results.into_iter().map(|result| result.expect("all have ended")).collect()
}
// ANCHOR_END: progress
