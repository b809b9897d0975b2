//! Fork server: a small process, started early, forks whenever it is asked.
//!
//!     cargo run --release -p multiprocessing --bin forkserver
//!
//! Three ways to start a process, each measured until the process has ended and
//! was reaped. Exec starts a program from nothing. A fork copies the tables of
//! the parent's memory, so it costs more if the parent has much memory. It is
//! not allowed in a process with threads. A fork server is a child that was
//! started by exec. It has one thread and little memory, and forks when its
//! parent asks it to. In Python these are the start methods `spawn`, `fork` and
//! `forkserver`. (A child of Python's `spawn` also imports the modules again.
//! Here nothing is loaded.)
//!
//! The program `fork_with_threads` shows why a program with threads must not
//! fork.
//!
//! Claims: M9
//! Change this and watch: set `SIZE` to 1 << 30. The fork of this process takes
//! about four times as long, the other ways do not change.
//!
//! Output (figures vary):
//!     us to start and end  0 MiB  256 MiB
//!     a process by exec      612      638
//!     by fork of this one    155     9070
//!     by fork server         174      177
//!     a thread                34        -
//!     Not in the article, M9: "Weaknesses: starting, encoding, and cleaning up."
//!     Our answer for Rust: holds (true)
//!     Our answer to M9 is borne out: to start and end a process takes 638 us by exec, 177 us by fork server; a thread 34 us

use std::hint::black_box;
use std::{thread, time::Instant};

use multiprocessing::fork::fork;
use multiprocessing::fork_server::serve_forks;
use nix::unistd::alarm;
use shared::measure::{NoiseMeter, try_median_of};
use shared::{Result, Table, claim_timed, ensure, flags};
use shared::{notice_debug_build, role};

const TRIES: usize = 9;
const SIZE: usize = 256 << 20;

fn main() -> Result {
    if let Some([]) = role::started_as("server") {
        return Ok(serve_forks(|job| job)?);
    }
    if let Some([]) = role::started_as("empty") {
        return Ok(());
    }
    flags([]);
    notice_debug_build();
    alarm::set(20); // the bound: a watchdog is a thread, and forbids to fork
    let meter = NoiseMeter::start();
    let mut server = ForkServer::start(role::command("server")?)?;
    let small = each_way(&mut server)?;
    let memory = black_box(vec![1_u8; SIZE]); // all of its pages are touched
    let large = each_way(&mut server)?;
    drop(memory);
    let thread = us_of(|| Ok(thread::spawn(|| ()).join().is_ok()))?;
    print(small, large, thread);
    let [exec, _, served] = large;
    let figure = format!(
        "to start and end a process takes {exec:.0} us by exec, {served:.0} \
         us by fork server; a thread {thread:.0} us"
    );
    claim_timed("M9", exec.min(served) > thread, meter.read(), figure)
}

fn print(small: [f64; 3], large: [f64; 3], thread: f64) {
    let mut table = Table::new(["us to start and end", "0 MiB", "256 MiB"]);
    let names = ["a process by exec", "by fork of this one", "by fork server"];
    for (name, (small, large)) in names.iter().zip(small.iter().zip(large)) {
        table.row([name, &format!("{small:.0}"), &format!("{large:.0}")]);
    }
    table.row([&"a thread", &format!("{thread:.0}"), &"-"]);
    table.print();
}

/// The three ways: exec, fork, fork server. All processes end well.
fn each_way(server: &mut ForkServer) -> Result<[f64; 3]> {
    Ok([
        us_of(|| Ok(role::command("empty")?.status()?.success()))?,
        us_of(|| Ok(fork(|| 0)?.wait()? == Some(0)))?,
        us_of(|| Ok(run_job(server, 7)? == 7))?,
    ])
}

/// The median of several tries, in microseconds.
fn us_of(mut once: impl FnMut() -> Result<bool>) -> Result<f64> {
    try_median_of(TRIES, || {
        let begun = Instant::now();
        ensure(once()?, "it has failed")?;
        Ok(begun.elapsed().as_secs_f64() * 1e6)
    })
}

// ANCHOR: forkserver
use std::{io, time::Duration};

use multiprocessing::fork_server::ForkServer;

/// Has a fork server run a job in a new process, and returns its exit status.
/// The server is another process, and calls [`serve_forks`] first in `main`.
///
/// # Errors
///
/// The job took longer than 5 seconds, or a signal ended it, or the server has
/// died.
pub fn run_job(server: &mut ForkServer, job: u8) -> io::Result<i32> {
    let ended = server.run(job, Duration::from_secs(5))?;
    ended.status.ok_or_else(|| io::Error::other("a signal ended the job"))
}
// ANCHOR_END: forkserver
