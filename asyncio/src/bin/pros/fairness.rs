//! Cooperative scheduling: tasks take equal turns, but a greedy turn starves others.
//!
//!     cargo run -p asyncio --bin fairness
//!
//! On one thread all tasks have as many turns as the others. But scheduling is
//! cooperative: a turn lasts until the task awaits, and nothing interrupts it.
//! Beside eight tasks that work 50 us for each turn, one works 5 ms. Then it does
//! the same work, but lets others run after each millisecond.
//!
//! `fairness_runtimes` compares three runtimes; `responsive` cures a blocking
//! call; `select_order` shows the order of ready branches.
//!
//! Claims: A29
//! Change this and watch: `TURN` to 20 ms. The others have to wait for 20 ms, and
//! still have as many turns as the greedy task.
//!
//! Output (figures vary):

use std::sync::{Arc, atomic::AtomicBool, atomic::Ordering::Relaxed};

use shared::measure::{NoiseMeter, ms, thread_cpu};
use shared::{Result, claim_timed, flags, say};
use tokio::task::JoinSet;

const TURN: Duration = Duration::from_millis(5);
const TURNS: u32 = 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let meter = NoiseMeter::start();
    let greedy = beside_eight_tasks(greedy()).await;
    greedy.say("20 turns of 5 ms");
    let steps = 0..100 * TURNS;
    let kind = beside_eight_tasks(in_turns(steps, |_| work(TURN / 100))).await;
    kind.say("in turns of 1 ms");
    let even =
        greedy.most - greedy.least <= 2 && greedy.most.abs_diff(TURNS) <= 2;
    let figure = format!(
        "tasks have equal turns ({} beside {TURNS}), but wait {:.1} ms for a \
         greedy one, {:.1} ms if it takes short turns",
        greedy.most,
        ms(greedy.waited),
        ms(kind.waited)
    );
    let cured = kind.waited < greedy.waited / 2;
    let borne_out = even && greedy.waited >= TURN && cured;
    claim_timed("A29", borne_out, meter.read(), figure)
}

async fn greedy() {
    for _ in 0..TURNS {
        work(TURN); // WRONG: nobody else runs meanwhile
        yield_now().await;
    }
}

/// Keeps the thread busy for so much CPU time.
fn work(time: Duration) {
    let end = thread_cpu() + time;
    while thread_cpu() < end {}
}

/// How many turns each of eight tasks had, and the longest wait for one.
struct Turns {
    least: u32,
    most: u32,
    waited: Duration,
}

impl Turns {
    fn say(&self, what: &str) {
        let Turns { least, most, waited } = self;
        let waited = ms(*waited);
        say!(
            "{what}: the others have {least}-{most} turns, wait {waited:.1} ms"
        );
    }
}

async fn beside_eight_tasks(job: impl Future<Output = ()>) -> Turns {
    let end = Arc::new(AtomicBool::new(false));
    let others: JoinSet<_> = (0..8).map(|_| take_turns(end.clone())).collect();
    job.await;
    end.store(true, Relaxed);
    let all = others.join_all().await;
    let turns = all.iter().map(|(turns, _)| *turns);
    let [least, most] = [turns.clone().min(), turns.max()];
    let waited = all.iter().map(|(_, waited)| *waited).max();
    let eight = "there are eight";
    Turns {
        least: least.expect(eight),
        most: most.expect(eight),
        waited: waited.expect(eight),
    }
}

async fn take_turns(end: Arc<AtomicBool>) -> (u32, Duration) {
    let (mut turns, mut longest) = (0, Duration::ZERO);
    while !end.load(Relaxed) {
        turns += 1;
        work(Duration::from_micros(50));
        let asked = Instant::now();
        yield_now().await;
        longest = longest.max(asked.elapsed());
    }
    (turns, longest)
}

// ANCHOR: fairness
use std::time::{Duration, Instant};
use tokio::task::yield_now;

/// Works on all items in turns of about a millisecond, and lets other tasks run in
/// between. For work that is long, but made of short steps; a step that is
/// long itself belongs on another thread (`spawn_blocking`).
pub async fn in_turns<T>(
    items: impl IntoIterator<Item = T>,
    mut work: impl FnMut(T),
) {
    let mut turn = Instant::now();
    for item in items {
        work(item);
        if turn.elapsed() >= Duration::from_millis(1) {
            yield_now().await;
            turn = Instant::now();
        }
    }
}
// ANCHOR_END: fairness
