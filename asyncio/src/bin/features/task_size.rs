//! Memory of a sleeping task on tokio and smol, and of a thread.
//!
//!     cargo run -p asyncio --bin task_size
//!
//! A task takes what its future keeps (`future_size`), and some hundred bytes
//! of its runtime; the buffer of one row is 4 KiB large. Resident memory is
//! counted, in a process for each row; for a thread also what the kernel keeps,
//! a stack of 16 KiB and page tables.
//!
//! Read `future_size` first.
//!
//! Claims: A12, A30
//! Change this and watch: `LARGE` to 100. The future keeps less than 1 KB then,
//! and A12 is contradicted.
//!
//! Output (figures vary):
//!     asleep                how many  bytes each
//!     a task of tokio          20000         464
//!     a task with a buffer      2000        4694
//!     a task of smol           20000         272
//!     a thread                   200       31232
//!     The article, A12: "An active coroutine uses less than 1 KB until it ends."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A12 is borne out: asleep, a task takes 464 bytes, 4694 with a buffer; a thread 31232
//!     The article, A30: "Unlike threads, coroutines cost no extra memory."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A30 is borne out: asleep, a task takes 464 bytes, 4694 with a buffer; a thread 31232

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::{hint::black_box, thread, time::Duration};

use shared::{Failure, Result, Table, claim, flags, role, say};
use shared::{measure::Memory, watchdog::Watchdog};
use smol::Timer;
use tokio::time::sleep;

const LARGE: usize = 4 << 10;
const LONG: Duration = Duration::from_hours(1);

fn main() -> Result {
    if let Some([kind, count]) = role::started_as("parked") {
        return park(&kind, count.parse()?); // as a child: this program again
    }
    flags([]);
    let mut table = Table::new(["asleep", "how many", "bytes each"]);
    let tokio = measured(&mut table, "a task of tokio", 20_000)?;
    let large = measured(&mut table, "a task with a buffer", 2_000)?;
    let smol = measured(&mut table, "a task of smol", 20_000)?;
    let thread = measured(&mut table, "a thread", 200)?;
    table.print();

    let task = tokio.max(smol);
    let figure = format!(
        "asleep, a task takes {task} bytes, {large} with a buffer; a thread \
         {thread}"
    );
    claim("A12", task < 1_000 && large > 1_000, &figure)?;
    claim("A30", task > 0 && thread > 5 * task, figure)
}

/// The parent: measured in a process of its own, no row disturbs another.
fn measured(table: &mut Table<3>, kind: &str, count: usize) -> Result<u64> {
    let mut child = role::command("parked")?;
    let child = child.args([kind, &count.to_string()]).output()?;
    let bytes = String::from_utf8(child.stdout)?.trim().parse();
    let bytes = bytes.map_err(|_| Failure::new(format!("no {kind}")))?;
    table.row([&kind, &count, &bytes]);
    Ok(bytes)
}

static ASLEEP: AtomicUsize = AtomicUsize::new(0);

/// The child: prints the bytes of each of `count` that sleep. They end with
/// this process.
#[tokio::main]
async fn park(kind: &str, count: usize) -> Result {
    let _guard = Watchdog::guard("parking", Duration::from_secs(20))?;
    let before = Memory::now()?;
    for _ in 0..count {
        match kind {
            "a task of tokio" => drop(spawn_small(1_000, small())),
            "a task with a buffer" => drop(tokio::spawn(large())),
            "a task of smol" => smol::spawn(of_smol()).detach(),
            _ => drop(thread::spawn(blocks)),
        }
    }
    while ASLEEP.load(Relaxed) < count {
        sleep(Duration::from_millis(1)).await;
    }
    let grown = Memory::now()?.total() - before.total();
    say!("{}", 1024 * grown / count as u64);
    Ok(())
}

async fn small() {
    ASLEEP.fetch_add(1, Relaxed);
    sleep(LONG).await;
}

async fn large() {
    let buffer = [1_u8; LARGE];
    small().await;
    black_box(&buffer);
}

async fn of_smol() {
    ASLEEP.fetch_add(1, Relaxed);
    Timer::after(LONG).await;
}

fn blocks() {
    ASLEEP.fetch_add(1, Relaxed);
    thread::sleep(LONG);
}

// ANCHOR: task_size
use tokio::task::JoinHandle;

/// Spawns a task, and panics in a debug build if its future is larger than
/// `most` bytes: call it where thousands of tasks are started.
pub fn spawn_small<F>(most: usize, future: F) -> JoinHandle<F::Output>
where
    // The result is `Send`, too.
    F: Future<Output: Send + 'static> + Send + 'static,
{
    debug_assert!(size_of::<F>() <= most, "{} bytes", size_of::<F>());
    tokio::spawn(future)
}
// ANCHOR_END: task_size
