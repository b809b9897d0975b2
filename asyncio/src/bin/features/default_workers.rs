//! Worker threads by default: how many each async runtime starts, and others.
//!
//!     cargo run -p asyncio --bin default_workers
//!
//! Each runtime runs a task and a timer, and then reads a file, in a process of
//! its own. smol and async-std have one more thread for timers and sockets
//! (`async-io`); tokio's workers wait for these themselves. Files are read by
//! threads for blocking calls. Python's event loop has one thread; its
//! `run_in_executor` starts up to 32.
//!
//! Read `hidden_threads` first.
//!
//! Claims: A9, X2
//! Change this and watch: put `SMOL_THREADS=4` before the command. smol has
//! several workers then, and X2 is contradicted.
//!
//! Output (figures vary):

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
    let mut table = Table::new(["runtime", "workers", "others", "for files"]);
    let (mut workers, mut all) = (Vec::new(), Vec::new());
    for runtime in RUNTIMES {
        let Threads { worker, other, file } = witness(runtime)?;
        table.row([&runtime, &worker, &other, &file]);
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
    file: usize,
}

/// The parent: starts the runtime in a process of its own.
fn witness(runtime: &str) -> Result<Threads> {
    let ended = role::command("witness")?.arg(runtime).output()?;
    let told = String::from_utf8(ended.stdout)?;
    let Some((before, after)) = told.trim_end().split_once('\n') else {
        return Err(Failure::new(String::from_utf8_lossy(&ended.stderr)));
    };
    let count = |line: &str| line.split(", ").count();
    let other = before.matches("async-io").count();
    let file = count(after) - count(before);
    Ok(Threads { worker: count(before) - 1 - other, other, file })
}

/// The child: prints the names of its threads before it reads a file, and after
/// that.
fn be_a_witness(runtime: &str) -> Result {
    match runtime {
        "tokio current_thread" => {
            let one = Builder::new_current_thread().enable_all().build()?;
            one.block_on(on_tokio())
        }
        "tokio multi_thread" => Runtime::new()?.block_on(on_tokio()),
        "tokio, told to have 1 worker" => {
            limited_runtime(1, 1)?.block_on(on_tokio())
        }
        "smol" => smol::block_on(async {
            smol::spawn(smol::Timer::after(MOMENT)).await;
            tell()?;
            smol::fs::read("/dev/null").await?;
            tell()
        }),
        _ => async_std::task::block_on(async {
            async_std::task::spawn(async_std::task::sleep(MOMENT)).await;
            tell()?;
            async_std::fs::read("/dev/null").await?;
            tell()
        }),
    }
}

const MOMENT: Duration = Duration::from_millis(20);

async fn on_tokio() -> Result {
    tokio::spawn(tokio::time::sleep(MOMENT)).await?;
    tell()?;
    tokio::fs::read("/dev/null").await?;
    tell()
}

fn tell() -> Result {
    thread::sleep(MOMENT); // a new thread has its parent's name until it runs
    let mut names = Vec::new();
    for thread in fs::read_dir("/proc/self/task")? {
        names.push(fs::read_to_string(thread?.path().join("comm"))?);
    }
    say!("{}", names.concat().trim_end().replace('\n', ", "));
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
