//! Spawn 100 000 tasks on tokio, smol and async-std: start-up cost and memory.
//!
//!     cargo run --release -p asyncio --bin spawn_many_runtimes
//!
//! Each runtime has one worker thread, and each row a process of its own. All
//! tasks wait 100 ms at the same time. A task has started when it has run up to
//! its wait. Memory is the peak: of 100 000 tasks the first may end before the
//! last one starts.
//!
//! Read `spawn_many` first.
//!
//! Claims: A31
//! Change this and watch: `--million` instead of 100 000 tasks.
//!
//! Output (figures vary):

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::{thread, time::Duration, time::Instant};

use shared::measure::{ms, peak_rss_kib, rss_kib};
use shared::watchdog::Watchdog;
use shared::{Failure, Result, Table, claim, flags, notice_debug_build, role};

const WAIT: Duration = Duration::from_millis(100);

fn main() -> Result {
    if let Some([model, count]) = role::started_as("starter") {
        return start_all(&model, count.parse()?);
    }
    let [million] = flags(["--million"]);
    notice_debug_build();
    let many = if million { 1_000_000 } else { 100_000 };
    let mut table =
        Table::new(["", "count", "ns to start", "bytes each", "ms for all"]);
    let (mut tasks, mut extra) = (Vec::new(), Vec::new());
    for (model, count) in [
        ("tokio", 10_000),
        ("tokio", many),
        ("smol", 10_000),
        ("smol", many),
        ("async-std", 10_000),
        ("async-std", many),
    ] {
        let cost = measure(model, count, &mut table)?;
        tasks.push(cost.ns);
        extra.push(cost.all_ms - ms(WAIT));
    }
    let thread = measure("threads", 1_000, &mut table)?.ns;
    table.print();
    verdict(&tasks, &extra, thread)
}

/// What a row says of starting tasks.
struct Cost {
    ns: f64,
    all_ms: f64,
}

/// The parent: has another process start tasks, and adds a row.
fn measure(model: &str, count: usize, table: &mut Table<5>) -> Result<Cost> {
    let mut child = role::command("starter")?;
    child.args([model, &count.to_string()]);
    child.envs([("SMOL_THREADS", "1"), ("ASYNC_STD_THREAD_COUNT", "1")]);
    let output = child.output()?; // it ends by itself: it is guarded
    let text = String::from_utf8(output.stdout)?;
    let figures: Vec<f64> =
        text.split_whitespace().flat_map(str::parse).collect();
    let [ns, bytes, all_ms] = figures[..] else {
        return Err(Failure::new(String::from_utf8_lossy(&output.stderr)));
    };
    table.row([&model, &count, &ns, &bytes, &all_ms]);
    Ok(Cost { ns, all_ms })
}

fn verdict(tasks: &[f64], extra: &[f64], thread: f64) -> Result {
    let slowest = tasks.iter().copied().fold(0.0, f64::max);
    let late = extra.iter().copied().fold(0.0, f64::max);
    let figure = format!(
        "a task starts in {slowest} ns at most, a thread in {thread} ns; \
         starting many made the last one {late:.0} ms late"
    );
    claim("A31", thread > 2.0 * slowest && late > 10.0, figure)
}

static STARTED: AtomicUsize = AtomicUsize::new(0);
static ENDED: AtomicUsize = AtomicUsize::new(0);

/// The child: prints ns to start each, bytes each, and ms for all.
fn start_all(model: &str, count: usize) -> Result {
    let _bound = Watchdog::guard("the tasks", Duration::from_secs(20))?;
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()?;
    let before = rss_kib();
    let started = Instant::now();
    for _ in 0..count {
        start(model, &tokio);
    }
    let until = |counted: &AtomicUsize| {
        while counted.load(Relaxed) < count {
            thread::sleep(Duration::from_micros(100));
        }
        started.elapsed()
    };
    let ns = until(&STARTED).as_nanos() / count as u128;
    let all = until(&ENDED).as_millis();
    let bytes = 1_024 * (peak_rss_kib() - before) / count as u64;
    shared::say!("{ns} {bytes} {all}");
    Ok(())
}

/// Not joined: each counts its own end.
fn start(model: &str, tokio: &tokio::runtime::Runtime) {
    match model {
        "tokio" => drop(tokio.spawn(wait(|| tokio::time::sleep(WAIT)))),
        "smol" => smol::spawn(wait(|| smol::Timer::after(WAIT))).detach(),
        "async-std" => {
            drop(async_std::task::spawn(wait(|| async_std::task::sleep(WAIT))))
        }
        _ => drop(thread::spawn(|| {
            STARTED.fetch_add(1, Relaxed);
            thread::sleep(WAIT);
            ENDED.fetch_add(1, Relaxed);
        })),
    }
}

/// Makes the timer inside: a future that is handed over would count twice.
async fn wait<F: Future>(timer: impl FnOnce() -> F) {
    STARTED.fetch_add(1, Relaxed);
    timer().await;
    ENDED.fetch_add(1, Relaxed);
}
