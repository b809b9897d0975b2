//! Parallel or concurrent: `join!` runs two jobs on one thread, `spawn` on two.
//!
//!     cargo run -p asyncio --bin join_vs_spawn
//!
//! The runtime has two threads. `join!` takes turns with its futures: they are
//! parts of one task, and a task runs on one thread at a time. Spawned tasks
//! can run at the same moment. The first job waits here for a message of the
//! other one, without an await: they meet only if they run in parallel.
//!
//! Claims: A10
//! Change this and watch: `worker_threads(1)`. Spawned jobs do not meet either,
//! and A10 is contradicted.
//!
//! Output (figures vary):
//!     join!: the two jobs did not meet
//!     spawn both: the two jobs met
//!     The article, A10: "Coroutines wait in parallel for something interesting to happen."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A10 is borne out: two jobs did not meet under join!, and met when spawned

use std::{sync::mpsc, time::Duration};

use shared::{Result, claim, flags, say};
use tokio::{join, runtime::Builder};

fn main() -> Result {
    flags([]);
    let two = Builder::new_multi_thread().worker_threads(2).build()?;
    let (joined, ()) = two.block_on(async {
        let (waits, comes) = jobs(Duration::from_millis(300));
        join!(waits, comes) // WRONG, if they should run in parallel
    });
    let (spawned, ()) = two.block_on(async {
        let (waits, comes) = jobs(Duration::from_secs(2));
        in_parallel(waits, comes).await
    })?;
    let word = |met| if met { "met" } else { "did not meet" };
    say!("join!: the two jobs {}", word(joined));
    say!("spawn both: the two jobs {}", word(spawned));
    let figure = format!(
        "two jobs {} under join!, and {} when spawned",
        word(joined),
        word(spawned)
    );
    claim("A10", !joined && spawned, figure)
}

/// Two jobs that meet if they run at the same moment: the first one blocks its
/// thread until the other one is there, and returns whether they met.
fn jobs(
    patience: Duration,
) -> (impl Future<Output = bool>, impl Future<Output = ()>) {
    let (hello, heard) = mpsc::channel();
    let waits = async move { heard.recv_timeout(patience).is_ok() };
    let comes = async move { _ = hello.send(()) }; // or it is too late
    (waits, comes)
}

// ANCHOR: join_vs_spawn
/// Runs two jobs as tasks: in parallel on a `multi_thread` runtime with two
/// workers or more. A panic comes back as a `JoinError`, and cancels the other
/// one. If this future is dropped, both are cancelled.
pub async fn in_parallel<A, B>(
    one: A,
    other: B,
) -> Result<(A::Output, B::Output), tokio::task::JoinError>
where
    // The results are `Send`, too.
    A: Future<Output: Send + 'static> + Send + 'static,
    B: Future<Output: Send + 'static> + Send + 'static,
{
    use tokio_util::task::AbortOnDropHandle;
    let one = AbortOnDropHandle::new(tokio::spawn(one));
    let other = AbortOnDropHandle::new(tokio::spawn(other));
    tokio::try_join!(one, other)
}
// ANCHOR_END: join_vs_spawn
