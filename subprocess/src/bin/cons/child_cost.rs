//! Start-up cost of a process: spawn and wait, by library, against a thread.
//!
//!     cargo run --release -p subprocess --bin child_cost
//!
//! A child is started and waited for; it ends at once. The system must make a
//! process, load the program, set up its memory and remove all of it. A thread
//! shares the memory of its process, so there is little to set up. The
//! libraries add little to what the system does: `posix_spawn` is the fastest
//! call of C, without any library. In Python: `subprocess.run`.
//!
//! The program `child_cost_calls` shows which calls of `Command` cost more.
//!
//! Claims: S12
//! Change this and watch: let the thread sleep for 1 ms: the closure `|| {}`
//! becomes `|| thread::sleep(Duration::from_millis(1))`. Then a process costs
//! less than four threads, and S12 is contradicted (or, on a busy machine, not
//! judged).
//!
//! Output (figures vary):
//!     start and wait        us  threads
//!     a thread              77      1.0
//!     posix_spawn (libc)  1073     14.0
//!     std                 1024     13.3
//!     duct                1042     13.6
//!     tokio               1036     13.5
//!     smol                1004     13.1
//!     Not in the article, S12: "A process costs far more to start than a thread."
//!     Our answer for Rust: holds (true)
//!     Our answer to S12 is borne out: to start and end takes 77 us for a thread, 1024 us for a child by std (13 times)

use std::time::{Duration, Instant};
use std::{env, thread};

use shared::measure::{NoiseMeter, median};
use shared::watchdog::Watchdog;
use shared::{
    Result, Table, claim_timed, ensure, flags, notice_debug_build, role,
};
use subprocess::bare::Bare;
use tokio::{process, runtime};

const ROUNDS: usize = 40;

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        return Ok(()); // ends at once
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("all starts", Duration::from_secs(60))?;
    let meter = NoiseMeter::start();
    let costs = costs()?;
    let noise = meter.read();
    let thread = costs[0].us;
    let mut table = Table::new(["start and wait", "us", "threads"]);
    for Cost { name, us } in &costs {
        let ratio = us / thread;
        let cells = [format!("{us:.0}"), format!("{ratio:.1}")];
        table.row([name, &cells[0], &cells[1]]);
    }
    table.print();
    let std = costs[2].us;
    let figure = format!(
        "to start and end takes {thread:.0} us for a thread, {std:.0} us for a \
         child by std ({:.0} times)",
        std / thread
    );
    claim_timed("S12", std >= 4.0 * thread, noise, figure)
}

struct Cost {
    name: &'static str,
    us: f64,
}

/// The medians. The ways take turns, and the first round does not count.
fn costs() -> Result<[Cost; 6]> {
    let program = env::current_exe()?;
    let bare = Bare::new(&program, &["as-child"])?;
    let tokio = runtime::Builder::new_current_thread().enable_all().build()?;
    let mut ways: [(&str, &mut dyn FnMut() -> Result); 6] = [
        ("a thread", &mut || {
            thread::spawn(|| {}).join().expect("it does not panic");
            Ok(())
        }),
        ("posix_spawn (libc)", &mut || {
            ensure(bare.run()?.success(), "the child has failed")
        }),
        ("std", &mut || Ok(run_checked(&mut role::command("child")?)?)),
        ("duct", &mut || {
            duct::cmd(&program, ["as-child"]).run()?; // checks the status
            Ok(())
        }),
        ("tokio", &mut || {
            let mut command = process::Command::from(role::command("child")?);
            let status = tokio.block_on(async { command.status().await })?;
            ensure(status.success(), "the child has failed")
        }),
        ("smol", &mut || {
            let command = role::command("child")?;
            let mut command = smol::process::Command::from(command);
            let status = smol::block_on(command.status())?;
            ensure(status.success(), "the child has failed")
        }),
    ];
    let mut times = [const { Vec::new() }; 6];
    for round in 0..=ROUNDS {
        for (times, (_, way)) in times.iter_mut().zip(&mut ways) {
            let begun = Instant::now();
            way()?;
            if round > 0 {
                times.push(begun.elapsed());
            }
        }
    }
    Ok(std::array::from_fn(|n| Cost {
        name: ways[n].0,
        us: median(&times[n]).as_secs_f64() * 1e6,
    }))
}

// ANCHOR: child_cost
use std::io;
use std::process::Command;

/// Runs a command, waits for its end, and checks its exit status: the
/// `subprocess.run(check=True)` of Python. Standard input, output and error of
/// the child are ours. There is no time limit.
///
/// # Errors
///
/// The child cannot be started; or it has ended with another status than 0, or
/// by a signal: the text names both the program and the status.
pub fn run_checked(command: &mut Command) -> io::Result<()> {
    let status = command.status()?;
    if status.success() {
        return Ok(());
    }
    let program = command.get_program().display();
    Err(io::Error::other(format!("{program}: {status}")))
}
// ANCHOR_END: child_cost
