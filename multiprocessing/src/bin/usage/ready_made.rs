//! Ready-made worker process: `procspawn` runs a job in one, in two lines.
//!
//!     cargo run --release -p multiprocessing --bin ready_made
//!
//! The crate starts this program again, sends the argument, calls the function
//! and sends the result. In Python: `ProcessPoolExecutor`, `Pool.apply`. A
//! worker of our own that waits at a pipe answers faster. The caller gets the
//! text of a panic, and a timeout. An abort, an exit and a kill are one and the
//! same error, without a code or a signal. A job goes on when its parent is
//! killed. The library `futures_pool` of this workspace tells these ends apart.
//!
//! The program `exit_status` shows what the system tells of an end.
//!
//! Change this and watch: `42` instead of `exit(3)`. The job then has a result,
//! and only 2 of 5 jobs end with the same error.
//!
//! Output (times vary, counts do not):
//!     x

use std::io::{self, BufRead, BufReader, Read, Write};
use std::panic::resume_unwind;
use std::process::{self, Stdio, abort, exit};
use std::{collections::HashMap, thread, time::Instant};

use nix::sys::prctl::{set_child_subreaper, set_dumpable};
use nix::sys::{signal::Signal::SIGKILL, signal::kill, wait::waitpid};
use nix::unistd::Pid;
use procspawn::Pool;
use shared::measure::try_median_of;
use shared::watchdog::{Watchdog, within};
use shared::{Result, ensure, flags, notice_debug_build, role, say};

/// For jobs that are done at once.
const LIMIT: Duration = Duration::from_millis(500);

fn main() -> Result {
    procspawn::init(); // in a worker process this does the job, and ends
    if let Some([]) = role::started_as("worker") {
        return serve();
    }
    if let Some([]) = role::started_as("parent") {
        let ended = procspawn::spawn((), tell_and_sleep).join();
        return ended.map_err(Into::into);
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(10))?;
    say!("a process for each job: {:.0} us", in_its_own_process()?);
    say!("a pool of one process: {:.0} us", in_a_pool()?);
    say!("our own worker at a pipe: {:.0} us", in_our_worker()?);
    tell_ends()?;
    let lives = match outlives_its_parent()? {
        true => "lives on",
        false => "dies, too",
    };
    say!("when its parent is killed, a job {lives}");
    Ok(())
}

fn double(number: u64) -> u64 {
    2 * number
}

fn median_us(mut trip: impl FnMut() -> Result<u64>) -> Result<f64> {
    try_median_of(51, || {
        let begun = Instant::now();
        ensure(trip()? == 42, "another result")?;
        Ok(begun.elapsed().as_secs_f64() * 1e6)
    })
}

fn in_its_own_process() -> Result<f64> {
    median_us(|| Ok(run_in_process(21, double, LIMIT)?))
}

fn in_a_pool() -> Result<f64> {
    let pool = Pool::new(1)?;
    median_us(|| Ok(pool.spawn(21, double).join()?))
}

fn in_our_worker() -> Result<f64> {
    let mut worker = role::command("worker")?;
    worker.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut worker = worker.spawn()?;
    let mut to = worker.stdin.take().expect("it is a pipe");
    let mut from = worker.stdout.take().expect("it is a pipe");
    let took = median_us(|| {
        let mut result = [0; 1];
        to.write_all(&[21])?;
        from.read_exact(&mut result)?;
        Ok(result[0].into())
    });
    drop(to); // then the worker ends
    worker.wait()?;
    took
}

fn serve() -> Result {
    let mut number = [0; 1];
    while io::stdin().read(&mut number)? == 1 {
        io::stdout().write_all(&[2 * number[0]])?;
        io::stdout().flush()?;
    }
    Ok(())
}

const ENDS: [(&str, fn(()) -> u64); 5] = [
    // As `panic!`, without the message on standard error.
    ("panic", |()| resume_unwind(Box::new("bad input"))),
    ("abort", |()| {
        set_dumpable(false).expect("always allowed"); // leaves no core file
        abort()
    }),
    ("exit(3)", |()| exit(3)),
    ("SIGKILL", |()| {
        kill(Pid::this(), SIGKILL).expect("always allowed");
        0
    }),
    ("timeout", |()| {
        thread::sleep(Duration::from_secs(2));
        0
    }),
];

fn tell_ends() -> Result {
    let mut errors = HashMap::new();
    for (name, job) in ENDS {
        let told = match run_in_process((), job, LIMIT) {
            Ok(result) => format!("the result {result}"),
            Err(error) => error.to_string(),
        };
        say!("{name}: {told}");
        *errors.entry(told).or_insert(0) += 1;
    }
    let most = errors.into_values().max().unwrap_or(0);
    say!("{most} of {} ends look the same to the caller", ENDS.len());
    Ok(())
}

/// Whether a job goes on when the process that waits for it is killed.
fn outlives_its_parent() -> Result<bool> {
    set_child_subreaper(true)?; // then an orphan becomes a child of this process
    let mut parent = role::command("parent")?;
    let mut parent = parent.stdout(Stdio::piped()).spawn()?;
    let from = parent.stdout.take().expect("it is a pipe");
    let (mut from, mut pid) = (BufReader::new(from), String::new());
    from.read_line(&mut pid)?; // from the job: it runs
    parent.kill()?;
    parent.wait()?;
    // The end of the output is the end of the job: nobody else writes there.
    let ended = within(LIMIT, move || from.read_line(&mut String::new()));
    let job = Pid::from_raw(pid.trim().parse()?);
    kill(job, SIGKILL)?; // a zombie may be killed, too
    waitpid(job, None)?;
    Ok(ended.is_err())
}

fn tell_and_sleep((): ()) {
    println!("{}", process::id());
    thread::sleep(Duration::from_secs(2));
}

// ANCHOR: ready_made
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
// ANCHOR_END: ready_made
