//! Crash of a ready-made worker: what `procspawn` tells the caller.
//!
//!     cargo run -p multiprocessing --bin ready_made_ends
//!
//! A job in a process of its own cannot end the caller. The caller gets the
//! text of a panic; after a timeout the process is killed. An abort, an exit
//! and a signal are one and the same error, without a code or a signal. In
//! Python: `BrokenProcessPool`. A job goes on when its parent is killed,
//! because nobody tells the process of the job. Workers that read a pipe from
//! the parent end with it, and `futures_pool::ProcessPool` tells the signal.
//!
//! The program `ready_made` shows the times; `exit_status` shows what the
//! system tells of an end.
//!
//! Change this and watch: `|()| ()` instead of `|()| exit(3)`. The job then
//! ends well, and 2 of 5 ends look the same.
//!
//! Output (times vary, counts do not):
//!     panic: process spawn error: panic: bad input
//!     abort: process spawn error: remote side closed (might have panicked on serialization)
//!     exit(3): process spawn error: remote side closed (might have panicked on serialization)
//!     SIGKILL: process spawn error: remote side closed (might have panicked on serialization)
//!     too long: process spawn error: timed out
//!     when its parent is killed, a job goes on
//!     3 of 5 ends look the same to the caller

use std::io::{BufRead, BufReader};
use std::panic::resume_unwind;
use std::process::{Stdio, abort, exit, id};
use std::{collections::HashMap, thread};

use nix::sys::prctl::{set_child_subreaper, set_dumpable};
use nix::sys::{signal::Signal::SIGKILL, signal::kill, wait::waitpid};
use nix::unistd::Pid;
use shared::watchdog::{Watchdog, within};
use shared::{Result, flags, role, say};

/// Ample for a job that ends at once.
const LIMIT: Duration = Duration::from_millis(900);
/// A job that is too long, but ends by itself.
const TOO_LONG: Duration = Duration::from_secs(3);

fn main() -> Result {
    procspawn::init(); // in a worker process this does the job, and ends
    if let Some([]) = role::started_as("parent") {
        return Ok(procspawn::spawn((), tell_and_wait).join()?);
    }
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(10))?;
    let mut errors = HashMap::new();
    for (end, job) in ENDS {
        let told = match run_in_process((), job, LIMIT) {
            Ok(()) => "no error".to_string(),
            Err(error) => error.to_string(),
        };
        say!("{end}: {told}");
        *errors.entry(told).or_insert(0) += 1;
    }
    let same = errors.into_values().max().unwrap_or(0);
    let goes_on = goes_on_without_its_parent()?;
    let job = if goes_on { "goes on" } else { "ends, too" };
    say!("when its parent is killed, a job {job}");
    say!("{same} of {} ends look the same to the caller", ENDS.len());
    Ok(())
}

type Job = fn(());

const ENDS: [(&str, Job); 5] = [
    // As `panic!`, without the message on standard error.
    ("panic", |()| resume_unwind(Box::new("bad input"))),
    ("abort", |()| {
        set_dumpable(false).expect("always allowed"); // leaves no core file
        abort()
    }),
    ("exit(3)", |()| exit(3)),
    ("SIGKILL", |()| kill(Pid::this(), SIGKILL).expect("always allowed")),
    ("too long", |()| thread::sleep(TOO_LONG)),
];

/// What becomes of a job when the process that waits for it is killed.
fn goes_on_without_its_parent() -> Result<bool> {
    set_child_subreaper(true)?; // then this process gets the orphan, to wait
    let mut parent = role::command("parent")?;
    let mut parent = parent.stdout(Stdio::piped()).spawn()?;
    let from_job = parent.stdout.take().expect("it is a pipe");
    let (mut from_job, mut pid) = (BufReader::new(from_job), String::new());
    from_job.read_line(&mut pid)?; // it runs
    parent.kill()?;
    parent.wait()?;
    // With the job its output ends: nobody else writes there.
    let ends = move || from_job.read_line(&mut String::new());
    let goes_on = within(LIMIT, ends).is_err();
    let job = Pid::from_raw(pid.trim().parse()?);
    kill(job, SIGKILL)?; // no error, if it has ended and not been waited for
    waitpid(job, None)?;
    Ok(goes_on)
}

fn tell_and_wait((): ()) {
    say!("{}", id());
    thread::sleep(TOO_LONG);
}

// ANCHOR: ready_made_ends
use std::time::Duration;

use procspawn::SpawnError;
use serde::{Serialize, de::DeserializeOwned};

/// Runs `job` in a process of its own, which is killed after `limit`. The first
/// line of `main` must be `procspawn::init();`.
///
/// # Errors
///
/// The job has panicked, or its process has ended without a result, or the time
/// is over; or the process could not be started.
pub fn run_in_process<A, T>(
    argument: A,
    job: fn(A) -> T,
    limit: Duration,
) -> Result<T, SpawnError>
where
    A: Serialize + DeserializeOwned,
    T: Serialize + DeserializeOwned,
{
    // When the handle is dropped, what still runs is killed and waited for.
    procspawn::spawn(argument, job).join_timeout(limit)
}
// ANCHOR_END: ready_made_ends
