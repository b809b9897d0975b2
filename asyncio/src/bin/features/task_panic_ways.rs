//! A panic in nine kinds of task: error propagation on three runtimes.
//!
//!     cargo run -p asyncio --bin task_panic_ways
//!
//! Each way runs in a child process. `Err`: the panic is a value for whoever
//! awaits the task. `panic`: it goes on there. After a task that nobody awaits,
//! the same worker has to run another one: only then the program "goes on".
//! async-std's documentation says that a panic ends the program; it does not.
//!
//! Read `task_panic` first.
//!
//! Claims: T6, F6, X3
//! Change this and watch: await the task in `tokio_dropped`. Its error is
//! returned, too, and T6 is contradicted.
//!
//! Output (figures vary):

use std::panic::{catch_unwind, resume_unwind};
use std::{thread, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use shared::watchdog::Watchdog;
use shared::{Failure, Result, Table, claim, flags, panic_text, role, say};
use tokio::task::{JoinError, JoinSet, spawn_blocking};

fn main() -> Result {
    if let Some([way]) = role::started_as("victim") {
        return panic_and_tell(&way);
    }
    flags([]);
    let mut table = Table::new(["way", "returned", "stderr names", "ends"]);
    let mut ends = Vec::new();
    for (way, _) in WAYS {
        let end = run(way)?;
        let code = end.code.map_or("signal".into(), |code| match code {
            0 => "goes on".to_string(),
            code => format!("exit {code}"),
        });
        table.row([&way, &end.returned, &end.thread, &code]);
        ends.push(end);
    }
    table.print();
    verdict(&ends)
}

/// How a child ended, and who was told of the panic.
struct End {
    /// What its `main` got: `Err` or `panic`, and the message; or nothing.
    returned: String,
    /// Which thread the report on standard error names.
    thread: String,
    /// `None`: a signal ended it.
    code: Option<i32>,
}

/// The parent: runs a way in a child.
fn run(way: &str) -> Result<End> {
    let mut child = role::command("victim")?;
    child.arg(way).env("RUST_BACKTRACE", "0");
    child.envs([("SMOL_THREADS", "1"), ("ASYNC_STD_THREAD_COUNT", "1")]);
    let output = child.output()?;
    let report = String::from_utf8_lossy(&output.stderr);
    let told = String::from_utf8_lossy(&output.stdout).trim().to_string();
    Ok(End {
        returned: if told.is_empty() { "nothing".into() } else { told },
        thread: report.split('\'').nth(1).unwrap_or("none").to_string(),
        code: output.status.code(),
    })
}

fn verdict(ends: &[End]) -> Result {
    let with = |text: &str| ends.iter().filter(|e| e.returned == text).count();
    let values = with("Err: no number");
    let (panics, lost) = (with("panic: no number"), with("nothing"));
    let figure = format!(
        "of 9 panics {values} came back as an error, {panics} as a panic; \
         {lost} were lost, nobody awaited"
    );
    claim("T6", values + panics == 6 && lost == 3, &figure)?;
    claim("F6", values > 0 && panics > 0, &figure)?;
    let alive = |end: &End| match end.returned.starts_with("panic") {
        true => end.code == Some(101),
        false => end.code == Some(0),
    };
    claim("X3", ends.iter().all(alive), figure)
}

/// The child: fails in one way, and says what its `main` gets.
fn panic_and_tell(name: &str) -> Result {
    let _bound = Watchdog::guard("the victim", Duration::from_secs(2))?;
    let known = WAYS.iter().find(|(way, _)| *way == name);
    let (_, way) = known.ok_or_else(|| Failure::new("no such way"))?;
    let mut tokio = tokio::runtime::Builder::new_multi_thread();
    let tokio = tokio.worker_threads(1).build()?;
    match catch_unwind(|| tokio.block_on(way())) {
        Ok(Ok(())) => {}
        Ok(Err(payload)) => say!("Err: {}", panic_text(&*payload)),
        Err(payload) => {
            say!("panic: {}", panic_text(&*payload));
            resume_unwind(payload); // without us it would have ended `main`
        }
    }
    Ok(())
}

async fn parse() {
    panic!("no number");
}

/// The task after it. Each runtime has one worker here: this one runs only when
/// the other has failed, and only if its worker lives.
async fn next() {}

/// A name, and what the program gets as a value.
type Way = (&'static str, fn() -> BoxFuture<'static, thread::Result<()>>);

const WAYS: [Way; 9] = [
    ("tokio, awaited", || tokio_awaited().boxed()),
    ("tokio, dropped", || tokio_dropped().boxed()),
    ("tokio JoinSet", || tokio_join_set().boxed()),
    ("tokio spawn_blocking", || tokio_blocking().boxed()),
    ("smol, awaited", || smol_awaited().boxed()),
    ("smol, caught", || outcome(smol::spawn(parse())).boxed()),
    ("smol, detached", || smol_detached().boxed()),
    ("async-std, awaited", || std_awaited().boxed()),
    ("async-std, dropped", || std_dropped().boxed()),
];

async fn tokio_awaited() -> thread::Result<()> {
    tokio::spawn(parse()).await.map_err(JoinError::into_panic)
}

async fn tokio_dropped() -> thread::Result<()> {
    drop(tokio::spawn(parse())); // WRONG: its error is lost
    tokio::spawn(next()).await.map_err(JoinError::into_panic)
}

async fn tokio_join_set() -> thread::Result<()> {
    let mut tasks = JoinSet::from_iter([parse()]);
    let first = tasks.join_next().await.expect("there is one");
    first.map_err(JoinError::into_panic)
}

async fn tokio_blocking() -> thread::Result<()> {
    let call = || smol::future::block_on(parse());
    spawn_blocking(call).await.map_err(JoinError::into_panic)
}

async fn smol_awaited() -> thread::Result<()> {
    smol::spawn(parse()).await;
    Ok(())
}

async fn smol_detached() -> thread::Result<()> {
    smol::spawn(parse()).detach(); // WRONG: nobody can await it now
    smol::spawn(next()).await;
    Ok(())
}

async fn std_awaited() -> thread::Result<()> {
    async_std::task::spawn(parse()).await;
    Ok(())
}

async fn std_dropped() -> thread::Result<()> {
    drop(async_std::task::spawn(parse())); // WRONG: as with tokio
    async_std::task::spawn(next()).await;
    Ok(())
}

// ANCHOR: task_panic_ways
/// What a task of smol or async-std returns, or the payload of its panic: as
/// tokio's handles return it by themselves.
pub async fn outcome<T>(
    task: impl Future<Output = T>,
) -> std::thread::Result<T> {
    use futures::FutureExt;
    std::panic::AssertUnwindSafe(task).catch_unwind().await
}
// ANCHOR_END: task_panic_ways
