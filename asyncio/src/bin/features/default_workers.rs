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
//!     Our answer to A9 is borne out: to run a task, tokio's current_thread has 1 thread, others have 2 or more
//!     Not in the article, X2: "How many workers there are by default."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to X2 is borne out: workers by default of tokio, smol, async-std: [2, 1, 2]

use std::{fs, thread, time::Duration, time::Instant};

use shared::measure::cores;
use shared::{Result, Table, claim, ensure, flags, role, say};

fn main() -> Result {
    if let Some([runtime]) = role::started_as("witness") {
        return be_a_witness(&runtime); // as a child: this program again
    }
    flags([]);
    let mut table = Table::new(["runtime", "workers", "others"]);
    let mut row = |runtime| witness(&mut table, runtime);
    let one_thread = row("tokio current_thread")?;
    let tokio = row("tokio multi_thread")?;
    let limited = row("tokio, told to have 1 worker")?;
    let smol = row("smol")?;
    let async_std = row("async-std")?;
    table.print();

    let [one, others] = [one_thread.all, limited.all.min(smol.all)];
    let figure = format!(
        "to run a task, tokio's current_thread has {one} thread, others have \
         {others} or more"
    );
    claim("A9", one == 1 && others > 1, figure)?;
    let workers = [tokio, smol, async_std].map(|threads| threads.workers);
    let figure =
        format!("workers by default of tokio, smol, async-std: {workers:?}");
    let told = limited.workers == 1;
    claim("X2", told && workers == [cores(), 1, cores()], figure)
}

/// How many threads a process has: in all, and as workers of its runtime.
struct Threads {
    all: usize,
    workers: usize,
}

/// The parent: starts the runtime in a process of its own.
fn witness(table: &mut Table<3>, runtime: &str) -> Result<Threads> {
    let ended = role::command("witness")?.arg(runtime).output()?;
    let names = String::from_utf8(ended.stdout)?;
    let all = names.lines().count();
    ensure(all > 0, &String::from_utf8_lossy(&ended.stderr))?;
    let others = names.lines().filter(|name| *name == "async-io").count();
    let workers = all - 1 - others; // and the main thread
    table.row([&runtime, &workers, &others]);
    Ok(Threads { all, workers })
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
    let end = Instant::now() + Duration::from_secs(5);
    for task in fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        // A new thread has the name of its parent. It has its own before it
        // waits for the first time.
        while fs::read_to_string(task.join("status"))?.contains(NEVER_WAITED) {
            ensure(Instant::now() < end, "a thread has no name yet")?;
            thread::sleep(Duration::from_millis(1));
        }
        say!("{}", fs::read_to_string(task.join("comm"))?.trim());
    }
    Ok(())
}

const NEVER_WAITED: &str = "\nvoluntary_ctxt_switches:\t0\n";

// ANCHOR: default_workers
use std::io;
use tokio::runtime::{Builder, Runtime};

/// A runtime with as many workers, and threads for blocking calls at most, as
/// you say. By default there are a worker for each core, and up to 512 threads
/// for blocking calls; further calls wait in a queue that has no limit.
///
/// # Errors
///
/// The system refuses what an event loop needs (a file descriptor).
///
/// # Panics
///
/// When one of the numbers is 0, or the system refuses a thread.
pub fn limited_runtime(workers: usize, blocking: usize) -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(workers).max_blocking_threads(blocking);
    builder.enable_all().build()
}
// ANCHOR_END: default_workers
