//! Crash isolation: a process that crashes (abort, SIGSEGV) ends only its job.
//!
//!     cargo run -p multiprocessing --bin worker_crash
//!
//! One of ten jobs aborts. Nothing can catch a crash: the system ends the whole
//! process. So ten threads lose all ten results. (Here their program is a
//! child, so its parent can tell how it ended.) Ten processes lose one result,
//! and the parent knows which job it was and which signal ended it. In Python:
//! `Process.exitcode` is -6.
//!
//! The program `crash_in_pool` does the same with our `ProcessPool`.
//!
//! Claims: M8
//! Change this and watch: `panic!("crash")` instead of `abort()`. A panic is
//! caught by `join`, so the threads deliver 9 results. M8 is contradicted.
//!
//! Output (times vary, counts do not):
//!     threads: the program ended with signal: 6 (SIGABRT)
//!     processes: job 4 ended with signal: 6 (SIGABRT)
//!     The article, M8: "Its strengths (not in the article): what crashes, leaks or hangs can be ended."
//!     Our answer for Rust: holds (true)
//!     Our answer to M8 is borne out: one of 10 jobs aborts: threads deliver 0 of 10 results, processes 9 of 10

use std::{process::abort, thread, time::Duration};

use nix::sys::prctl::set_dumpable;
use shared::{Result, claim, flags, role, say, watchdog::Watchdog};

const JOBS: u64 = 10;
const CRASHES: u64 = 4;
const SQUARE: Job<u64, u64> = Job { name: "square", run: square };

fn main() -> Result {
    SQUARE.serve()?; // a process that was started for this job ends here
    if let Some([]) = role::started_as("threads") {
        return on_threads();
    }
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(20))?;
    let program = role::command("threads")?.output()?;
    let printed = String::from_utf8_lossy(&program.stdout).lines().count();
    say!("threads: the program ended with {}", program.status);
    let (mut done, mut crashed) = (0, Vec::new());
    for n in 0..JOBS {
        // The outer error: no process. The inner one: how the process ended.
        match SQUARE.run_isolated(&n)? {
            Ok(square) => done += u64::from(square == n * n),
            Err(status) => {
                say!("processes: job {n} ended with {status}");
                crashed.push(n);
            }
        }
    }
    let figure = format!(
        "one of {JOBS} jobs aborts: threads deliver {printed} of {JOBS} \
         results, processes {done} of {JOBS}"
    );
    let one_lost = crashed == [CRASHES] && done == JOBS - 1;
    claim("M8", printed == 0 && one_lost, figure)
}

fn square(n: u64) -> u64 {
    if n == CRASHES {
        set_dumpable(false).expect("always allowed"); // leaves no core file
        abort(); // WRONG on a thread: all other jobs end, too
    }
    n * n
}

fn on_threads() -> Result {
    let jobs = (0..JOBS).map(|n| thread::spawn(move || square(n)));
    let jobs: Vec<_> = jobs.collect(); // all of them run now
    let results: Vec<_> = jobs.into_iter().map(|job| job.join()).collect();
    results.iter().flatten().for_each(|square| say!("{square}"));
    Ok(())
}

// ANCHOR: worker_crash
use std::io::{self, Error, Read, Write, stdin};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::{net::UnixStream, process::parent_id};
use std::process::{Command, ExitStatus, exit, id};
use std::{env, fs::File, net::Shutdown};

use rustix::process::{Signal, set_parent_process_death_signal};
use serde::{Serialize, de::DeserializeOwned};

/// A function of this program that can run in a process of its own. Each one
/// needs another name. Call `serve` for each one first in `main`.
pub struct Job<A, T> {
    /// By this name the new process finds the function.
    pub name: &'static str,
    /// The function.
    pub run: fn(A) -> T,
}

/// A result, or how the process ended without one: killed by a signal, or with
/// an exit status: 101 after a panic.
pub type Outcome<T> = Result<T, ExitStatus>;

impl<A, T> Job<A, T>
where
    A: Serialize + DeserializeOwned,
    T: Serialize + DeserializeOwned,
{
    /// Runs the function in a new process and waits until that has ended.
    ///
    /// # Errors
    ///
    /// The process could not be started, argument or result could not be
    /// encoded, or this is the process of a job already.
    pub fn run_isolated(&self, argument: &A) -> io::Result<Outcome<T>> {
        if env::args_os().nth(1).is_some_and(|role| role == "isolated-job") {
            return Err(Error::other("no `serve`, or a job in a job"));
        }
        let bytes = postcard::to_stdvec(argument).map_err(Error::other)?;
        let (mut link, far_end) = UnixStream::pair()?;
        let mut child = Command::new(env::current_exe()?)
            .args(["isolated-job", self.name, &id().to_string()])
            .stdin(OwnedFd::from(far_end))
            .spawn()?;
        // Of a child that reads nothing the exit status tells more.
        let _ = link.write_all(&bytes);
        let _ = link.shutdown(Shutdown::Write);
        let mut reply = Vec::new();
        let _ = link.read_to_end(&mut reply);
        let status = child.wait()?; // always: else it stays as a zombie
        if !status.success() || reply.is_empty() {
            return Ok(Err(status));
        }
        postcard::from_bytes(&reply[1..]).map(Ok).map_err(Error::other)
    }

    /// In a process that was started for this job: does it, and ends.
    ///
    /// # Errors
    ///
    /// The parent of that process is gone, or what it sends is no argument.
    pub fn serve(&self) -> io::Result<()> {
        let given: Vec<_> = env::args_os().skip(1).collect();
        if given.len() != 3 || given[..2] != ["isolated-job", self.name] {
            return Ok(());
        }
        // The child ends with its parent, also if that has ended by now.
        set_parent_process_death_signal(Some(Signal::KILL))?;
        if given[2] != *parent_id().to_string() {
            return Err(Error::other("its parent is gone"));
        }
        // Children of the job inherit an empty stdin instead of the link.
        let mut link = UnixStream::from(stdin().as_fd().try_clone_to_owned()?);
        rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
        let mut bytes = Vec::new();
        link.read_to_end(&mut bytes)?;
        let argument = postcard::from_bytes(&bytes).map_err(Error::other)?;
        let reply = postcard::to_stdvec(&(1_u8, (self.run)(argument)));
        link.write_all(&reply.map_err(Error::other)?)?;
        exit(0)
    }
}
// ANCHOR_END: worker_crash
