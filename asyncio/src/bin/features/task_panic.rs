//! Who hears of a panic in a task: nine ways to start one that fails.
//!
//!     cargo run -p asyncio --bin task_panic
//!
//! Each way fails in a child, which is this program started again. `Err` is a
//! value, `panic` goes on in whoever awaits. After a task that nobody awaits,
//! the same worker has to serve another one: only then the program "lives".
//! (async-std's documentation says that a panic ends all: it does not.)
//!
//! Claims: T6, F6, X3
//! Change this and watch: await the task that is dropped. It tells, too: T6 is
//! contradicted, because the table expects three that nobody hears of.
//!
//! Output (figures vary):
//!     way                   hears   text           stderr names      ends
//!     tokio, awaited        Err     the oil burns  tokio-rt-worker   lives
//!     tokio, dropped        nothing -              tokio-rt-worker   lives
//!     tokio JoinSet         Err     the oil burns  tokio-rt-worker   lives
//!     tokio spawn_blocking  Err     the oil burns  tokio-rt-worker   lives
//!     smol, awaited         panic   the oil burns  smol-1            exit 101
//!     smol, caught          Err     the oil burns  smol-1            lives
//!     smol, detached        nothing -              smol-1            lives
//!     async-std, awaited    panic   the oil burns  async-std/runtime exit 101
//!     async-std, dropped    nothing -              async-std/runtime lives
//!     T6 borne out: 6 of 9 tell "the oil burns", 3 nobody awaits
//!     F6 borne out: 2 raise, 4 return, 3 lose it
//!     X3 borne out: 2 raise, 4 return, 3 lose it

use std::panic::{catch_unwind, resume_unwind};
use std::{env, process::Command, thread, time::Duration};

use shared::{Result, claim, flags, say, watchdog::Watchdog};
use tokio::runtime::Builder;
use tokio::task::{JoinError, JoinSet, spawn_blocking};

fn main() -> Result {
    if env::args().nth(1).as_deref() == Some("as-victim") {
        return victim(&env::args().nth(2).unwrap_or_default());
    }
    flags([]);
    say!("{:<22}hears   text{:11}stderr names{:6}ends", "way", "", "");
    let observed = WAYS.iter().map(|way| observe(way));
    let fates: Vec<Fate> = observed.collect::<Result<_>>()?;
    let tell = fates.iter().filter(|[_, text, ..]| text == OIL).count();
    let left = fates.iter().filter(|[hears, ..]| hears == "nothing").count();
    let raise = fates.iter().filter(|[hears, ..]| hears == "panic").count();
    let alive = fates.iter().all(|[hears, .., ends]| {
        ends == if hears == "panic" { "exit 101" } else { "lives" }
    });

    let figure = format!("{tell} of 9 tell {OIL:?}, {left} nobody awaits");
    claim("T6", (tell, left) == (6, 3) && alive, figure)?;
    let figure =
        format!("{raise} raise, {} return, {left} lose it", tell - raise);
    claim("F6", raise > 0 && tell > raise, &figure)?;
    claim("X3", alive && left > 0, figure)
}

const WAYS: [&str; 9] = [
    "tokio, awaited",
    "tokio, dropped",
    "tokio JoinSet",
    "tokio spawn_blocking",
    "smol, awaited",
    "smol, caught",
    "smol, detached",
    "async-std, awaited",
    "async-std, dropped",
];

/// Fails in one way; returns what the program gets to hear of it as a value.
async fn fail(way: &str) -> thread::Result<Dish> {
    match way {
        "tokio, awaited" => {
            tokio::spawn(fry()).await.map_err(JoinError::into_panic)
        }
        "tokio, dropped" => {
            drop(tokio::spawn(fry())); // WRONG: what it returned is lost
            tokio::spawn(next()).await.map_err(JoinError::into_panic)
        }
        "tokio JoinSet" => {
            let mut fryers = JoinSet::from_iter([fry()]);
            let first = fryers.join_next().await.expect("there is one");
            first.map_err(JoinError::into_panic)
        }
        "tokio spawn_blocking" => {
            let blocking = || smol::block_on(fry());
            spawn_blocking(blocking).await.map_err(JoinError::into_panic)
        }
        "smol, awaited" => Ok(smol::spawn(fry()).await),
        "smol, caught" => outcome(smol::spawn(fry())).await,
        "smol, detached" => {
            smol::spawn(fry()).detach(); // WRONG: nobody can await it now
            Ok(smol::spawn(next()).await)
        }
        "async-std, awaited" => Ok(async_std::task::spawn(fry()).await),
        "async-std, dropped" => {
            drop(async_std::task::spawn(fry())); // WRONG: as with tokio
            Ok(async_std::task::spawn(next()).await)
        }
        _ => Err(Box::new("no such way")),
    }
}

type Dish = &'static str;

/// What the panic says.
const OIL: &str = "the oil burns";

async fn fry() -> Dish {
    panic!("{OIL}");
}

/// The task after it. Each runtime has one worker here, so this one runs only
/// when the other has failed, and only if its worker lives.
async fn next() -> Dish {
    "rice"
}

// ANCHOR: task_panic
/// What a task of smol or async-std returns, or the payload of its panic: as
/// tokio's handles give it by themselves.
pub async fn outcome<T>(
    task: impl std::future::Future<Output = T>,
) -> std::thread::Result<T> {
    use futures::FutureExt as _;
    std::panic::AssertUnwindSafe(task).catch_unwind().await
}
// ANCHOR_END: task_panic

/// What the program hears and with which text, which thread standard error
/// names, and how the program ends.
type Fate = [String; 4];

fn observe(way: &str) -> Result<Fate> {
    let mut victim = Command::new(env::current_exe()?);
    victim.args(["as-victim", way]).env("RUST_BACKTRACE", "0");
    victim.envs([("SMOL_THREADS", "1"), ("ASYNC_STD_THREAD_COUNT", "1")]);
    let ended = victim.output()?;
    let told = String::from_utf8_lossy(&ended.stdout);
    let (hears, text) =
        told.trim().split_once(": ").unwrap_or(("nothing", "-"));
    let printed = String::from_utf8_lossy(&ended.stderr);
    let thread = printed.split('\'').nth(1).unwrap_or("-");
    let ends = match ended.status.code() {
        Some(0) => "lives".into(),
        Some(code) => format!("exit {code}"),
        None => "killed".into(), // by a signal, mostly SIGABRT
    };
    say!("{way:<22}{hears:<8}{text:<15}{thread:<18}{ends}");
    Ok([hears, text, thread, &ends].map(String::from))
}

/// The child: fails in one way, and says what it hears of that.
fn victim(way: &str) -> Result {
    let _bound = Watchdog::guard("the victim", Duration::from_secs(2))?;
    let tokio = Builder::new_multi_thread().worker_threads(1).build()?;
    match catch_unwind(|| tokio.block_on(fail(way))) {
        Ok(Ok(_dish)) => {}
        Ok(Err(payload)) => say!("Err: {}", text(&*payload)),
        Err(payload) => {
            say!("panic: {}", text(&*payload));
            resume_unwind(payload); // without us it would have ended `main`
        }
    }
    Ok(())
}

/// The text of a panic.
fn text(payload: &(dyn std::any::Any + Send)) -> &str {
    let literal = payload.downcast_ref::<&str>().copied();
    let formatted = payload.downcast_ref::<String>().map(String::as_str);
    literal.or(formatted).unwrap_or("(not a text)")
}
