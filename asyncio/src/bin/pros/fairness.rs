//! Eight tasks and a greedy one take turns on one thread: fair, but slow.
//!
//!     cargo run -p asyncio --bin fairness
//!
//! All have as many turns as the others; but a turn ends at an await, and
//! nobody ends one that lasts. Where two branches are ready at once, who has
//! the turn is drawn by lot, or the first one always has it.
//!
//! Claims: A29
//! Change this and watch: `GREED` to 20 ms. The others wait four times as long,
//! and still have as many turns as the greedy one.
//!
//! Output (figures vary):
//!     turns in 300 ms   each of 8      greedy   its share      the 8 waited
//!     tokio                 56-56          56        93 %           11.3 ms
//!     smol                  53-53          54        90 %            6.5 ms
//!     async-std             55-55          56        93 %            5.4 ms
//!
//!     turns of two ready branches       first      second
//!     select!                            4967        5033
//!     select! biased                    10000           0
//!     A29 borne out: equal turns, not waits; biased 10000 to 0

use std::future::{pending, ready};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::{env, thread, time::Duration, time::Instant};

use async_std::task;
use futures::future::BoxFuture;
use shared::measure::{ms, thread_cpu};
use shared::{Result, claim, flags, say};
use tokio::{runtime::Builder, select, sync::Barrier};

const MODEST: Duration = Duration::from_micros(50);
const GREED: Duration = Duration::from_millis(5);
const SHIFT: Duration = Duration::from_millis(300);
const ROUNDS: u32 = 10_000;

fn main() -> Result {
    flags([]);
    with_one_thread()?;
    let runtime = Builder::new_current_thread().build()?;
    let tokio = runtime.handle().clone();
    // Not joined: it runs tokio's tasks until the program ends.
    thread::spawn(move || runtime.block_on(pending::<()>()));
    say!(
        "turns in 300 ms   each of 8      greedy   its share      the 8 waited"
    );
    let spawn = |one| drop(tokio.spawn(one));
    let on_tokio = row("tokio", spawn, tokio::task::yield_now);
    let spawn = |one| smol::spawn(one).detach();
    let on_smol = row("smol", spawn, smol::future::yield_now);
    let on_async_std =
        row("async-std", |one| drop(task::spawn(one)), task::yield_now);
    say!("\nturns of two ready branches{:>12}{:>12}", "first", "second");
    let [first, second] = branches("select!", by_lot);
    let [always, never] = branches("select! biased", biased);
    let fair = on_tokio && on_smol && on_async_std;
    let drawn = first.abs_diff(second) < ROUNDS / 5;
    let figure = format!("equal turns, not waits; biased {always} to {never}");
    claim("A29", fair && drawn && never == 0, figure)
}

/// Starts this program over, with one thread for each runtime.
fn with_one_thread() -> Result {
    const WORKERS: [&str; 2] = ["SMOL_THREADS", "ASYNC_STD_THREAD_COUNT"];
    if WORKERS.map(env::var).iter().all(|count| count == &Ok("1".into())) {
        return Ok(());
    }
    let mut again = Command::new(env::current_exe()?);
    Err(again.envs(WORKERS.map(|name| (name, "1"))).exec().into())
}

/// Whether all had the same number of turns, and the wait was a greedy turn.
fn row<Y: Future + Send + 'static>(
    runtime: &str,
    spawn: impl Fn(BoxFuture<'static, ()>),
    yield_now: fn() -> Y,
) -> bool {
    let (tell, told) = mpsc::channel();
    let all_here = Arc::new(Barrier::new(9));
    let end = Instant::now() + SHIFT;
    for work in [[MODEST; 8].as_slice(), &[GREED]].concat() {
        let (tell, all_here) = (tell.clone(), all_here.clone());
        spawn(Box::pin(async move {
            all_here.wait().await;
            let (turns, waited) = take_turns(work, yield_now, end).await;
            tell.send((work, turns, waited)).expect("it is listened to");
        }));
    }
    drop(tell);
    let mut all: Vec<_> = told.iter().collect();
    all.sort(); // the greedy one becomes the last
    let turns: Vec<_> = all.iter().map(|(_, turns, _)| *turns).collect();
    let [least, .., most, greedy] = turns[..] else { unreachable!("nine") };
    let waited = all[..8].iter().map(|(_, _, waited)| *waited);
    let waited = waited.max().expect("there are eight");
    let share = 100.0 * ms(GREED * greedy) / ms(SHIFT);
    say!(
        "{runtime:<15}{:>12}{greedy:>12}{share:>10.0} %{:>15.1} ms",
        format!("{least}-{most}"),
        ms(waited)
    );
    greedy.abs_diff(least) <= 2 && most - least <= 2 && waited >= GREED
}

/// The turns that it had, and the longest wait for one.
async fn take_turns<Y: Future>(
    work: Duration,
    yield_now: fn() -> Y,
    end: Instant,
) -> (u32, Duration) {
    let (mut turns, mut waited) = (0, Duration::ZERO);
    let mut asked = Instant::now();
    while Instant::now() < end {
        turns += 1;
        waited = waited.max(asked.elapsed());
        let tired = thread_cpu() + work;
        while thread_cpu() < tired {}
        asked = Instant::now();
        yield_now().await;
    }
    (turns, waited)
}

fn branches<F: Future<Output = bool>>(
    name: &str,
    round: fn() -> F,
) -> [u32; 2] {
    let first = smol::block_on(async {
        let mut first = 0;
        for _ in 0..ROUNDS {
            first += u32::from(round().await);
        }
        first
    });
    say!("{name:<27}{first:>12}{:>12}", ROUNDS - first);
    [first, ROUNDS - first]
}

async fn by_lot() -> bool {
    select! {
        first = ready(true) => first,
        second = ready(false) => second,
    }
}

async fn biased() -> bool {
    select! {
        biased; // WRONG, unless the first branch is seldom ready
        first = ready(true) => first,
        second = ready(false) => second,
    }
}
