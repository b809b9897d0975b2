//! Ctrl+C (SIGINT): cancellation by flag, channel and token, model by model.
//!
//!     cargo run -p futures_pool --bin ctrl_c_ways
//!
//! Two jobs of 200 ms are running when Ctrl+C is pressed. A job that looks at a
//! flag returns early. A closed channel lets the jobs that have begun be done,
//! and brings no more. A tokio task is dropped where it awaits. In each case
//! the jobs clean up: their destructors (`Drop`) run.
//!
//! Read `ctrl_c` first.
//!
//! Claims: F12, X4
//! Change this and watch: send four jobs in `by_channel`. A closed channel
//! still delivers what is in it: four are done, and F12 is contradicted.
//!
//! Output (figures vary):
//!     asked by             ms  done  cleaned up  ends by
//!     threads, flag       2.2     0           2  exit status: 0
//!     threads, channel  201.9     2           2  exit status: 0
//!     rayon, flag         2.2     0           2  exit status: 0
//!     tokio, token        1.1     0           2  exit status: 0
//!     F12 borne out: one Ctrl+C ended 4 of 4 programs gracefully
//!     X4 borne out: 2 kinds of end; 0 processes left behind

use std::sync::{Arc, atomic::AtomicBool, atomic::Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{collections::HashSet, thread};

use rayon::prelude::*;
use shared::interrupt::{CleanUp, press_ctrl_c};
use shared::watchdog::Watchdog;
use shared::{Failure, Result, Table, claim, flags, measure::ms, role, say};
use signal_hook::{consts::SIGINT, flag, iterator::Signals};
use tokio::signal::unix::{SignalKind, signal as listen};
use tokio::{join, time::sleep};
use tokio_util::sync::CancellationToken;

fn main() -> Result {
    if let Some([way]) = role::started_as("victim") {
        return run(&way);
    }
    flags([]);
    let mut table =
        Table::new(["asked by", "ms", "done", "cleaned up", "ends by"]);
    let (mut gently, mut orphans, mut kinds) = (0, 0, HashSet::new());
    for (way, _) in WAYS {
        let ended = press_ctrl_c(role::command("victim")?.arg(way), 2, 1)?;
        let (done, cleaned) = (ended.count("done"), ended.cleaned_up());
        let took = format!("{:.1}", ms(ended.took));
        table.row([&way, &took, &done, &cleaned, &ended.status]);
        gently += usize::from(ended.status.success() && cleaned == 2);
        orphans += ended.orphans;
        kinds.insert((done, cleaned));
    }
    table.print();
    let figure = format!("one Ctrl+C ended {gently} of 4 programs gracefully");
    claim("F12", gently == WAYS.len(), figure)?;
    let kinds = kinds.len();
    let figure =
        format!("{kinds} kinds of end; {orphans} processes left behind");
    claim("X4", kinds > 1 && orphans == 0, figure)
}

/// A name, and how the jobs are run and told to stop.
type Way = (&'static str, fn() -> Result);

const WAYS: [Way; 4] = [
    ("threads, flag", by_flag),
    ("threads, channel", by_channel),
    ("rayon, flag", by_rayon),
    ("tokio, token", by_token),
];

fn run(name: &str) -> Result {
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(3))?;
    let known = WAYS.iter().find(|(way, _)| *way == name);
    let (_, way) = known.ok_or_else(|| Failure::new("no such way"))?;
    way()
}

fn by_flag() -> Result {
    let told = told_to_stop()?;
    thread::scope(|scope| {
        scope.spawn(|| job(&told));
        scope.spawn(|| job(&told));
    });
    Ok(())
}

fn by_channel() -> Result {
    let mut interrupts = Signals::new([SIGINT])?;
    let (sender, jobs) = crossbeam::channel::bounded(4);
    thread::scope(|scope| {
        let work = || jobs.iter().for_each(|()| job(&AtomicBool::new(false)));
        scope.spawn(work);
        scope.spawn(work);
        (0..2).try_for_each(|_| sender.send(()))?;
        interrupts.forever().next();
        drop(sender); // what has been sent is still done
        Ok(())
    })
}

fn by_rayon() -> Result {
    let told = told_to_stop()?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build()?;
    pool.install(|| [&told; 2].into_par_iter().for_each(|told| job(told)));
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn by_token() -> Result {
    let mut interrupts = listen(SignalKind::interrupt())?;
    let token = CancellationToken::new();
    let job = || {
        token.run_until_cancelled(async {
            let _guard = CleanUp::at_the_end();
            sleep(10 * JOB).await;
        })
    };
    let told = async {
        interrupts.recv().await;
        token.cancel();
    };
    join!(job(), job(), told);
    Ok(())
}

fn told_to_stop() -> Result<Arc<AtomicBool>> {
    let told = Arc::default();
    flag::register(SIGINT, Arc::clone(&told))?;
    Ok(told)
}

const JOB: Duration = Duration::from_millis(200);

fn job(told: &AtomicBool) {
    let _guard = CleanUp::at_the_end();
    let end = Instant::now() + JOB;
    while Instant::now() < end {
        if told.load(Relaxed) {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
    say!("done");
}
