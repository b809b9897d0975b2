//! Fair scheduling on tokio, smol, async-std: equal turns, but not equal time.
//!
//!     cargo run -p asyncio --bin fairness_runtimes
//!
//! Each runtime has one thread. Eight tasks work 50 us for each turn, a greedy
//! one 5 ms. No runtime interrupts it: the others wait at least one greedy
//! turn.
//!
//! Read `fairness` first.
//!
//! Claims: A29
//! Change this and watch: `GREEDY` to 20 ms. The others wait four times as
//! long, and still have as many turns as the greedy one.
//!
//! Output (figures vary):
//!                turns of 8  greedy  ms the 8 waited
//!     tokio      18-18           19             24.9
//!     smol       12-12           13             25.5
//!     async-std  12-12           13             29.5
//!     The article, A29: "Functions made for the loop are switched quickly and run evenly."
//!     Our answer for Rust: limits (true within limits)
//!     A29 borne out: on 3 of 3 runtimes tasks have equal turns, and wait 5 ms or more for a greedy one

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use shared::measure::{NoiseMeter, ms, thread_cpu};
use shared::{Result, Table, claim_timed, flags, role};
use tokio::sync::Barrier;

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
    let on_tokio = |task: Task| drop(tokio.spawn(task));
    let on_smol = |task: Task| smol::spawn(task).detach();
    let on_async_std = |task: Task| drop(async_std::task::spawn(task));
    let meter = NoiseMeter::start();
    let mut table = Table::new(["", "turns of 8", "greedy", "ms the 8 waited"]);
    let t = &mut table;
    let fair = [
        row(t, "tokio", on_tokio, tokio::task::yield_now),
        row(t, "smol", on_smol, smol::future::yield_now),
        row(t, "async-std", on_async_std, async_std::task::yield_now),
    ];
    table.print();
    let fair = fair.iter().filter(|fair| **fair).count();
    let figure = format!(
        "on {fair} of 3 runtimes tasks have equal turns, and wait 5 ms or \
         more for a greedy one"
    );
    claim_timed("A29", fair == 3, meter.read(), figure)
}

type Task = BoxFuture<'static, ()>;

/// Whether all had the same number of turns, and waited for the greedy one.
fn row<Y: Future + Send + 'static>(
    table: &mut Table<4>,
    runtime: &str,
    spawn: impl Fn(Task),
    yield_now: fn() -> Y,
) -> bool {
    let all_here = Arc::new(Barrier::new(9));
    let end = Instant::now() + TIME;
    let start = |work| {
        let (tell, told) = mpsc::channel();
        let all_here = all_here.clone();
        spawn(Box::pin(async move {
            all_here.wait().await;
            let waits = take_turns(work, yield_now, end).await;
            tell.send(waits).expect("it is received below");
        }));
        told
    };
    let others = [(); 8].map(|()| start(MODEST));
    let greedy = start(GREEDY);
    let others = others.map(|told| told.recv().expect("it ends"));
    let greedy = greedy.recv().expect("it ends").len();
    let least = others.iter().map(Vec::len).min().unwrap_or(0);
    let most = others.iter().map(Vec::len).max().unwrap_or(0);
    let waited = others.iter().flatten().max().copied().unwrap_or_default();
    let ms = format!("{:.1}", ms(waited));
    table.row([&runtime, &format_args!("{least}-{most}"), &greedy, &ms]);
    greedy.abs_diff(least) <= 2 && most - least <= 2 && waited >= GREEDY
}

/// How long it has waited for each of its turns.
async fn take_turns<Y: Future>(
    work: Duration,
    yield_now: fn() -> Y,
    end: Instant,
) -> Vec<Duration> {
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
