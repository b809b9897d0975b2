//! What a task weighs: its future, known when it is compiled, and the rest.
//!
//!     cargo run -p asyncio --bin task_size
//!
//! A future has room for all that is in scope at an await; what it calls is
//! inside of it. If it is handed another future, it has room for that twice:
//! as what it was given, and as what it waits for. Five deep, that is 32 times.
//! What a thread has in the kernel (a stack of 16 KiB) is not counted here.
//!
//! Claims: A12, A30
//! Change this and watch: the size of `BUFFER`; `--many` parks 100 000 tasks
//! instead of 20 000, and each weighs the same.
//!
//! Output (figures vary):
//!     a future with                    bytes  below 1 KB
//!     nothing                              1         yes
//!     one sleep                          120         yes
//!     4 KiB used after a sleep          4224          no
//!     4 KiB used before a sleep         4224          no
//!     4 KiB in a block before it         128         yes
//!     the same sleep 5 calls deep        184         yes
//!     a sleep handed 5 deep             4088          no
//!     4 KiB after a sleep, boxed           8         yes
//!
//!     asleep                        how many  bytes each
//!     boxed future                     20000         139
//!     tokio                            20000         469
//!     smol                             20000         278
//!     async-std                        20000         374
//!     thread                             200       11161
//!     A12 borne out: 120 bytes, or 4224: what it keeps decides
//!     A30 borne out: 469 bytes for a task, 11161 for a thread

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::{hint::black_box, mem, thread, time::Duration};

use async_std::task;
use futures::FutureExt;
use shared::measure::rss_kib;
use shared::{Failure, Result, claim, flags, role, say, watchdog::Watchdog};
use smol::Timer;
use tokio::time::sleep;

const BUFFER: usize = 4 << 10;
const LONG: Duration = Duration::from_hours(1);

fn main() -> Result {
    if let Some([model, count]) = role::started_as("parked") {
        return parked(&model, count.parse()?);
    }
    let [many] = flags(["--many"]);
    let tasks = if many { 100_000 } else { 20_000 };
    futures()?;
    say!("\n{:<28}{:>10}{:>12}", "asleep", "how many", "bytes each");
    row("boxed future", tasks)?;
    let tokio = row("tokio", tasks)?;
    let smol = row("smol", tasks)?;
    let async_std = row("async-std", tasks)?;
    let thread = row("thread", 200)?;
    let heaviest = tokio.max(smol).max(async_std);
    let (small, large) =
        (size_of_val(&one_sleep()), size_of_val(&used_after()));
    let figure = format!("{small} bytes, or {large}: what it keeps decides");
    claim("A12", small < 1_000 && large > 4_000, figure)?;
    let figure = format!("{heaviest} bytes for a task, {thread} for a thread");
    claim("A30", heaviest > 0 && thread > 5 * heaviest, figure)
}

fn futures() -> Result {
    say!("{:<28}{:>10}{:>12}", "a future with", "bytes", "below 1 KB");
    let sizes = [
        ("nothing", size_of_val(&async {})),
        ("one sleep", size_of_val(&one_sleep())),
        ("4 KiB used after a sleep", size_of_val(&used_after())),
        ("4 KiB used before a sleep", size_of_val(&used_before())),
        ("4 KiB in a block before it", size_of_val(&in_a_block())),
        ("the same sleep 5 calls deep", size_of_val(&five_calls())),
        ("a sleep handed 5 deep", size_of_val(&handed_five_times())),
        ("4 KiB after a sleep, boxed", size_of_val(&Box::pin(used_after()))),
    ];
    sizes.into_iter().try_for_each(|(future, bytes)| {
        let small = if bytes < 1_000 { "yes" } else { "no" };
        say!("{future:<28}{bytes:>10}{small:>12}");
        Ok(())
    })
}

async fn one_sleep() {
    sleep(LONG).await;
}

async fn used_after() {
    let buffer = [0_u8; BUFFER];
    one_sleep().await;
    black_box(&buffer);
}

async fn used_before() {
    let buffer = [0_u8; BUFFER];
    black_box(&buffer);
    one_sleep().await; // WRONG: the buffer is in scope, though nobody needs it
}

async fn in_a_block() {
    {
        let buffer = [0_u8; BUFFER];
        black_box(&buffer);
    }
    one_sleep().await;
}

async fn five_calls() {
    let deepest = async || one_sleep().await;
    let deeper = async || deepest().await;
    let deep = async || deeper().await;
    deep().await;
}

fn handed_five_times() -> impl Future {
    passed_on(passed_on(passed_on(passed_on(passed_on(one_sleep())))))
}

async fn passed_on<F: Future>(other: F) {
    other.await;
}

/// Measured by this program, started again: no row disturbs another.
fn row(model: &str, count: usize) -> Result<u64> {
    let mut again = role::command("parked")?;
    // It ends by itself: it is guarded.
    let child = again.args([model, &count.to_string()]).output()?;
    let bytes = String::from_utf8(child.stdout)?.trim().parse();
    let bytes = bytes.map_err(|_| Failure::new(format!("no {model}")))?;
    say!("{model:<28}{count:>10}{bytes:>12}");
    Ok(bytes)
}

static ASLEEP: AtomicUsize = AtomicUsize::new(0);

/// Makes the nap inside: handed over as a future, it would count twice.
async fn counted<F: Future>(nap: impl FnOnce() -> F) {
    ASLEEP.fetch_add(1, Relaxed);
    nap().await;
}

/// Prints the resident bytes of each of `count` tasks that sleep. Nobody ends
/// them but this process, with its own end.
#[tokio::main]
async fn parked(model: &str, count: usize) -> Result {
    let _guard = Watchdog::guard("parking", Duration::from_secs(20))?;
    let before = rss_kib();
    for _ in 0..count {
        match model {
            "boxed future" => {
                let mut alone = Box::pin(counted(|| sleep(LONG)));
                _ = alone.as_mut().now_or_never(); // once, to fall asleep
                mem::forget(alone);
            }
            "tokio" => drop(tokio::spawn(counted(|| sleep(LONG)))),
            "smol" => smol::spawn(counted(|| Timer::after(LONG))).detach(),
            "async-std" => drop(task::spawn(counted(|| task::sleep(LONG)))),
            _ => drop(thread::spawn(|| {
                ASLEEP.fetch_add(1, Relaxed);
                thread::sleep(LONG);
            })),
        }
    }
    while ASLEEP.load(Relaxed) < count {
        sleep(Duration::from_millis(1)).await;
    }
    say!("{}", 1024 * (rss_kib() - before) / count as u64);
    Ok(())
}
