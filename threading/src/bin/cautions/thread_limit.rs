//! Thread limit: start threads until the system refuses one, and handle that.
//!
//!     cargo run -p threading --bin thread_limit
//!
//! When the system refuses a thread, `thread::spawn` panics; the `spawn` of a
//! `Builder` returns an error. (Python raises RuntimeError: can't start new
//! thread.) Here a child process may have only 2 GiB of addresses, and each
//! stack reserves 64 MiB of them, so the limit comes soon. With `--system` only
//! the limits of the system hold: they are printed, and how much of each was
//! used. That starts up to 40 000 threads, and takes some seconds. Close to a
//! limit a thread may start, and then get no memory: the process is aborted.
//!
//! `too_many_threads` shows what a thread for each job costs long before.
//!
//! Change this and watch: stacks of 8 MiB (`8 << 20`, in `main`). Eight times
//! as many threads start.
//!
//! Output (figures vary):
//!     31 threads have started, then: Resource temporarily unavailable (os error 11)

use std::{fs, path::Path, time::Duration};

use nix::sys::resource::{Resource, setrlimit};
use shared::{Failure, Result, Table, flags, role, say, watchdog::Watchdog};

const LIMIT: Duration = Duration::from_secs(20);

fn main() -> Result {
    match role::started_as("victim").map(|[limit]| limit == "limited") {
        Some(true) => return victim(1_000, 64 << 20, Some(2 << 30)),
        Some(false) => return victim(40_000, 64 << 10, None),
        None => {}
    }
    let [system] = flags(["--system"]);
    let mut child = role::command("victim")?;
    child.arg(if system { "unlimited" } else { "limited" });
    let ended = child.env("MALLOC_ARENA_MAX", "1").output()?;
    let said = String::from_utf8(ended.stdout)?;
    let Some((started, answer)) = said.trim_end().split_once(' ') else {
        return Err(Failure::new(format!("it aborted: {}", ended.status)));
    };
    say!("{started} threads have started, then: {answer}");
    let started: u64 = started.parse()?;
    if system {
        print_limits(started);
    } else if started == 1_000 {
        return Err(Failure::new("the system has refused no thread"));
    }
    Ok(())
}

/// The child: as many threads as it gets, all alive at the same time.
fn victim(most: usize, stack: usize, addresses: Option<u64>) -> Result {
    let _bound = Watchdog::guard("the threads", LIMIT)?;
    if let Some(bytes) = addresses {
        setrlimit(Resource::RLIMIT_AS, bytes, bytes)?;
    }
    // Not joined: the end of the process ends all of them.
    let (threads, refused) =
        start_up_to(most, stack, || std::thread::sleep(LIMIT));
    let answer = refused.map_or("enough".into(), |error| error.to_string());
    say!("{} {answer}", threads.len());
    Ok(())
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

fn print_limits(threads: u64) {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    // "max" is no number, and means: no limit.
    let number = |file: &str| read(file).trim().parse::<u64>().ok();
    let own = read("/proc/self/limits");
    let own = own.split_once("Max processes").map_or("", |(_, rest)| rest);
    let own = own.split_whitespace().next().and_then(|n| n.parse().ok());
    let group = read("/proc/self/cgroup");
    let group = group.lines().find_map(|line| line.strip_prefix("0::"));
    let group = group.unwrap_or_default();
    let pids = Path::new(group).ancestors().filter_map(|group| {
        number(&format!("/sys/fs/cgroup{}/pids.max", group.display()))
    });
    let mut table = Table::new(["limit", "allows", "used"]);
    for (limit, allows, each) in [
        // A stack, a stack for signals, and below each of them its guard.
        ("vm.max_map_count", number("/proc/sys/vm/max_map_count"), 4),
        ("kernel.threads-max", number("/proc/sys/kernel/threads-max"), 1),
        ("RLIMIT_NPROC (ulimit -u)", own, 1),
        ("pids.max of the control group", pids.min(), 1),
    ] {
        let allows = allows.map_or("any".into(), |most| most.to_string());
        table.row([&limit, &allows, &(threads * each)]);
    }
    table.print();
}
