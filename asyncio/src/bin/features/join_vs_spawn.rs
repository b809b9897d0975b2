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
//!     join!: on one thread, they do not
//!     spawn both: on two threads, they meet
//!     The article, A10: "Coroutines wait in parallel for something interesting to happen."
//!     Our answer for Rust: limits (true within limits)
//!     A10 borne out: two jobs did not meet under join!, and met when spawned

use std::sync::mpsc;
use std::thread::{self, ThreadId};
use std::time::Duration;

use futures::future::BoxFuture;
use shared::{Result, claim, flags, say};
use tokio::{join, runtime::Builder, runtime::Runtime};

fn main() -> Result {
    flags([]);
    let two = Builder::new_multi_thread().worker_threads(2).build()?;
    let joined = meet(&two, "join!", by_join, Duration::from_millis(300))?;
    let spawned = meet(&two, "spawn both", by_spawn, Duration::from_secs(2))?;
    let word = |met| if met { "met" } else { "did not meet" };
    let figure = format!(
        "two jobs {} under join!, and {} when spawned",
        word(joined),
        word(spawned)
    );
    claim("A10", !joined && spawned, figure)
}

/// A job tells where it ran, and whether it met the other one.
type Job = BoxFuture<'static, (ThreadId, bool)>;
type Told = ((ThreadId, bool), (ThreadId, bool));

async fn by_join(one: Job, other: Job) -> Result<Told> {
    Ok(join!(one, other)) // WRONG, if they should run in parallel
}

async fn by_spawn(one: Job, other: Job) -> Result<Told> {
    Ok(in_parallel(one, other).await?)
}

/// Whether both jobs were under way at the same moment.
fn meet<F>(
    runtime: &Runtime,
    way: &str,
    run: fn(Job, Job) -> F,
    patience: Duration,
) -> Result<bool>
where
    F: Future<Output = Result<Told>>,
{
    let (hello, heard) = mpsc::channel();
    let here = || thread::current().id();
    // It begins first, and blocks its thread until the other one is there.
    let one: Job = Box::pin(async move {
        let met = heard.recv_timeout(patience).is_ok();
        (here(), met)
    });
    let other: Job = Box::pin(async move { (here(), hello.send(()).is_ok()) });
    let ((one, met), (other, _)) = runtime.block_on(run(one, other))?;
    let threads = if one == other { "one thread" } else { "two threads" };
    say!("{way}: on {threads}, they {}", if met { "meet" } else { "do not" });
    Ok(met)
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
    A: Future<Output: Send + 'static> + Send + 'static,
    B: Future<Output: Send + 'static> + Send + 'static,
{
    use tokio_util::task::AbortOnDropHandle;
    let one = AbortOnDropHandle::new(tokio::spawn(one));
    let other = AbortOnDropHandle::new(tokio::spawn(other));
    tokio::try_join!(one, other)
}
// ANCHOR_END: join_vs_spawn
