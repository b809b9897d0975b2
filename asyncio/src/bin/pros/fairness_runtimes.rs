//! Fair scheduling on tokio, smol, async-std: equal turns, but not equal time.
//!
//!     cargo run -p asyncio --bin fairness_runtimes
//!
//! Each runtime has one thread. Eight tasks work 50 us for each turn, a greedy
//! one 5 ms. No runtime interrupts the greedy task: the others wait at least
//! one greedy turn. But each of the nine has as many turns as the others.
//!
//! Read `fairness` first.
//!
//! Claims: A29
//! Change this and watch: `GREEDY` to 20 ms. The others wait four times as
//! long, and have a quarter of the turns: still as many as the greedy one.
//!
//! Output (times vary, counts do not):
//!                turns of each  ms waited
//!     tokio      36-37                5.6
//!     smol       36-37                6.5
//!     async-std  36-37                5.5
//!     The article, A29: "Functions made for the loop are switched quickly and run evenly."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A29 is borne out: on 3 of 3 runtimes tasks have equal turns, and wait 5 ms or more for a greedy one

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use shared::measure::{NoiseMeter, ms, thread_cpu};
use shared::{Result, Table, claim_timed, flags, role};
use smol::future::yield_now; // works on any runtime
use tokio::sync::Barrier;

const OTHERS: usize = 8;
const MODEST: Duration = Duration::from_micros(50);
const GREEDY: Duration = Duration::from_millis(5);
const TIME: Duration = Duration::from_millis(200);

fn main() -> Result {
    // Their global runtimes read this when they start.
    role::restart_with([
        ("SMOL_THREADS", "1"),
        ("ASYNC_STD_THREAD_COUNT", "1"),
    ])?;
    flags([]);
    let (tokio, _stop) = start_loop()?;
    let meter = NoiseMeter::start();
    let mut table = Table::new(["", "turns of each", "ms waited"]);
    let t = &mut table;
    let fair = [
        row(t, "tokio", |task| drop(tokio.spawn(task))),
        row(t, "smol", |task| smol::spawn(task).detach()),
        row(t, "async-std", |task| drop(async_std::task::spawn(task))),
    ];
    table.print();
    let even = fair.iter().filter(|fair| **fair).count();
    let figure = format!(
        "on {even} of {} runtimes tasks have equal turns, and wait {} ms or \
         more for a greedy one",
        fair.len(),
        GREEDY.as_millis()
    );
    claim_timed("A29", even == fair.len(), meter.read(), figure)
}

type Task = BoxFuture<'static, ()>;

/// Whether all had the same number of turns, and waited for the greedy one.
fn row(table: &mut Table<3>, runtime: &str, spawn: impl Fn(Task)) -> bool {
    let all_here = Arc::new(Barrier::new(OTHERS + 1));
    let end = Instant::now() + TIME;
    let (tell, told) = mpsc::channel();
    for work in [GREEDY].into_iter().chain([MODEST; OTHERS]) {
        let (tell, all_here) = (tell.clone(), all_here.clone());
        spawn(Box::pin(async move {
            all_here.wait().await;
            let waits = take_turns(work, end).await;
            tell.send(waits).expect("it is received below");
        }));
    }
    drop(tell); // the tasks have the other senders
    let all: Vec<Vec<Duration>> = told.iter().collect();
    let least = all.iter().map(Vec::len).min().unwrap_or(0);
    let most = all.iter().map(Vec::len).max().unwrap_or(0);
    let wait = all.iter().flatten().max().copied().unwrap_or_default();
    let turns = format!("{least}-{most}");
    table.row([&runtime, &turns, &format_args!("{:.1}", ms(wait))]);
    least > 0 && most - least <= 2 && wait >= GREEDY
}

/// How long it has waited for each of its turns.
async fn take_turns(work: Duration, end: Instant) -> Vec<Duration> {
    let mut waits = Vec::new();
    while Instant::now() < end {
        let tired = thread_cpu() + work;
        while thread_cpu() < tired {}
        let asked = Instant::now();
        yield_now().await;
        waits.push(asked.elapsed());
    }
    waits
}

// ANCHOR: fairness_runtimes
use std::{io, thread};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// `threading.Thread(target=loop.run_forever)`: an event loop on a thread of
/// its own. Start tasks with the handle, from any thread. The loop ends, and
/// cancels its tasks where they wait, when the sender is used or dropped.
pub fn start_loop() -> io::Result<(Handle, oneshot::Sender<()>)> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let (stop, stopped) = oneshot::channel();
    let run = move || _ = runtime.block_on(stopped); // an error: was dropped
    thread::Builder::new().name("event loop".into()).spawn(run)?;
    Ok((handle, stop))
}
// ANCHOR_END: fairness_runtimes
