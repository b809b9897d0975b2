//! A handle tells how far a job is; a Rust future is work that waits for you.
//!
//!     cargo run -p futures_pool --bin handle_states
//!
//! Two things share a name. Python's future is a handle: its job runs, whether
//! or not anybody asks. Rust's `Future` is the work itself: it does nothing
//! until it is polled. Here a crew of one has three jobs, one by one.
//!
//! Claims: F5
//! Change this and watch: `smol::spawn(wash())` for `wash()`. That is a handle,
//! too: what it stands for runs unpolled, and F5 is contradicted.
//!
//! Output (figures vary):
//!     moment                order 1    order 2    unasked job  future
//!     order 1 is cooking    running    pending    has not run  has not run
//!     order 2 is cooking    done       running    has not run  has not run
//!     the crew has left     done       done       has run      has not run
//!     all have been asked   dish 1     dish 2     has run      has run
//!     F5 borne out: pending, running, done; unasked has run, future has not run

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::{sync::Barrier, time::Duration};

use futures::executor::block_on;
use futures_pool::{Executor, Handle, Pending, ThreadPool};
use shared::{Result, claim, flags, say, watchdog::Watchdog};

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the orders", Duration::from_secs(2))?;
    let crew = ThreadPool::new(1)?;
    let orders = [crew.submit(cook, 1), crew.submit(cook, 2)];
    drop(crew.submit(sweep, ())); // nobody will ask for it
    let future = wash(); // nobody polls it yet

    say!("{:<22}order 1    order 2    unasked job  future", "moment");
    STOVE.wait();
    let first = row("order 1 is cooking", orders.each_ref().map(state));
    STOVE.wait(); // it is cooked
    STOVE.wait();
    let second = row("order 2 is cooking", orders.each_ref().map(state));
    STOVE.wait(); // it is cooked, too
    crew.shutdown(Pending::Finish);
    let last = row("the crew has left", orders.each_ref().map(state));
    let [one, two] = orders.map(Handle::result);
    block_on(future);
    let asked = row("all have been asked", [one?, two?]);
    verdict([first, second, last, asked])
}

/// One worker cooks, and `main` is in step with it: each order waits here when
/// it begins, and before it ends.
static STOVE: Barrier = Barrier::new(2);

fn cook(order: u32) -> String {
    STOVE.wait();
    STOVE.wait();
    format!("dish {order}")
}

static SWEPT: AtomicBool = AtomicBool::new(false);
static WASHED: AtomicBool = AtomicBool::new(false);

fn sweep((): ()) {
    SWEPT.store(true, Relaxed);
}

async fn wash() {
    WASHED.store(true, Relaxed);
}

fn state<T>(order: &Handle<T>) -> String {
    match (order.is_running(), order.is_done()) {
        (false, false) => "pending".into(),
        (true, _) => "running".into(),
        (false, true) => "done".into(),
    }
}

/// Of both orders, of the job that nobody asks for, and of the future.
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
        && *asked == ["dish 1", "dish 2", "has run", "has run"];
    claim("F5", holds, figure)
}
