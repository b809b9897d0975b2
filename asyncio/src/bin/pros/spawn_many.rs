//! A thousand tasks, ten thousand, a hundred thousand: each waits a moment.
//!
//!     cargo run --release -p asyncio --bin spawn_many
//!
//! All wait at the same time, so the whole should take as long as one of them,
//! 100 ms, and the starting. A task has started when it has run up to its wait;
//! bytes are those of the moment when most of them were there.
//!
//! Claims: A24, A31
//! Change this and watch: `--million` instead of a hundred thousand. The first
//! end before the last start, so fewer are there at once.
//!
//! Output (figures vary):
//!     tasks on       count   ns to start    bytes each    ms for all
//!     tokio           1000          4996           475           106
//!     tokio          10000           973           442           112
//!     tokio         100000           929           449           208
//!     smol            1000           902           438           100
//!     smol           10000           581           239           107
//!     smol          100000          1083           245           208
//!     async-std       1000          1140           573           101
//!     async-std      10000           902           363           108
//!     async-std     100000           989           345           207
//!     threads         1000         30988          9658           130
//!     A24 borne out: 10000 waits of 100 ms took 112 ms at most
//!     A31 borne out: 973 ns at most for a task, 30988 for a thread

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{env, process, thread};

use async_std::task;
use shared::measure::{peak_rss_kib, rss_kib};
use shared::{
    Failure, Result, claim, flags, notice_debug_build, say, watchdog::Watchdog,
};
use smol::Timer;
use tokio::time::sleep;

const MOMENT: Duration = Duration::from_millis(100);

fn main() -> Result {
    let arguments: Vec<String> = env::args().collect();
    if arguments.len() == 4 && arguments[1] == "as-starter" {
        return start(&arguments[2], arguments[3].parse()?);
    }
    let [million] = flags(["--million"]);
    title();
    let largest = if million { 1_000_000 } else { 100_000 };
    let [mut nanos, mut wall] = [0; 2];
    for model in ["tokio", "smol", "async-std"] {
        row(model, 1_000)?;
        let [start, all] = row(model, 10_000)?;
        (nanos, wall) = (nanos.max(start), wall.max(all));
        row(model, largest)?;
    }
    let [thread, _] = row("threads", 1_000)?;
    let figure = format!("10000 waits of 100 ms took {wall} ms at most");
    claim("A24", wall < 1_000, figure)?;
    let figure =
        format!("{nanos} ns at most for a task, {thread} for a thread");
    claim("A31", nanos > 0 && thread > 2 * nanos, figure)
}

fn title() {
    notice_debug_build();
    say!(
        "{:<12}{:>8}{:>14}{:>14}{:>14}",
        "tasks on",
        "count",
        "ns to start",
        "bytes each",
        "ms for all"
    );
}

/// Nanoseconds to start each, and milliseconds for all. They are measured by
/// this program, started again: no row disturbs another.
fn row(model: &str, count: usize) -> Result<[u64; 2]> {
    let child = process::Command::new(env::current_exe()?)
        .args(["as-starter", model, &count.to_string()])
        .output()?; // it ends by itself: it is guarded
    let text = String::from_utf8(child.stdout)?;
    let figures = text.split_whitespace().flat_map(str::parse);
    let [start, bytes, all] = figures.collect::<Vec<u64>>()[..] else {
        return Err(Failure::new(String::from_utf8_lossy(&child.stderr)));
    };
    say!("{model:<12}{count:>8}{start:>14}{bytes:>14}{all:>14}");
    Ok([start, all])
}

static STARTED: AtomicUsize = AtomicUsize::new(0);
static ENDED: AtomicUsize = AtomicUsize::new(0);

/// Makes the moment inside: handed over as a future, it would count twice.
async fn wait<F: Future>(moment: impl FnOnce() -> F) {
    STARTED.fetch_add(1, Relaxed);
    moment().await;
    ENDED.fetch_add(1, Relaxed);
}

/// Prints what `count` tasks cost: ns to start each, bytes each, ms for all.
#[tokio::main]
async fn start(model: &str, count: usize) -> Result {
    let _guard = Watchdog::guard("starting", Duration::from_secs(20))?;
    let before = rss_kib();
    let started = Instant::now();
    for _ in 0..count {
        match model {
            "tokio" => drop(tokio::spawn(wait(|| sleep(MOMENT)))),
            "smol" => smol::spawn(wait(|| Timer::after(MOMENT))).detach(),
            "async-std" => drop(task::spawn(wait(|| task::sleep(MOMENT)))),
            _ => drop(thread::spawn(|| {
                STARTED.fetch_add(1, Relaxed);
                thread::sleep(MOMENT);
                ENDED.fetch_add(1, Relaxed);
            })),
        }
    }
    let until = |counted: &AtomicUsize| {
        while counted.load(Relaxed) < count {
            thread::sleep(Duration::from_micros(100));
        }
        started.elapsed()
    };
    let nanos = until(&STARTED).as_nanos() / count as u128;
    let wall = until(&ENDED).as_millis();
    let bytes = 1_024 * (peak_rss_kib() - before) / count as u64;
    say!("{nanos} {bytes} {wall}");
    Ok(())
}
