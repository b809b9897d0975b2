//! The programs that `ctrl_c` interrupts.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{process, thread};

use futures_pool::{Executor, Pending, ProcessPool};
use nix::sys::signal;
use rayon::prelude::*;
use shared::{Result, say, watchdog::Watchdog};
use signal_hook::{consts::SIGINT, iterator::Signals};
use tokio::signal::unix::{SignalKind, signal as listen};
use tokio::{join, task::spawn_blocking, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::told_to_stop;

const DISH: Duration = Duration::from_millis(200);

pub fn run(program: &str) -> Result {
    let _bound = Watchdog::guard("the program", Duration::from_secs(3))?;
    hear_interrupts()?;
    match program {
        "threads" => by_threads(&AtomicBool::new(false)),
        "threads, flag" => by_threads(&*told_to_stop()?),
        "threads, channel" => by_channel(Signals::new([SIGINT])?),
        "rayon, flag" => by_rayon(&*told_to_stop()?),
        "tokio, token" => by_tokio(),
        "processes" => by_processes(None),
        "processes, Cancel" => by_processes(Some(Signals::new([SIGINT])?)),
        stuck => by_stuck_jobs(stuck != "stuck job"),
    }
}

/// Whoever is started in the background may have been told to ignore them.
#[expect(unsafe_code, reason = "there is no safe way to the default")]
fn hear_interrupts() -> Result {
    let default = signal::SigHandler::SigDfl;
    // SAFETY: it is no function of ours that will run then.
    unsafe { signal::signal(signal::SIGINT, default) }?;
    Ok(())
}

fn by_threads(told: &AtomicBool) -> Result {
    thread::scope(|kitchen| {
        kitchen.spawn(|| cook(told));
        kitchen.spawn(|| cook(told));
    });
    Ok(())
}

fn by_channel(mut interrupts: Signals) -> Result {
    let (rail, orders) = crossbeam::channel::bounded(2);
    thread::scope(|kitchen| {
        kitchen.spawn(|| orders.iter().for_each(dish));
        kitchen.spawn(|| orders.iter().for_each(dish));
        rail.send(())?;
        rail.send(())?;
        interrupts.forever().next();
        drop(rail); // what is on it is still done
        Ok(())
    })
}

fn by_rayon(told: &AtomicBool) -> Result {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build()?;
    pool.install(|| [told; 2].into_par_iter().for_each(cook));
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn by_tokio() -> Result {
    let mut interrupts = listen(SignalKind::interrupt())?;
    let token = CancellationToken::new();
    let bake = || {
        token.run_until_cancelled(async {
            let _guard = Guard::new();
            sleep(10 * DISH).await;
        })
    };
    let told = async {
        interrupts.recv().await;
        token.cancel();
    };
    join!(bake(), bake(), told);
    Ok(())
}

/// In the end the runtime waits for its blocking jobs. Ctrl+C has not ended the
/// program since `listen` was called, and nobody listens any more.
#[tokio::main]
async fn by_stuck_jobs(hears_again: bool) -> Result {
    let mut interrupts = listen(SignalKind::interrupt())?;
    if hears_again {
        told_to_stop()?; // The one change
    }
    let stuck = || {
        let _guard = Guard::new();
        thread::sleep(20 * DISH);
    };
    spawn_blocking(stuck);
    spawn_blocking(stuck);
    interrupts.recv().await;
    Ok(())
}

fn by_processes(interrupts: Option<Signals>) -> Result {
    let crew = ProcessPool::new(2)?;
    let _dishes = [(); 4].map(|()| crew.submit(dish, ()));
    if let Some(mut interrupts) = interrupts {
        interrupts.forever().next();
        crew.shutdown(Pending::Cancel); // two are not begun
    }
    Ok(())
}

/// A dish that nobody can hold up.
pub fn dish((): ()) {
    cook(&AtomicBool::new(false));
}

fn cook(told: &AtomicBool) {
    let _guard = Guard::new();
    let ready = Instant::now() + DISH;
    while Instant::now() < ready {
        if told.load(Relaxed) {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
    tell("done");
}

struct Guard;

impl Guard {
    fn new() -> Guard {
        tell(&process::id().to_string());
        Guard
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        tell("guard");
    }
}

fn tell(what: &str) {
    say!("{what}");
}
