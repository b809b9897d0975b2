//! Worker threads by default: how many each async runtime starts, and others.
//!
//!     cargo run -p asyncio --bin default_workers
//!
//! Each runtime runs a task with a timer, in a process of its own. smol and
//! async-std have one more thread for timers and sockets (`async-io`); tokio's
//! workers wait for these themselves. Python's event loop has one thread.
//!
//! Read `hidden_threads` first.
//!
//! Claims: A9, X2
//! Change this and watch: put `SMOL_THREADS=4` before the command. smol has
//! several workers then, and X2 is contradicted.
//!
//! Output (figures vary):
//!     runtime                       workers  others
//!     tokio current_thread                0       0
//!     tokio multi_thread                  2       0
//!     tokio, told to have 1 worker        1       0
//!     smol                                1       1
//!     async-std                           2       1
//!     The article, A9: "One process, one thread."
//!     Our answer for Rust: limits (true within limits)
//!     A9 borne out: threads to run one task, by runtime: [1, 3, 2, 3, 4]
//!     The article, X2: "(Not in the article.) How many workers there are by default."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     X2 borne out: worker threads by default: [0, 2, 1, 1, 2]

use std::{fs, thread, time::Duration};

use shared::measure::cores;
use shared::{Failure, Result, Table, claim, flags, role, say};

const RUNTIMES: [&str; 5] = [
    "tokio current_thread",
    "tokio multi_thread",
    "tokio, told to have 1 worker",
    "smol",
    "async-std",
];

fn main() -> Result {
    if let Some([runtime]) = role::started_as("witness") {
        return be_a_witness(&runtime);
    }
    flags([]);
    let mut table = Table::new(["runtime", "workers", "others"]);
    let (mut workers, mut all) = (Vec::new(), Vec::new());
    for runtime in RUNTIMES {
        let Threads { worker, other } = witness(runtime)?;
        table.row([&runtime, &worker, &other]);
        workers.push(worker);
        all.push(1 + worker + other);
    }
    table.print();
    let figure = format!("threads to run one task, by runtime: {all:?}");
    claim("A9", all[0] == 1 && all[1..].iter().all(|n| *n > 1), figure)?;
    let figure = format!("worker threads by default: {workers:?}");
    claim("X2", workers == [0, cores(), 1, 1, cores()], figure)
}

/// How many threads there are beside the main thread.
struct Threads {
    worker: usize,
    other: usize,
}

/// The parent: starts the runtime in a process of its own.
fn witness(runtime: &str) -> Result<Threads> {
    let ended = role::command("witness")?.arg(runtime).output()?;
    let names = String::from_utf8(ended.stdout)?;
    let other = names.lines().filter(|name| *name == "async-io").count();
    match names.lines().count() {
        0 => Err(Failure::new(String::from_utf8_lossy(&ended.stderr))),
        all => Ok(Threads { worker: all - 1 - other, other }),
    }
}

/// The child: prints the names of its threads.
fn be_a_witness(runtime: &str) -> Result {
    let one = Builder::new_current_thread().enable_time().build()?;
    match runtime {
        "tokio current_thread" => one.block_on(on_tokio()),
        "tokio multi_thread" => Runtime::new()?.block_on(on_tokio()),
        "tokio, told to have 1 worker" => {
            limited_runtime(1, 1)?.block_on(on_tokio())
        }
        "smol" => smol::block_on(async {
            smol::spawn(smol::Timer::after(MOMENT)).await;
            tell()
        }),
        _ => async_std::task::block_on(async {
            async_std::task::spawn(async_std::task::sleep(MOMENT)).await;
            tell()
        }),
    }
}

const MOMENT: Duration = Duration::from_millis(20);

async fn on_tokio() -> Result {
    tokio::spawn(tokio::time::sleep(MOMENT)).await?;
    tell()
}

fn tell() -> Result {
    thread::sleep(MOMENT); // a new thread has its parent's name until it runs
    for thread in fs::read_dir("/proc/self/task")? {
        say!("{}", fs::read_to_string(thread?.path().join("comm"))?.trim());
    }
    Ok(())
}

// ANCHOR: default_workers
use std::io;
use tokio::runtime::{Builder, Runtime};

/// A runtime with as many workers, and threads for blocking calls at most, as
/// you say: by default there are a worker for each core, and up to 512 threads
/// for blocking calls.
pub fn limited_runtime(workers: usize, blocking: usize) -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(workers).max_blocking_threads(blocking);
    builder.enable_all().build()
}
// ANCHOR_END: default_workers
