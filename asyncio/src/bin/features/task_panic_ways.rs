//! A panic in six kinds of task: error propagation on three runtimes.
//!
//!     cargo run -p asyncio --bin task_panic_ways
//!
//! `Err`: the panic is a value for whoever awaits the task. `panic`: it goes on
//! in whoever awaits the task; if nobody catches it, it ends `main`, with exit
//! status 101. After a task that nobody awaits, the same worker runs another
//! task. async-std's documentation says that a panic ends the program; it does
//! not.
//!
//! Read `task_panic` first.
//!
//! Claims: T6, F6, X3
//! Change this and watch: `smol::spawn(parse()).await` for the task that is
//! detached. Its panic goes on, it is not lost, and T6 is contradicted.
//!
//! Output (figures vary):
//!     way                 returned
//!     tokio, awaited      Err: no number
//!     tokio, dropped      nothing; the next task runs
//!     smol, awaited       panic: no number
//!     smol, caught        Err: no number
//!     smol, detached      nothing; the next task runs
//!     async-std, awaited  panic: no number
//!     T6 borne out: of 6 panics 2 came back as an error, 2 as a panic; 2 were lost, nobody awaited
//!     F6 borne out: of 6 panics 2 came back as an error, 2 as a panic; 2 were lost, nobody awaited
//!     X3 borne out: of 6 panics 2 came back as an error, 2 as a panic; 2 were lost, nobody awaited

use std::{panic, thread};

use shared::{Result, Table, claim, flags, panic_text};
use tokio::{runtime::Builder, task::JoinError};

fn main() -> Result {
    flags([]);
    panic::set_hook(Box::new(|_| ())); // the table tells it
    let tokio = Builder::new_multi_thread().worker_threads(1).build()?;
    let _entered = tokio.enter(); // for `tokio::spawn`
    let told = [
        ("tokio, awaited", tell(tokio_awaited())),
        ("tokio, dropped", tell(tokio_dropped())),
        ("smol, awaited", tell(smol_awaited())),
        ("smol, caught", tell(outcome(smol::spawn(parse())))),
        ("smol, detached", tell(smol_detached())),
        ("async-std, awaited", tell(async_std_awaited())),
    ];
    let mut table = Table::new(["way", "returned"]);
    told.iter().for_each(|(way, told)| table.row([way, told]));
    table.print();
    verdict(&told)
}

fn verdict(told: &[(&str, String)]) -> Result {
    let with = |text: &str| told.iter().filter(|(_, t)| t == text).count();
    let (values, panics) = (with("Err: no number"), with("panic: no number"));
    let next = with("nothing; the next task runs");
    let figure = format!(
        "of 6 panics {values} came back as an error, {panics} as a panic; \
         {next} were lost, nobody awaited"
    );
    claim("T6", values + panics == 4, &figure)?;
    claim("F6", values > 0 && panics > 0, &figure)?;
    claim("X3", values + panics + next == told.len(), figure)
}

/// What the thread that waits gets.
fn tell(way: impl Future<Output = thread::Result<u32>>) -> String {
    let way = panic::AssertUnwindSafe(way);
    match panic::catch_unwind(|| smol::future::block_on(way)) {
        Ok(Ok(_next)) => "nothing; the next task runs".into(),
        Ok(Err(payload)) => format!("Err: {}", panic_text(&*payload)),
        Err(payload) => format!("panic: {}", panic_text(&*payload)),
    }
}

async fn parse() -> u32 {
    panic!("no number")
}

/// The task after it. tokio and smol have one worker here: this one runs only
/// when the other has failed, and only if its worker lives.
async fn next() -> u32 {
    7
}

async fn tokio_awaited() -> thread::Result<u32> {
    tokio::spawn(parse()).await.map_err(JoinError::into_panic)
}

async fn tokio_dropped() -> thread::Result<u32> {
    drop(tokio::spawn(parse())); // WRONG: its error is lost
    tokio::spawn(next()).await.map_err(JoinError::into_panic)
}

async fn smol_awaited() -> thread::Result<u32> {
    Ok(smol::spawn(parse()).await)
}

async fn smol_detached() -> thread::Result<u32> {
    smol::spawn(parse()).detach(); // WRONG: nobody can await it now
    Ok(smol::spawn(next()).await)
}

async fn async_std_awaited() -> thread::Result<u32> {
    Ok(async_std::task::spawn(parse()).await)
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
