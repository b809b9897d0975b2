//! A handle tells how far a job is; a Rust future is work that waits for you.
//!
//!     cargo run -p futures_pool --bin handle_states
//!
//! Two things share a name. Python's future is a handle: its job runs, whether
//! or not anybody asks. Rust's `Future` is the work itself: it does nothing
//! until it is polled. Here a pool of one thread has three jobs.
//!
//! Claims: F5
//! Change this and watch: `smol::spawn(wash())` for `wash()`. That is a handle,
//! too: what it stands for runs unpolled, and F5 is contradicted.
//!
//! Output (figures vary):
//!     moment                job 1      job 2      unasked job  future
//!     job 1 is running      running    pending    has not run  has not run
//!     job 2 is running      done       running    has not run  has not run
//!     the pool has ended    done       done       has run      has not run
//!     all have been asked   result 1   result 2   has run      has run
//!     F5 borne out: pending, running, done; unasked has run, future has not run

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::{sync::Barrier, time::Duration};

use futures::executor::block_on;
use futures_pool::{Executor, Handle, Pending, ThreadPool};
use shared::{Result, claim, flags, say, watchdog::Watchdog};

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(2))?;
    let pool = ThreadPool::new(1)?;
    let jobs = [pool.submit(work, 1), pool.submit(work, 2)];
    drop(pool.submit(sweep, ())); // nobody will ask for it
    let future = wash(); // nobody polls it yet

    say!("{:<22}job 1      job 2      unasked job  future", "moment");
    STEP.wait();
    let first = row("job 1 is running", jobs.each_ref().map(state));
    STEP.wait(); // it is done
    STEP.wait();
    let second = row("job 2 is running", jobs.each_ref().map(state));
    STEP.wait(); // it is done, too
    pool.shutdown(Pending::Finish);
    let last = row("the pool has ended", jobs.each_ref().map(state));
    let [one, two] = jobs.map(Handle::result);
    block_on(future);
    let asked = row("all have been asked", [one?, two?]);
    verdict([first, second, last, asked])
}

/// The worker and `main` are in step: each job waits here when it begins, and
/// before it ends.
static STEP: Barrier = Barrier::new(2);

fn work(number: u32) -> String {
    STEP.wait();
    STEP.wait();
    format!("result {number}")
}

static SWEPT: AtomicBool = AtomicBool::new(false);
static WASHED: AtomicBool = AtomicBool::new(false);

fn sweep((): ()) {
    SWEPT.store(true, Relaxed);
}

async fn wash() {
    WASHED.store(true, Relaxed);
}

fn state<T>(job: &Handle<T>) -> String {
    match (job.is_running(), job.is_done()) {
        (false, false) => "pending".into(),
        (true, _) => "running".into(),
        (false, true) => "done".into(),
    }
}

/// Of both jobs, of the one that nobody asks for, and of the future.
type Seen = [String; 4];

fn row(moment: &str, [one, two]: [String; 2]) -> Seen {
    let [job, future] = [&SWEPT, &WASHED].map(|done| {
        String::from(if done.load(Relaxed) { "has run" } else { "has not run" })
    });
    say!("{moment:<22}{one:<11}{two:<11}{job:<13}{future}");
    [one, two, job, future]
}

fn verdict(seen: [Seen; 4]) -> Result {
    let [first, second, last, asked] = &seen;
    let states = [first, second, last].map(|seen| seen[1].as_str());
    let [.., job, future] = last;
    let figure =
        format!("{}; unasked {job}, future {future}", states.join(", "));
    let holds = states == ["pending", "running", "done"]
        && [&first[0], &second[0], &last[0]] == ["running", "done", "done"]
        && (job.as_str(), future.as_str()) == ("has run", "has not run")
        && *asked == ["result 1", "result 2", "has run", "has run"];
    claim("F5", holds, figure)
}
