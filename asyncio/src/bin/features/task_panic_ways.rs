//! A panic in six kinds of task: error propagation on three runtimes.
//!
//!     cargo run -p asyncio --bin task_panic_ways
//!
//! Each way runs in a child process. `Err`: the panic is a value for whoever
//! awaits the task. `panic`: it goes on there. After a task that nobody awaits,
//! the same worker has to run another one: only then the status is 0.
//! async-std's documentation says that a panic ends the program; it does not.
//!
//! Read `task_panic` first.
//!
//! Claims: T6, F6, X3
//! Change this and watch: `smol::spawn(parse()).await` for the task that is
//! detached. Its panic goes on in `main`, and T6 is contradicted.
//!
//! Output (figures vary):
//!     way                 returned          exit status
//!     tokio, awaited      Err: no number              0
//!     tokio, dropped      nothing                     0
//!     smol, awaited       panic: no number          101
//!     smol, caught        Err: no number              0
//!     smol, detached      nothing                     0
//!     async-std, awaited  panic: no number          101
//!     T6 borne out: of 6 panics 2 came back as an error, 2 as a panic; 2 were lost, nobody awaited
//!     F6 borne out: of 6 panics 2 came back as an error, 2 as a panic; 2 were lost, nobody awaited
//!     X3 borne out: of 6 panics 2 came back as an error, 2 as a panic; 2 were lost, nobody awaited

use std::panic::{catch_unwind, resume_unwind};
use std::{thread, time::Duration};

use shared::watchdog::Watchdog;
use shared::{Result, Table, claim, flags, panic_text, role, say};
use tokio::{runtime::Builder, task::JoinError};

const WAYS: [&str; 6] = [
    "tokio, awaited",
    "tokio, dropped",
    "smol, awaited",
    "smol, caught",
    "smol, detached",
    "async-std, awaited",
];

fn main() -> Result {
    if let Some([way]) = role::started_as("victim") {
        return panic_and_tell(&way);
    }
    flags([]);
    let mut table = Table::new(["way", "returned", "exit status"]);
    let mut ends = Vec::new();
    for way in WAYS {
        let end = run(way)?;
        table.row([&way, &end.returned, &end.status]);
        ends.push(end);
    }
    table.print();
    let with = |text: &str| ends.iter().filter(|e| e.returned == text).count();
    let (values, panics) = (with("Err: no number"), with("panic: no number"));
    let lost = with("nothing");
    let figure = format!(
        "of 6 panics {values} came back as an error, {panics} as a panic; \
         {lost} were lost, nobody awaited"
    );
    claim("T6", values + panics == 4 && lost == 2, &figure)?;
    claim("F6", values > 0 && panics > 0, &figure)?;
    let usual = ends.iter().all(|end| {
        let panics = end.returned.starts_with("panic");
        end.status == if panics { 101 } else { 0 }
    });
    claim("X3", usual, figure)
}

/// How a child ended.
struct End {
    /// What its `main` got: `Err` or `panic`, and the message; or nothing.
    returned: String,
    /// -1: by a signal.
    status: i32,
}

/// The parent: runs a way in a child.
fn run(way: &str) -> Result<End> {
    let mut child = role::command("victim")?;
    child.arg(way).env("SMOL_THREADS", "1");
    let output = child.env("ASYNC_STD_THREAD_COUNT", "1").output()?;
    let told = String::from_utf8(output.stdout)?.trim().to_string();
    let returned = if told.is_empty() { "nothing".into() } else { told };
    Ok(End { returned, status: output.status.code().unwrap_or(-1) })
}

/// The child: fails in one way, and says what its `main` gets.
fn panic_and_tell(way: &str) -> Result {
    let _bound = Watchdog::guard("the victim", Duration::from_secs(2))?;
    let tokio = Builder::new_multi_thread().worker_threads(1).build()?;
    match catch_unwind(|| tokio.block_on(fail(way))) {
        Ok(Ok(_number)) => {}
        Ok(Err(payload)) => say!("Err: {}", panic_text(&*payload)),
        Err(payload) => {
            say!("panic: {}", panic_text(&*payload));
            resume_unwind(payload); // without us it would have ended `main`
        }
    }
    Ok(())
}

async fn parse() -> u32 {
    panic!("no number");
}

/// The task after it. Each runtime has one worker here: this one runs only when
/// the other has failed, and only if its worker lives.
async fn next() -> u32 {
    7
}

/// Returns what the program gets as a value.
async fn fail(way: &str) -> thread::Result<u32> {
    match way {
        "tokio, awaited" => {
            tokio::spawn(parse()).await.map_err(JoinError::into_panic)
        }
        "tokio, dropped" => {
            drop(tokio::spawn(parse())); // WRONG: its error is lost
            tokio::spawn(next()).await.map_err(JoinError::into_panic)
        }
        "smol, awaited" => Ok(smol::spawn(parse()).await),
        "smol, caught" => outcome(smol::spawn(parse())).await,
        "smol, detached" => {
            smol::spawn(parse()).detach(); // WRONG: nobody can await it now
            Ok(smol::spawn(next()).await)
        }
        "async-std, awaited" => Ok(async_std::task::spawn(parse()).await),
        _ => Err(Box::new("no such way")),
    }
}

// ANCHOR: task_panic_ways
use futures::FutureExt;
use std::panic::AssertUnwindSafe;

/// What a task of smol or async-std returns, or the payload of its panic: as
/// tokio's handles return it by themselves.
pub async fn outcome<T>(
    task: impl Future<Output = T>,
) -> std::thread::Result<T> {
    AssertUnwindSafe(task).catch_unwind().await
}
// ANCHOR_END: task_panic_ways
