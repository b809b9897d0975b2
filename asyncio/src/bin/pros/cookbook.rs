//! What Python's asyncio offers for tasks, and the Rust that does the same.
//!
//!     cargo run -p asyncio --bin cookbook
//!
//! Each row is run and checked. Locks and queues: `cookbook_sync`; threads
//! and sockets: `cookbook_io`.
//!
//! Claims: A20
//! Change this and watch: the expected result in any row, and it fails.
//!
//! Output (figures vary):
//!     Python's asyncio               Rust                           crate
//!     create_task(a)                 spawn(a)                       tokio
//!     task.cancel()                  task.abort()                   tokio
//!     gather(a, b)                   join!(a, b)                    tokio
//!     gather(*many)                  join_all(many)                 futures
//!     TaskGroup()                    JoinSet::new()                 tokio
//!     TaskGroup(), one fails         try_join!(a, b)                tokio
//!     wait(many, FIRST_COMPLETED)    select_all(many)               futures
//!     as_completed(many)             FuturesUnordered               futures
//!     gather(*many) and Semaphore(2) buffer_unordered(2)            futures
//!     timeout(), wait_for()          timeout(limit, a)              tokio
//!     shield(a)                      &mut spawn(a)                  tokio
//!     sleep(seconds)                 sleep(time)                    tokio
//!     sleep(0)                       yield_now()                    tokio
//!     current_task()                 task::id()                     tokio
//!     A20 borne out: 14 functions, 2 crates

use std::{collections::BTreeSet, future::pending, time::Duration};

use futures::{future, stream, stream::FuturesUnordered, stream::StreamExt};
use shared::{Failure, Result, claim, flags, say, watchdog::Watchdog};
use tokio::time::{Instant, sleep, timeout};
use tokio::{join, spawn, sync::oneshot, task, task::JoinSet, try_join};

const MOMENT: Duration = Duration::from_millis(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let _guard = Watchdog::guard("all recipes", Duration::from_secs(10))?;
    say!("{:<31}{:<31}crate", "Python's asyncio", "Rust");
    let crates = [
        create_task().await?,
        cancel().await?,
        gather().await?,
        gather_many().await?,
        task_group().await?,
        all_or_none().await?,
        first_completed().await?,
        as_completed().await?,
        with_a_limit().await?,
        within_a_time().await?,
        shield().await?,
        a_nap().await?,
        a_turn().await?,
        current_task().await?,
    ];
    let different = BTreeSet::from(crates).len();
    let figure = format!("{} functions, {different} crates", crates.len());
    claim("A20", different > 1, figure)
}

/// The crate, once the recipe has done what its row says.
fn row(what: [&'static str; 3], works: bool) -> Row {
    let [python, rust, name] = what;
    say!("{python:<31}{rust:<31}{name}");
    let failed = || Failure::new(format!("{rust} is not {python}"));
    works.then_some(name).ok_or_else(failed)
}

type Row = Result<&'static str>;

/// Lets others have their turn, once a minute.
async fn bake(minutes: u32) -> u32 {
    for _ in 0..minutes {
        task::yield_now().await;
    }
    minutes
}

async fn create_task() -> Row {
    let task = spawn(bake(3));
    row(["create_task(a)", "spawn(a)", "tokio"], task.await? == 3)
}

async fn cancel() -> Row {
    let task = spawn(pending::<()>());
    task.abort();
    let cancelled = task.await.is_err_and(|error| error.is_cancelled());
    row(["task.cancel()", "task.abort()", "tokio"], cancelled)
}

async fn gather() -> Row {
    let both = join!(bake(3), bake(4));
    row(["gather(a, b)", "join!(a, b)", "tokio"], both == (3, 4))
}

async fn gather_many() -> Row {
    let all = future::join_all((0..4).map(bake)).await;
    row(["gather(*many)", "join_all(many)", "futures"], all == [0, 1, 2, 3])
}

async fn task_group() -> Row {
    let mut group = JoinSet::new();
    (0..4).for_each(|minutes| _ = group.spawn(bake(minutes)));
    let sum: u32 = group.join_all().await.into_iter().sum();
    row(["TaskGroup()", "JoinSet::new()", "tokio"], sum == 6)
}

async fn all_or_none() -> Row {
    let burnt = async { Err::<u32, _>("burnt") };
    let both = try_join!(pending::<Result<u32, _>>(), burnt);
    row(["TaskGroup(), one fails", "try_join!(a, b)", "tokio"], both.is_err())
}

async fn first_completed() -> Row {
    let many = [9, 3, 6].map(|minutes| Box::pin(bake(minutes)));
    let (minutes, _, rest) = future::select_all(many).await;
    let works = (minutes, rest.len()) == (3, 2);
    row(["wait(many, FIRST_COMPLETED)", "select_all(many)", "futures"], works)
}

async fn as_completed() -> Row {
    let many = FuturesUnordered::from_iter([9, 3, 6].map(bake));
    let works = many.collect::<Vec<_>>().await == [3, 6, 9];
    row(["as_completed(many)", "FuturesUnordered", "futures"], works)
}

async fn with_a_limit() -> Row {
    let many = stream::iter((0..4).map(bake));
    let all: Vec<_> = many.buffer_unordered(2).collect().await;
    row(
        ["gather(*many) and Semaphore(2)", "buffer_unordered(2)", "futures"],
        all.len() == 4,
    )
}

async fn within_a_time() -> Row {
    let late = timeout(MOMENT, pending::<()>()).await.is_err();
    row(["timeout(), wait_for()", "timeout(limit, a)", "tokio"], late)
}

async fn shield() -> Row {
    let (pass, plate) = oneshot::channel();
    let mut task = spawn(plate);
    let late = timeout(MOMENT, &mut task).await.is_err();
    let works = late && pass.send(3).is_ok() && task.await? == Ok(3);
    row(["shield(a)", "&mut spawn(a)", "tokio"], works)
}

async fn a_nap() -> Row {
    let started = Instant::now();
    sleep(MOMENT).await;
    row(["sleep(seconds)", "sleep(time)", "tokio"], started.elapsed() >= MOMENT)
}

async fn a_turn() -> Row {
    let task = spawn(async {});
    task::yield_now().await;
    row(["sleep(0)", "yield_now()", "tokio"], task.is_finished())
}

async fn current_task() -> Row {
    let task = spawn(async { task::id() });
    let works = task.id() == task.await?;
    row(["current_task()", "task::id()", "tokio"], works)
}
