//! Ctrl+C (SIGINT): graceful shutdown by a closed channel, or by a token.
//!
//!     cargo run -p futures_pool --bin ctrl_c_ways
//!
//! Two jobs of 200 ms are running when Ctrl+C is pressed. If threads take their
//! jobs from a channel, the channel is closed at Ctrl+C: jobs that were sent
//! are done, and then the threads end. If a tokio task has a cancellation
//! token, the task is dropped where it awaits. In both cases the jobs clean up:
//! their destructors (`Drop`) run.
//!
//! Read `ctrl_c` first: threads with a flag. `rayon_ctrl_c` has the same for
//! rayon.
//!
//! Claims: F12, X4
//! Change this and watch: `0..4` instead of `0..JOBS` in `by_channel`. A closed
//! channel still delivers what is in it: four jobs are done, and F12 is
//! contradicted.
//!
//! Output (times vary, counts do not):
//!     asked by a channel: exit status: 0 after 201.7 ms, 2 of 2 jobs done, 2 cleaned up
//!     asked by a token: exit status: 0 after 1.1 ms, 0 of 2 jobs done, 2 cleaned up
//!     The article, F12: "Graceful shutdown needs careful design: one Ctrl+C does not end it."
//!     Our answer for Rust: inverted (the opposite problem)
//!     Our answer to F12 is borne out: 4 of 4 jobs cleaned up after one Ctrl+C
//!     Not in the article, X4: "What Ctrl+C does, model by model."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to X4 is borne out: Ctrl+C left 0 processes behind

use std::{thread, time::Duration};

use shared::interrupt::{CleanUp, Interrupted, press_ctrl_c};
use shared::watchdog::Watchdog;
use shared::{Result, claim, flags, measure::ms, role, say};
use signal_hook::iterator::Signals;
use tokio::{join, time::sleep};

const JOBS: usize = 2;

fn main() -> Result {
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(5))?;
    if let Some([way]) = role::started_as("victim") {
        // As a child: this program again.
        return if way == "token" { by_token() } else { by_channel() };
    }
    flags([]);
    let channel = interrupt("channel")?;
    let token = interrupt("token")?;

    let ended = channel.status.success() && token.status.success();
    let done = (channel.count("done"), token.count("done"));
    let (cleaned, all) = (channel.cleaned_up() + token.cleaned_up(), 2 * JOBS);
    let figure = format!("{cleaned} of {all} jobs cleaned up after one Ctrl+C");
    claim("F12", ended && done == (JOBS, 0) && cleaned == all, figure)?;
    let orphans = channel.orphans + token.orphans;
    claim("X4", orphans == 0, format!("Ctrl+C left {orphans} processes behind"))
}

/// Starts this program again as a child, and presses Ctrl+C on it.
fn interrupt(way: &str) -> Result<Interrupted> {
    let ended = press_ctrl_c(role::command("victim")?.arg(way), JOBS, 1)?;
    let (took, done) = (ms(ended.took), ended.count("done"));
    let (by, cleaned) = (ended.status, ended.cleaned_up());
    say!(
        "asked by a {way}: {by} after {took:.1} ms, {done} of {JOBS} jobs \
         done, {cleaned} cleaned up"
    );
    Ok(ended)
}

fn by_channel() -> Result {
    let mut interrupts = Signals::new([SIGINT])?;
    let (sender, jobs) = crossbeam::channel::bounded(4);
    thread::scope(|scope| {
        let work = || jobs.iter().for_each(|()| job());
        scope.spawn(work);
        scope.spawn(work);
        (0..JOBS).try_for_each(|_| sender.send(()))?;
        interrupts.forever().next();
        drop(sender); // what has been sent is still done
        Ok(())
    })
}

fn job() {
    let _guard = CleanUp::at_the_end();
    thread::sleep(Duration::from_millis(200)); // the job itself
    say!("done");
}

#[tokio::main(flavor = "current_thread")]
async fn by_token() -> Result {
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
/// one ends the program at once, with status 130, even if no task looks at the
/// token. To be called once, in a runtime.
///
/// # Errors
///
/// The system refuses the handler.
///
/// # Panics
///
/// Outside of a runtime of tokio.
pub fn token_for_ctrl_c() -> std::io::Result<CancellationToken> {
    let mut interrupts = signal(SignalKind::interrupt())?;
    let told = Arc::new(AtomicBool::new(false));
    // The handlers run in this order. The first one ends the program if the
    // flag is set, and the second one sets it. In the other order the first
    // Ctrl+C would end the program at once.
    flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(&told))?;
    flag::register(SIGINT, told)?;
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
