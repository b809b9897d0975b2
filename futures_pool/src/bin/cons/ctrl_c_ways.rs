//! Ctrl+C (SIGINT): graceful shutdown by a closed channel, or by a token.
//!
//!     cargo run -p futures_pool --bin ctrl_c_ways
//!
//! Two jobs of 200 ms are running when Ctrl+C is pressed. Jobs that are taken
//! from a channel are done when they have begun; nothing is sent any more, the
//! channel is closed, and the threads end. A tokio task with a cancellation
//! token is dropped where it awaits. In both cases the jobs clean up: their
//! destructors (`Drop`) run.
//!
//! Read `ctrl_c` first: threads with a flag. `rayon_ctrl_c` has the same for
//! rayon.
//!
//! Claims: F12, X4
//! Change this and watch: send four jobs in `by_channel`. A closed channel
//! still delivers what is in it: four are done, and F12 is contradicted.
//!
//! Output (figures vary):
//!     asked by     ms  done  cleaned up  ends by
//!     channel   205.3     2           2  exit status: 0
//!     token       1.1     0           2  exit status: 0
//!     The article, F12: "Graceful shutdown needs careful design: one Ctrl+C does not end it."
//!     Our answer for Rust: inverted (the opposite problem)
//!     F12 borne out: one Ctrl+C ended 2 of 2 programs gracefully
//!     The article, X4: "(Not in the article.) What Ctrl+C does, model by model."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     X4 borne out: Ctrl+C left 0 processes behind

use std::time::Duration;
use std::{collections::HashSet, thread};

use shared::interrupt::{CleanUp, press_ctrl_c};
use shared::watchdog::Watchdog;
use shared::{Failure, Result, Table, claim, flags, measure::ms, role, say};
use signal_hook::iterator::Signals;
use tokio::{join, time::sleep};

fn main() -> Result {
    match role::started_as("victim").as_ref().map(|[way]| way.as_str()) {
        Some("channel") => return by_channel(),
        Some("token") => return by_token(),
        Some(_) => return Err(Failure::new("no such way")),
        None => flags([]),
    };
    let mut table =
        Table::new(["asked by", "ms", "done", "cleaned up", "ends by"]);
    let (mut gently, mut orphans, mut kinds) = (0, 0, HashSet::new());
    for way in ["channel", "token"] {
        let ended = press_ctrl_c(role::command("victim")?.arg(way), 2, 1)?;
        let (done, cleaned) = (ended.count("done"), ended.cleaned_up());
        let took = format!("{:.1}", ms(ended.took));
        table.row([&way, &took, &done, &cleaned, &ended.status]);
        gently += usize::from(ended.status.success() && cleaned == 2);
        orphans += ended.orphans;
        kinds.insert(done);
    }
    table.print();
    let figure = format!("one Ctrl+C ended {gently} of 2 programs gracefully");
    claim("F12", gently == 2 && kinds == HashSet::from([2, 0]), figure)?;
    claim("X4", orphans == 0, format!("Ctrl+C left {orphans} processes behind"))
}

fn by_channel() -> Result {
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(3))?;
    let mut interrupts = Signals::new([SIGINT])?;
    let (sender, jobs) = crossbeam::channel::bounded(4);
    thread::scope(|scope| {
        let work = || jobs.iter().for_each(|()| job());
        scope.spawn(work);
        scope.spawn(work);
        (0..2).try_for_each(|_| sender.send(()))?;
        interrupts.forever().next();
        drop(sender); // what has been sent is still done
        Ok(())
    })
}

fn job() {
    let _guard = CleanUp::at_the_end();
    thread::sleep(Duration::from_millis(200));
    say!("done");
}

#[tokio::main(flavor = "current_thread")]
async fn by_token() -> Result {
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(3))?;
    let token = token_for_ctrl_c()?;
    let job = || token.run_until_cancelled(async_job());
    join!(job(), job());
    Ok(())
}

async fn async_job() {
    let _guard = CleanUp::at_the_end();
    sleep(Duration::from_secs(2)).await;
    say!("done");
}

// ANCHOR: ctrl_c_ways
use std::sync::{Arc, atomic::AtomicBool};

use signal_hook::{consts::SIGINT, flag};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that the first Ctrl+C cancels: tasks run in
/// `token.run_until_cancelled(...)`, or await `token.cancelled()`. The second
/// one ends the program at once, with status 130, also if no task looks at the
/// token. To be called once, in a runtime.
pub fn token_for_ctrl_c() -> std::io::Result<CancellationToken> {
    let told = Arc::new(AtomicBool::new(false));
    // In this order: the first one finds the flag not yet set.
    flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(&told))?;
    flag::register(SIGINT, told)?;
    let mut interrupts = signal(SignalKind::interrupt())?;
    let token = CancellationToken::new();
    let cancel = token.clone();
    // Not joined: it ends with the runtime.
    tokio::spawn(async move {
        interrupts.recv().await;
        cancel.cancel();
    });
    Ok(token)
}
// ANCHOR_END: ctrl_c_ways
