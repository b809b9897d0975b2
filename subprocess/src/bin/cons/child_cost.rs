//! Start cost of a child process, by library, beside that of a thread.
//!
//!     cargo run --release -p subprocess --bin child_cost
//!
//! Each way starts a child that ends at once, and waits for it: this program
//! again. Most of the time goes to the system, which loads the program, and not
//! to the library. The bare way is `posix_spawn` of the C library; std takes the
//! same way. Nothing here is worth a choice of library; the thread is: where a
//! thread can do the work, it costs a small part of a child.
//!
//! In Python the ratio is the same kind; a child that is a Python program needs
//! some ten milliseconds more, because the interpreter has to start.
//!
//! Claims: S12
//! Change this and watch: let the child run `chop(0, 10_000_000)`: the thread
//! does not, so this is no comparison any more; but the ways are equal.
//!
//! Output (figures vary):

use std::{env, io, thread, time::Duration, time::Instant};

use shared::measure::{NoiseMeter, median};
use shared::watchdog::Watchdog;
use shared::{
    Result, Table, claim_timed, ensure, flags, notice_debug_build, role,
};
use subprocess::bare::Bare;
use subprocess::run_child::{Limits, Stop, run_child};

const ROUNDS: usize = 50;

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        return Ok(());
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the children", Duration::from_secs(30))?;
    let meter = NoiseMeter::start();
    let times = medians()?;
    let mut table = Table::new(["way", "start and end us", "ratio to bare"]);
    for ((name, _), us) in WAYS.iter().zip(&times) {
        let cells = [format!("{us:.0}"), format!("{:.2}", us / times[1])];
        table.row([name, &cells[0], &cells[1]]);
    }
    table.print();
    let times_thread = times[2] / times[0];
    let figure = format!(
        "a child by std takes {times_thread:.0} times as long to start and end \
         as a thread"
    );
    claim_timed("S12", times_thread > 5.0, meter.read(), figure)
}

/// Starts one and waits until it has ended.
type Way = fn() -> Result;

const WAYS: [(&str, Way); 7] = [
    ("thread", || {
        let thread = thread::Builder::new().spawn(|| {})?;
        ensure(thread.join().is_ok(), "it has panicked")
    }),
    ("bare posix_spawn", || {
        let child = Bare::new(env::current_exe()?, ["as-child"])?;
        ensure(child.spawn_and_wait()?.success(), "the child has failed")
    }),
    ("std", || {
        let status = role::command("child")?.status()?;
        ensure(status.success(), "the child has failed")
    }),
    ("duct", || {
        duct::cmd!(env::current_exe()?, "as-child").run()?; // checks the status
        Ok(())
    }),
    ("tokio", on_tokio),
    ("smol", || {
        let mut child = smol::process::Command::from(role::command("child")?);
        let status = smol::block_on(child.status())?;
        ensure(status.success(), "the child has failed")
    }),
    ("run_child", || {
        let second = Duration::from_secs(1);
        let limits = Limits { time: 10 * second, output: 1000, grace: second };
        let mut command = role::command("child")?;
        let ran = run_child(&mut command, b"", limits, &Stop::never())?;
        ensure(ran.status.success(), "the child has failed")
    }),
];

#[tokio::main(flavor = "current_thread")]
async fn on_tokio() -> Result {
    let command = role::command("child")?;
    let status = tokio::process::Command::from(command).status().await?;
    ensure(status.success(), "the child has failed")
}

/// In microseconds. All ways take turns, so a slow moment is fair to all.
fn medians() -> Result<Vec<f64>> {
    let mut times = vec![Vec::new(); WAYS.len()];
    for _ in 0..ROUNDS {
        for ((_, way), times) in WAYS.iter().zip(&mut times) {
            let begun = Instant::now();
            way()?;
            times.push(begun.elapsed());
        }
    }
    let us = |times: &Vec<Duration>| median(times).as_secs_f64() * 1e6;
    Ok(times.iter().map(us).collect())
}

// ANCHOR: child_cost
use std::process::Command;

/// Median time to start this command and to wait for its end, in `rounds` tries
/// (an odd number is good). Its streams are those that are set.
///
/// # Errors
///
/// It cannot be started, or its status is no success.
pub fn start_cost(
    command: &mut Command,
    rounds: usize,
) -> io::Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..rounds.max(1) {
        let begun = Instant::now();
        let status = command.status()?;
        times.push(begun.elapsed());
        if !status.success() {
            return Err(io::Error::other(format!("it has failed: {status}")));
        }
    }
    times.sort();
    Ok(times[times.len() / 2])
}
// ANCHOR_END: child_cost
