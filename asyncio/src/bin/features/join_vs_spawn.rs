//! `join!` never runs two jobs at the same moment; `spawn` may.
//!
//!     cargo run -p asyncio --bin join_vs_spawn
//!
//! The runtime has two threads, whichever way. What `join!` takes turns with
//! are parts of one task, and a task runs on one thread at a time.
//!
//! Claims: A10
//! Change this and watch: `worker_threads(1)`: spawned jobs do not meet either.
//!
//! Output (figures vary):
//!     two jobs                threads   meet      ms
//!     one await, then two           1     no    10.3
//!     join!                         1     no    11.0
//!     spawn both, then join!        2    yes     5.7
//!     A10 borne out: threads by join! 1, meet: no; by spawn 2, meet: yes

use std::sync::mpsc;
use std::thread::{self, ThreadId};
use std::{hint::black_box, time::Duration, time::Instant};

use futures::future::BoxFuture;
use shared::{Result, chop, claim, flags, measure::ms, say};
use tokio::{join, runtime, spawn};

const PATIENCE: Duration = Duration::from_millis(300);
const TRIES: usize = 9;

fn main() -> Result {
    flags([]);
    say!("{:<22}{:>9}{:>7}{:>8}", "two jobs", "threads", "meet", "ms");
    let awaited = row("one await, then two", in_a_row)?;
    let joined = row("join!", by_join)?;
    let spawned = row("spawn both, then join!", by_spawn)?;
    let told = |(threads, met)| format!("{threads}, meet: {}", word(met));
    let (join, spawn) = (told(joined), told(spawned));
    let figure = format!("threads by join! {join}; by spawn {spawn}");
    let apart = awaited == (1, false) && joined == (1, false);
    claim("A10", apart && spawned == (2, true), figure)
}

/// A job tells where it ran, and whether it met the other one.
type Job = BoxFuture<'static, (ThreadId, bool)>;
type Told = [(ThreadId, bool); 2];

async fn in_a_row(one: Job, two: Job) -> Result<Told> {
    Ok([one.await, two.await])
}

async fn by_join(one: Job, two: Job) -> Result<Told> {
    let (one, two) = join!(one, two); // WRONG, if they should run in parallel
    Ok([one, two])
}

async fn by_spawn(one: Job, two: Job) -> Result<Told> {
    let (one, two) = join!(spawn(one), spawn(two));
    Ok([one?, two?])
}

/// On how many threads the jobs ran, and whether at the same moment. The time
/// is the best of some tries: others may want the cores just now.
fn row(
    name: &str,
    way: impl AsyncFn(Job, Job) -> Result<Told>,
) -> Result<(usize, bool)> {
    let mut builder = runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).build()?;
    let [one, two] = meeting();
    let [(here, met), (there, _)] = runtime.block_on(way(one, two))?;
    let threads = if here == there { 1 } else { 2 };
    let mut times = Vec::new();
    for _ in 0..TRIES {
        let started = Instant::now();
        runtime.block_on(way(chopping(), chopping()))?;
        times.push(started.elapsed());
    }
    let best = times.into_iter().min().expect("there are some");
    let meet = word(met);
    say!("{name:<22}{threads:>9}{meet:>7}{:>8.1}", ms(best));
    Ok((threads, met))
}

fn word(met: bool) -> &'static str {
    if met { "yes" } else { "no" }
}

/// The first job stays on its thread until the second one has come, or its
/// patience ends: they meet if, and only if, they run at the same moment.
fn meeting() -> [Job; 2] {
    let (bell, door) = mpsc::channel();
    let here = || thread::current().id();
    let waits = async move { (here(), door.recv_timeout(PATIENCE).is_ok()) };
    let rings = async move { (here(), bell.send(()).is_ok()) };
    [Box::pin(waits), Box::pin(rings)]
}

fn chopping() -> Job {
    Box::pin(async {
        black_box(chop(1, 5_000_000));
        (thread::current().id(), false)
    })
}
