//! Tasks on one thread share the time they wait, but not their work.
//!
//!     cargo run -p asyncio --bin overlap
//!
//! Counted are the tasks that have begun and not ended. The gain says how many
//! times as fast they are as one after the other.
//!
//! Claims: A2, A5
//! Change this and watch: 1 000 tasks, too: ten times as many waits at once,
//! and no more work.
//!
//! Output (figures vary):
//!           waiting, 1 thread  working, 1 thread  working, all cores
//!     tasks   at once    gain    at once    gain     at once    gain
//!         1         1     0.9          1     1.0           1     0.8
//!        10        10     9.4          1     1.0           2     1.8
//!       100       100    93.0          1     1.0           2     1.8
//!     A2 borne out: one thread waits for 100 at once, gains 93.0
//!     A5 borne out: it works on 1 at once, all cores on 2

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

use shared::{Result, chop, claim, flags, measure, say};
use tokio::runtime::{Builder, Runtime};
use tokio::{task::JoinSet, time::sleep};

const WAIT: Duration = Duration::from_millis(20);

fn main() -> Result {
    flags([]);
    let one = Builder::new_current_thread().enable_time().build()?;
    let all = Builder::new_multi_thread().build()?;
    say!("      waiting, 1 thread  working, 1 thread  working, all cores");
    say!("tasks   at once    gain    at once    gain     at once    gain");
    let mut last = [(0, 0.0); 3];
    for tasks in [1, 10, 100] {
        let wait = || WAIT * tasks; // in a row: known without waiting
        let work = || time(|| (0..tasks).for_each(|_| chops()));
        let waiting = gain(wait, || together(&one, tasks, waits));
        let working = gain(work, || together(&one, tasks, works));
        let parallel = gain(work, || together(&all, tasks, works));
        last = row(tasks, [waiting, working, parallel])?;
    }
    let [(waits, gain), (works, _), (parallel, _)] = last;
    let figure =
        format!("one thread waits for {waits} at once, gains {gain:.1}");
    claim("A2", waits == 100 && gain > 50.0, figure)?;
    let figure =
        format!("it works on {works} at once, all cores on {parallel}");
    let more = measure::cores() == 1 || parallel > 1;
    claim("A5", works == 1 && more, figure)
}

async fn waits() {
    begin();
    sleep(WAIT).await;
    end();
}

async fn works() {
    begin();
    chops();
    end();
}

fn chops() {
    black_box(chop(1, 200_000));
}

/// Tasks that have begun, and not ended; and the most there ever were.
static AT_ONCE: AtomicU32 = AtomicU32::new(0);
static MOST: AtomicU32 = AtomicU32::new(0);

fn begin() {
    MOST.fetch_max(1 + AT_ONCE.fetch_add(1, SeqCst), SeqCst);
}

fn end() {
    AT_ONCE.fetch_sub(1, SeqCst);
}

/// How many tasks were under way at once at most, and how many times as fast
/// they were: the best of five tries, for others may want the cores just now.
fn gain(
    in_a_row: impl Fn() -> Duration,
    together: impl Fn() -> Duration,
) -> (u32, f64) {
    let times = |way: &dyn Fn() -> Duration| {
        (0..5).map(|_| way()).min().expect("five").as_secs_f64()
    };
    let gain = times(&in_a_row) / times(&together);
    (MOST.swap(0, SeqCst), gain)
}

fn row(tasks: u32, gains: [(u32, f64); 3]) -> Result<[(u32, f64); 3]> {
    let [a, b, c] = gains.map(|(most, gain)| format!("{most:>10}{gain:>8.1}"));
    say!("{tasks:>5}{a}{b:>19}{c:>20}");
    Ok(gains)
}

fn together<Task: Future<Output = ()> + Send + 'static>(
    runtime: &Runtime,
    tasks: u32,
    task: impl Fn() -> Task,
) -> Duration {
    let all = async {
        let all: JoinSet<()> = (0..tasks).map(|_| task()).collect();
        all.join_all().await;
    };
    time(|| runtime.block_on(all))
}

fn time(work: impl FnOnce()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}
