//! Cooperative scheduling: equal turns, but a greedy task starves the others.
//!
//!     cargo run -p asyncio --bin fairness
//!
//! On one thread all tasks have as many turns as the others. But scheduling is
//! cooperative: a turn lasts until the task awaits, and nothing interrupts it.
//! Here one task works 5 ms for each turn, and another one waits for it. Then
//! the same work is done in turns of a millisecond.
//!
//! The program `fairness_runtimes` has eight tasks beside the greedy one, on
//! three runtimes; `responsive` cures a blocking call.
//!
//! Claims: A29
//! Change this and watch: `TURN` to 20 ms. The other task waits 20 ms, and
//! still has as many turns as the greedy one.
//!
//! Output (figures vary):
//!     turns of 5ms: the other task waits 5.97 ms
//!     turns of 1ms: the other task waits 1.04 ms
//!     The article, A29: "Functions made for the loop are switched quickly and run evenly."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A29 is borne out: a task has 20 turns beside 20 greedy ones, and waits 6.0 ms; after short ones 1.0 ms

use std::sync::{Arc, atomic::AtomicBool, atomic::Ordering::Relaxed};

use shared::measure::{NoiseMeter, median, ms, thread_cpu};
use shared::{Result, claim_timed, flags, say};

const TURN: Duration = Duration::from_millis(5);
const TURNS: u32 = 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let meter = NoiseMeter::start();
    let long = beside_another(greedy()).await?;
    say!("turns of {TURN:?}: the other task waits {:.2} ms", ms(long.waited));
    let steps = 0..100 * TURNS;
    let short = beside_another(in_turns(steps, |_| work(TURN / 100))).await?;
    say!("turns of 1ms: the other task waits {:.2} ms", ms(short.waited));
    let figure = format!(
        "a task has {} turns beside {TURNS} greedy ones, and waits {:.1} ms; \
         after short ones {:.1} ms",
        long.turns,
        ms(long.waited),
        ms(short.waited)
    );
    let even = long.turns.abs_diff(TURNS) <= 1;
    let uneven = long.waited >= TURN && short.waited < TURN;
    claim_timed("A29", even && uneven, meter.read(), figure)
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

/// How many turns a task had, and its median wait for one.
struct Turns {
    turns: u32,
    waited: Duration,
}

async fn beside_another(job: impl Future<Output = ()>) -> Result<Turns> {
    let end = Arc::new(AtomicBool::new(false));
    let other = tokio::spawn(take_turns(end.clone()));
    job.await;
    end.store(true, Relaxed);
    Ok(other.await?)
}

async fn take_turns(end: Arc<AtomicBool>) -> Turns {
    let mut waits = Vec::new();
    while !end.load(Relaxed) {
        let asked = Instant::now();
        yield_now().await;
        waits.push(asked.elapsed());
    }
    Turns { turns: waits.len() as u32, waited: median(&waits) }
}

// ANCHOR: fairness
use std::time::{Duration, Instant};
use tokio::task::yield_now;

/// Works on all items in turns of about a millisecond, and lets other tasks run
/// in between. For work that is long, but made of short steps; a step that is
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
