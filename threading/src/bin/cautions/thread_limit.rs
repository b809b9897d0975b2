//! Thread limit: start threads until the system refuses one, and handle that.
//!
//!     cargo run -p threading --bin thread_limit
//!
//! When the system refuses a thread, `thread::spawn` panics; the `spawn` of a
//! `Builder` returns an error. (Python raises RuntimeError: can't start new
//! thread.) Here the process may have only 2 GiB of addresses, and each stack
//! reserves 64 MiB of them, so the limit comes soon.
//!
//! Limits of a Linux system: `kernel.threads-max`; `vm.max_map_count` (a thread
//! needs up to 4 mappings, so the usual 65 530 allow some 16 000 threads); for
//! a user `ulimit -u`; for a container `pids.max` of its control group. Close
//! to a limit a thread may start, get no memory, and abort the process.
//!
//! The program `too_many_threads` shows what a thread for each job costs long
//! before.
//!
//! Change this and watch: stacks of 8 MiB (`8 << 20`). Eight times as many
//! threads start.
//!
//! Output (figures vary):
//!     31 threads have started, then: Resource temporarily unavailable (os error 11)

use std::time::Duration;

use nix::sys::resource::{Resource, setrlimit};
use shared::{Failure, Result, flags, role, say};

const MOST: usize = 1_000;
const STACK: usize = 64 << 20;
const ADDRESSES: u64 = 2 << 30;

fn main() -> Result {
    flags([]);
    // One heap for all threads: a heap of its own reserves 64 MiB, too.
    role::restart_with([("MALLOC_ARENA_MAX", "1")])?;
    setrlimit(Resource::RLIMIT_AS, ADDRESSES, ADDRESSES)?;
    let (threads, refused) = start_up_to(MOST, STACK, wait);
    let no_limit = || Failure::new("the system has refused no thread");
    let answer = refused.ok_or_else(no_limit)?;
    say!("{} threads have started, then: {answer}", threads.len());
    Ok(()) // not joined: the end of the process ends all of them
}

/// Stands for work that lasts.
fn wait() {
    thread::sleep(Duration::from_secs(20));
}

// ANCHOR: thread_limit
use std::{io, thread, thread::JoinHandle};

/// Starts `most` threads, or as many as the system allows. Returns those that
/// have started, and the error if one was refused: work on with fewer threads.
pub fn start_up_to(
    most: usize,
    stack_bytes: usize,
    job: impl Fn() + Clone + Send + 'static,
) -> (Vec<JoinHandle<()>>, Option<io::Error>) {
    let mut threads = Vec::new();
    while threads.len() < most {
        let thread = thread::Builder::new().stack_size(stack_bytes);
        match thread.spawn(job.clone()) {
            Ok(thread) => threads.push(thread),
            Err(refused) => return (threads, Some(refused)),
        }
    }
    (threads, None)
}
// ANCHOR_END: thread_limit
