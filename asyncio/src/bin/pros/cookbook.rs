//! asyncio in Rust, an index: run, create_task, cancel, sleep, and all others.
//!
//!     cargo run -p asyncio --bin cookbook
//!
//! Each recipe is run, and its result compared with the one that asyncio is
//! known to give. The others have programs of their own: `gather`,
//! `as_completed`, `task_group`, `cookbook_timeout` (wait_for, shield),
//! `cookbook_event`, `cookbook_condition`, `cookbook_queue`, `cookbook_sync`
//! (Lock, Semaphore, Barrier, Future), `queue_workers`, `cookbook_threads`
//! (to_thread, run_coroutine_threadsafe), `run_in_executor`, `cookbook_io`
//! (streams, datagrams), `echo_server` (start_server), `cookbook_signal`,
//! `cookbook_process` (subprocess).
//!
//! Claims: A20
//! Change this and watch: leave out `yield_now().await` in `lets_others_run`.
//! The task has not begun when it is asked, and A20 is contradicted.
//!
//! Output (times vary, counts do not):
//!     Python            Rust               as in Python
//!     run(main())       Runtime::block_on  true
//!     create_task(job)  spawn              true
//!     current_task()    task::id           true
//!     task.cancel()     abort              true
//!     sleep(0.005)      sleep              true
//!     sleep(0)          yield_now          true
//!     The article, A20: "It offers many functions for concurrency."
//!     Our answer for Rust: holds (true)
//!     Our answer to A20 is borne out: 6 of 6 functions for tasks work as in Python

use std::time::{Duration, Instant};

use run::run;
use shared::{Result, claim_recipes, flags, watchdog::Watchdog};
use tokio::{runtime::Handle, task, task::yield_now, time::sleep};

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("all recipes", Duration::from_secs(5))?;
    run(recipes())?
}

async fn recipes() -> Result {
    let recipes = [
        ("run(main())", "Runtime::block_on", Handle::try_current().is_ok()),
        ("create_task(job)", "spawn", tokio::spawn(job()).await? == 3),
        ("current_task()", "task::id", knows_itself().await?),
        ("task.cancel()", "abort", cancel::cancel(tokio::spawn(job())).await),
        ("sleep(0.005)", "sleep", sleeps().await),
        ("sleep(0)", "yield_now", lets_others_run().await),
    ];
    claim_recipes("A20", "functions for tasks", &recipes)
}

async fn job() -> u32 {
    yield_now().await;
    3
}

async fn knows_itself() -> Result<bool> {
    let task = tokio::spawn(async { task::id() });
    Ok(task.id() == task.await?)
}

async fn sleeps() -> bool {
    let (started, time) = (Instant::now(), Duration::from_millis(5));
    sleep(time).await;
    started.elapsed() >= time
}

async fn lets_others_run() -> bool {
    let task = tokio::spawn(async {});
    yield_now().await;
    task.is_finished()
}

/// The part to copy.
pub mod run {
    // ANCHOR: run
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::{io, time::Duration};
    use tokio::runtime::Builder;

    /// `asyncio.run(main())`: runs it, and all tasks that it starts, on this
    /// thread. Tasks that are left at the end are cancelled; blocking work that
    /// is left is waited for, but not longer than a second. Panics in a task: a
    /// thread has one event loop, as in Python.
    pub fn run<T>(main: impl Future<Output = T>) -> io::Result<T> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let run = AssertUnwindSafe(|| runtime.block_on(main));
        let result = catch_unwind(run);
        runtime.shutdown_timeout(Duration::from_secs(1)); // a drop would wait
        Ok(result.unwrap_or_else(|panic| resume_unwind(panic)))
    }
    // ANCHOR_END: run
}

/// The part to copy.
pub mod cancel {
    // ANCHOR: cancel
    use tokio::task::JoinHandle;

    /// `task.cancel()`, and the wait until the task is gone. Returns whether it
    /// was cancelled: a task that had ended before was not.
    ///
    /// A task is cancelled where it awaits; one that never does goes on.
    pub async fn cancel<T>(task: JoinHandle<T>) -> bool {
        task.abort(); // only asks for it
        task.await.is_err_and(|error| error.is_cancelled())
    }
    // ANCHOR_END: cancel
}
