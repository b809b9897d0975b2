//! A guest asks every ms, of one thread of tasks. Who does the work meanwhile?
//!
//!     cargo run -p futures_pool --bin cpu_from_async
//!
//! Work belongs on other threads. Any pool will do, if its result can be
//! awaited; rayon's comes through a channel. `spawn_blocking` has a thread for
//! each job, and all of them want the guest's core, unless a semaphore lets in
//! one for each core only. Processes are not faster than threads: they are for
//! work that may crash.
//!
//! Claims: F1, F2
//! Change this and watch: `ProcessPool::new(1)`. It does the jobs of one core
//! then, here half as many in a second, and the guest does not notice.
//!
//! Output (figures vary):
//!     work is done               guest waits  jobs a second
//!     here                           65.8 ms            124
//!     by spawn_blocking               5.6 ms            183
//!     by it, with a semaphore         5.6 ms            197
//!     by rayon                        2.3 ms            200
//!     by our ThreadPool               2.7 ms            156
//!     by our ProcessPool              2.7 ms            189
//!     F1 borne out: guest waits 66, by pools 3 ms; threads/rayon 0.78
//!     F2 borne out: processes do 1.22 times the jobs of threads

use std::{cell::Cell, time::Duration, time::Instant};

use futures::{future::try_join_all, try_join};
use futures_pool::{Executor, ProcessPool, ThreadPool, init, job};
use shared::measure::{cores, ms};
use shared::{Failure, Result, chop, chopped, claim, flags, say};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::{sync::Semaphore, task::spawn_blocking, time::sleep};

const JOBS: u64 = 8;
const STROKES: u64 = 5_000_000;
const PAUSE: Duration = Duration::from_millis(1);
/// Others may want the cores, too, and more in one round than in another.
const NOISE: f64 = 2.5;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    init([job(work)]);
    flags([]);
    let crew = ThreadPool::new(cores())?;
    let kitchens = ProcessPool::new(cores())?;
    let pools = Pools { few: Semaphore::new(cores()), crew, kitchens };
    let mut seen = [(f64::MAX, 0.0); 6];
    for _ in 0..5 {
        // The best of each: others may want the cores, too.
        for (way, (longest, most)) in WAYS.iter().zip(&mut seen) {
            let (wait, rate) = pools.beside_a_guest(way).await?;
            (*longest, *most) = (wait.min(*longest), rate.max(*most));
        }
    }
    say!("{:<24}{:>14}{:>15}", "work is done", "guest waits", "jobs a second");
    for (way, (wait, rate)) in WAYS.iter().zip(seen) {
        say!("{way:<24}{wait:>11.1} ms{rate:>15.0}");
    }
    verdict(seen)
}

const WAYS: [&str; 6] = [
    "here",
    "by spawn_blocking",
    "by it, with a semaphore",
    "by rayon",
    "by our ThreadPool",
    "by our ProcessPool",
];

struct Pools {
    few: Semaphore,
    crew: ThreadPool,
    kitchens: ProcessPool,
}

/// The longest wait of a guest in ms, and jobs done in a second.
type Seen = (f64, f64);

impl Pools {
    /// Does all jobs while a guest asks every millisecond.
    async fn beside_a_guest(&self, way: &str) -> Result<Seen> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let mut guest = TcpStream::connect(listener.local_addr()?).await?;
        let (mut door, _) = listener.accept().await?;
        let echo = async {
            let (mut asked, mut answers) = door.split();
            Ok(copy(&mut asked, &mut answers).await?)
        };
        let done = Cell::new(false);
        let asks = async {
            let mut longest = Duration::ZERO;
            while !done.get() {
                let before = Instant::now();
                sleep(PAUSE).await;
                guest.write_all(b"?").await?;
                guest.read_exact(&mut [0]).await?;
                longest = longest.max(before.elapsed());
            }
            guest.shutdown().await?; // the echo ends, too
            Ok(longest)
        };
        let jobs = async {
            sleep(10 * PAUSE).await; // the guest is talking already
            let started = Instant::now();
            let all =
                try_join_all((0..JOBS).map(|n| self.done(way, n))).await?;
            done.set(true);
            let took = started.elapsed();
            let right = (0..JOBS).map(|n| chopped(n, STROKES)).eq(all);
            if right { Ok(took) } else { Err(Failure::new("a job is wrong")) }
        };
        let (_, longest, took) = try_join!(echo, asks, jobs)?;
        Ok((ms(longest), JOBS as f64 / took.as_secs_f64()))
    }

    async fn done(&self, way: &str, n: u64) -> Result<u64> {
        Ok(match way {
            "here" => work(n), // WRONG: the thread belongs to the guest, too
            "by spawn_blocking" => spawn_blocking(move || work(n)).await?,
            "by it, with a semaphore" => {
                let _one_of_few = self.few.acquire().await?;
                spawn_blocking(move || work(n)).await?
            }
            "by rayon" => on_rayon(move || work(n)).await,
            "by our ThreadPool" => self.crew.submit(work, n).await?,
            _ => self.kitchens.submit(work, n).await?,
        })
    }
}

fn work(number: u64) -> u64 {
    chop(number, STROKES)
}

// ANCHOR: cpu_from_async
/// Awaits work that is done by rayon. A panic in it comes through.
pub async fn on_rayon<Output: Send + 'static>(
    work: impl FnOnce() -> Output + Send + 'static,
) -> Output {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    let (reply, outcome) = tokio::sync::oneshot::channel();
    rayon::spawn(move || {
        // In rayon's thread, a panic would end the process.
        let outcome = catch_unwind(AssertUnwindSafe(work));
        let _ = reply.send(outcome); // an error: nobody waits any more
    });
    let outcome = outcome.await.expect("the reply is always sent");
    outcome.unwrap_or_else(|panic| resume_unwind(panic))
}
// ANCHOR_END: cpu_from_async

fn verdict([here, .., rayon, threads, processes]: [Seen; 6]) -> Result {
    let (stop, most) = (here.0, rayon.0.max(threads.0).max(processes.0));
    let [ratio, gain] = [threads.1 / rayon.1, processes.1 / threads.1];
    let figure = format!(
        "guest waits {stop:.0}, by pools {most:.0} ms; threads/rayon {ratio:.2}"
    );
    claim("F1", stop > 2.0 * most && ratio > 1.0 / NOISE, figure)?;
    let figure = format!("processes do {gain:.2} times the jobs of threads");
    claim("F2", gain > 1.0 / NOISE && gain < NOISE, figure)
}
