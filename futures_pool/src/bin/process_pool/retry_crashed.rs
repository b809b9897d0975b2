//! Retry jobs whose worker crashed: for jobs that may run twice (idempotent).
//!
//!     cargo run -p futures_pool --bin retry_crashed
//!
//! Of 20 jobs, one crashes the first time, and one crashes each time. The first
//! succeeds when it is tried again; the second is given up after three times,
//! or it would crash workers forever. A job that crashed may have done half of
//! its work. So retry only what may be done twice: a payment or an e-mail may
//! not. (`JobError::WorkerDied` has a field `began`: false, if nothing was done
//! yet.)
//!
//! Read `broken_pool` first.
//!
//! Change this and watch: 1 for the 3 in `main`. Nothing is tried again: two
//! jobs fail, and the program, which expects one, ends with an error.
//!
//! Output (times vary, counts do not):
//!     19 of 20 jobs done
//!     job 13: worker 8683 died, and the job with it: signal: 6 (SIGABRT)

use std::{env, fs::File, fs::remove_file, path::PathBuf, process};
use std::{process::abort, time::Duration};

use futures_pool::{ProcessPool, init, job};
use nix::sys::prctl::set_dumpable;
use shared::{Result, ensure, flags, say, watchdog::Watchdog};

const JOBS: u64 = 20;
const CRASHES_ONCE: u64 = 8;
const CRASHES: u64 = 13;

fn main() -> Result {
    init([job(square)]);
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(10))?;
    let pool = ProcessPool::builder().workers(2).replace_dead_workers();
    let name = format!("retry_crashed-{}", process::id());
    let mark = env::temp_dir().join(name); // says that job 8 has been tried
    let inputs = (1..=JOBS).map(|n| (n, mark.clone())).collect();
    let results = map_with_retry(&pool.build()?, 3, square, inputs);
    remove_file(&mark)?;

    let done = results.iter().flatten().count();
    say!("{done} of {JOBS} jobs done");
    let mut failed = Vec::new();
    for (n, result) in (1..).zip(&results) {
        match result {
            Ok(square) => ensure(*square == n * n, "a result is wrong")?,
            Err(error) => {
                say!("job {n}: {error}");
                failed.push(n);
            }
        }
    }
    ensure(failed == [CRASHES], "other jobs failed than the one that crashes")
}

fn square((n, mark): (u64, PathBuf)) -> u64 {
    let first = n == CRASHES_ONCE && File::create_new(mark).is_ok();
    if n == CRASHES || first {
        set_dumpable(false).expect("always allowed"); // leaves no core file
        abort();
    }
    n * n
}

// ANCHOR: retry_crashed
use futures_pool::{Executor, Function, Handle, JobError, Value};

/// Runs `job` on each input in a pool that replaces dead workers, and returns
/// the results in the order of the inputs. A job whose worker died is tried
/// again, up to `tries` times in all (0 counts as 1): only for jobs that may be
/// done twice. All inputs are queued before the first result is awaited.
pub fn map_with_retry<A: Value + Clone, T: Value>(
    pool: &impl Executor,
    tries: usize,
    job: impl Function<A, T>,
    inputs: Vec<A>,
) -> Vec<Result<T, JobError>> {
    let submit = |input: &A| pool.submit(job, input.clone());
    let jobs: Vec<_> = inputs.iter().map(submit).collect();
    let mut results: Vec<_> = jobs.into_iter().map(Handle::result).collect();
    for _ in 1..tries {
        for (input, result) in inputs.iter().zip(&mut results) {
            if let Err(JobError::WorkerDied { .. }) = result {
                *result = submit(input).result();
            }
        }
    }
    results
}
// ANCHOR_END: retry_crashed
