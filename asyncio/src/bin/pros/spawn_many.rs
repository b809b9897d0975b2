//! Spawn thousands of tasks: they wait together, unless the loop awaits each.
//!
//!     cargo run -p asyncio --bin spawn_many
//!
//! A spawned task runs by itself: nobody has to await it. So spawn all of them
//! first, and then await them. A loop that spawns one task and awaits it runs
//! one task after the other. 5 000 tasks that wait 100 ms take little more than
//! 100 ms together.
//!
//! The program `spawn_many_runtimes` compares three runtimes, and threads.
//!
//! Claims: A24
//! Change this and watch: `TASKS` to 100 000. Starting them takes longer than
//! their wait, and A24 is contradicted.
//!
//! Output (figures vary):
//!     5 tasks, each awaited in the loop: 507 ms
//!     5000 tasks, all spawned first: 131 ms
//!     The article, A24: "Thousands of light tasks can be spawned without stopping the system."
//!     Our answer for Rust: holds (true)
//!     Our answer to A24 is borne out: 5000 tasks waited 100 ms each, and 131 ms together

use std::time::{Duration, Instant};

use shared::measure::{NoiseMeter, ms};
use shared::{Result, claim_timed, flags, say};
use tokio::time::sleep;

const FEW: usize = 5;
const TASKS: usize = 5_000;
const WAIT: Duration = Duration::from_millis(100);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let started = Instant::now();
    for _ in 0..FEW {
        tokio::spawn(sleep(WAIT)).await?; // WRONG: one after the other
    }
    let in_turn = ms(started.elapsed());
    say!("{FEW} tasks, each awaited in the loop: {in_turn:.0} ms");

    let (meter, started) = (NoiseMeter::start(), Instant::now());
    let results = spawn_all((0..TASKS).map(|_| sleep(WAIT))).await;
    let (took, noise) = (started.elapsed(), meter.read());
    let ended = results.iter().filter(|result| result.is_ok()).count();
    say!("{ended} tasks, all spawned first: {:.0} ms", ms(took));
    let figure = format!(
        "{ended} tasks waited {} ms each, and {:.0} ms together",
        WAIT.as_millis(),
        ms(took)
    );
    let borne_out = ended == TASKS && took < 2 * WAIT;
    claim_timed("A24", borne_out, noise, figure)
}

// ANCHOR: spawn_many
use futures::future::join_all;
use tokio::task::JoinError;
use tokio_util::task::AbortOnDropHandle;

/// Starts all jobs as tasks, then waits for all of them. The results have the
/// order of the jobs; an error means that the job has panicked.
///
/// Dropping the future of `spawn_all` cancels the tasks. To limit how many run
/// at a time, use a `Semaphore`: see the program `bounded`.
pub async fn spawn_all<Job>(
    jobs: impl IntoIterator<Item = Job>,
) -> Vec<Result<Job::Output, JoinError>>
where
    Job: Future<Output: Send> + Send + 'static, // the result is `Send`, too
{
    let start = |job| AbortOnDropHandle::new(tokio::spawn(job));
    // Iterators are lazy: `collect` starts all before the first is awaited.
    let tasks: Vec<_> = jobs.into_iter().map(start).collect();
    join_all(tasks).await
}
// ANCHOR_END: spawn_many
