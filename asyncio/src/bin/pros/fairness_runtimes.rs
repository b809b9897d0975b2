//! Fair scheduling on tokio, smol, async-std: equal turns, but not equal time.
//!
//!     cargo run -p asyncio --bin fairness_runtimes
//!
//! Each runtime has one thread. Eight tasks work 50 us for each turn, a greedy one
//! 5 ms. No runtime interrupts it: the others wait at least one greedy turn.
//!
//! Read `fairness` first.
//!
//! Claims: A29
//! Change this and watch: `GREEDY` to 20 ms. The others wait four times as long,
//! and still have as many turns as the greedy one.
//!
//! Output (figures vary):

use std::sync::{Arc, mpsc};
use std::{future::pending, thread, time::Duration, time::Instant};

use futures::future::BoxFuture;
use shared::measure::{NoiseMeter, ms, thread_cpu};
use shared::{Result, Table, claim_timed, flags, role};
use tokio::{runtime::Builder, sync::Barrier};

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
    let runtime = Builder::new_current_thread().build()?;
    let tokio = runtime.handle().clone();
    // Not joined: runs tokio's tasks until the program ends.
    thread::spawn(move || runtime.block_on(pending::<()>()));
    let on_tokio = |task: Task| drop(tokio.spawn(task));
    let on_smol = |task: Task| smol::spawn(task).detach();
    let on_async_std = |task: Task| drop(async_std::task::spawn(task));
    let meter = NoiseMeter::start();
    let runtimes = [
        ("tokio", turns(on_tokio, tokio::task::yield_now)),
        ("smol", turns(on_smol, smol::future::yield_now)),
        ("async-std", turns(on_async_std, async_std::task::yield_now)),
    ];
    let noise = meter.read();
    verdict(runtimes, noise)
}

type Task = BoxFuture<'static, ()>;

/// What a task has had: the greedy one is the last of nine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Had {
    work: Duration,
    turns: u32,
    waited: Duration,
}

fn turns<Y: Future + Send + 'static>(
    spawn: impl Fn(Task),
    yield_now: fn() -> Y,
) -> Vec<Had> {
    let (tell, told) = mpsc::channel();
    let all_here = Arc::new(Barrier::new(9));
    let end = Instant::now() + TIME;
    for n in 0..9 {
        let work = if n == 4 { GREEDY } else { MODEST };
        let (tell, all_here) = (tell.clone(), all_here.clone());
        spawn(Box::pin(async move {
            all_here.wait().await;
            let had = take_turns(work, yield_now, end).await;
            tell.send(had).expect("it is listened to");
        }));
    }
    drop(tell);
    let mut all: Vec<_> = told.iter().collect();
    all.sort();
    all
}

async fn take_turns<Y: Future>(
    work: Duration,
    yield_now: fn() -> Y,
    end: Instant,
) -> Had {
    let mut had = Had { work, turns: 0, waited: Duration::ZERO };
    while Instant::now() < end {
        had.turns += 1;
        let tired = thread_cpu() + work;
        while thread_cpu() < tired {}
        let asked = Instant::now();
        yield_now().await;
        had.waited = had.waited.max(asked.elapsed());
    }
    had
}

fn verdict(
    runtimes: [(&str, Vec<Had>); 3],
    noise: shared::measure::Noise,
) -> Result {
    let mut table = Table::new([
        "runtime",
        "turns of 8",
        "greedy",
        "its share",
        "8 waited",
    ]);
    let (mut fair, mut least) = (0, Duration::MAX);
    for (runtime, had) in &runtimes {
        let [first, .., last, greedy] = had[..] else { unreachable!("nine") };
        let waited = had[..8].iter().map(|had| had.waited).max();
        let waited = waited.expect("there are eight");
        table.row([
            runtime,
            &format_args!("{}-{}", first.turns, last.turns),
            &greedy.turns,
            &format_args!(
                "{:.0} %",
                100.0 * ms(GREEDY * greedy.turns) / ms(TIME)
            ),
            &format_args!("{:.1} ms", ms(waited)),
        ]);
        fair += u32::from(
            last.turns.abs_diff(greedy.turns) <= 2
                && last.turns - first.turns <= 2,
        );
        least = least.min(waited);
    }
    table.print();
    let figure = format!(
        "{fair} of 3 runtimes give equal turns; on all a task waits {:.1} ms for a greedy one",
        ms(least)
    );
    claim_timed("A29", fair == 3 && least >= GREEDY, noise, figure)
}
