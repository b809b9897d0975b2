//! A thread for each job, as jobs become more; beside it a crew of 32.
//!
//!     cargo run --release -p threading --bin too_many_threads
//!
//! A job waits for 20 ms, or works for a few microseconds. Threads that wait
//! cost memory; threads that work cost time, once there is one for each core.
//! `--more` goes on to 5 000 jobs, of which the first have gone when the last
//! one starts. `--until-error` starts threads in a child until the system
//! refuses, and names the limit.
//!
//! Claims: T11
//! Change this and watch: make it a crew of 320; it is done with waiting ten
//! times as fast, and needs the memory for it.
//!
//! Output (figures vary):
//!     jobs        done by              ms  CPU ms  switches  peak KiB
//!       10 wait   a crew of 32       20.6     0.7        23      2336
//!       10 wait   a thread each      22.0     0.7        23      2540
//!       10 work   a crew of 32        0.4     0.5         2      2540
//!       10 work   a thread each       0.4     0.5         2      2540
//!      100 wait   a crew of 32       80.4     2.7       138      2736
//!      100 wait   a thread each      22.2     6.8       347      3296
//!      100 work   a crew of 32        2.2     3.2       119      3240
//!      100 work   a thread each       2.9     4.6       106      2980
//!     1000 wait   a crew of 32      642.4     7.1      1066      2868
//!     1000 wait   a thread each      89.1    82.4      3717     10788
//!     1000 work   a crew of 32        6.7     9.5        75      4372
//!     1000 work   a thread each      36.1    42.1       820      4236
//!     T11 borne out: waits: memory x3.8; work: CPU x4.4

use std::{fs, io, path::Path, thread, time::Duration};

use shared::watchdog::Watchdog;
use shared::{Result, chop, claim, flags};
use shared::{measure, notice_debug_build, role, say};

fn main() -> Result {
    if let Some([]) = role::started_as("victim") {
        return start_until_refused();
    }
    let [more, until_error] = flags(["--more", "--until-error"]);
    if until_error {
        return find_the_limit();
    }
    notice_debug_build();
    say!("jobs        done by              ms  CPU ms  switches  peak KiB");
    let most = if more { 5_000 } else { 1_000 };
    let wait = || thread::sleep(Duration::from_millis(20));
    let work = || _ = chop(1, 5_000);
    for jobs in [10, 100] {
        compare(jobs, "wait", wait)?;
        compare(jobs, "work", work)?;
    }
    let [_, memory] = compare(most, "wait", wait)?;
    let [cpu, _] = compare(most, "work", work)?;
    let figure = format!("waits: memory x{memory:.1}; work: CPU x{cpu:.1}");
    // Wall time is not judged: it depends on who else wants the cores.
    claim("T11", memory > 1.2 && cpu > 1.2, figure)
}

/// A name, and how it does so many times that job.
type Way = (&'static str, fn(usize, fn()) -> io::Result<()>);

const EACH: Way = ("a thread each", a_thread_each);
const CREW: Way = ("a crew of 32", a_crew);

/// CPU time and memory of a thread for each job, divided by the crew's.
fn compare(jobs: usize, what: &str, job: fn()) -> Result<[f64; 2]> {
    let crew = row(jobs, what, CREW, job)?;
    let each = row(jobs, what, EACH, job)?;
    Ok([each[0] / crew[0], each[1] / crew[1]])
}

fn row(jobs: usize, what: &str, way: Way, job: fn()) -> Result<[f64; 2]> {
    fs::write("/proc/self/clear_refs", "5")?; // the peak starts anew (Linux)
    let (started, before) = (measure::now(), measure::Usage::now());
    (way.1)(jobs, job)?;
    let ms = measure::ms(measure::now() - started);
    let after = measure::Usage::now();
    let cpu = measure::ms(after.cpu - before.cpu);
    let switches = after.switches - before.switches;
    let (who, kib) = (way.0, measure::peak_rss_kib());
    say!(
        "{jobs:>4} {what:<7}{who:<16}{ms:>7.1}{cpu:>8.1}{switches:>10}{kib:>10}"
    );
    Ok([cpu, kib as f64])
}

// ANCHOR: too_many_threads
/// A thread for each job. It is an error if the system refuses one.
pub fn a_thread_each(jobs: usize, job: fn()) -> std::io::Result<()> {
    std::thread::scope(|floor| {
        for _ in 0..jobs {
            std::thread::Builder::new().spawn_scoped(floor, job)?;
        }
        Ok(())
    })
}

/// Never more than 32 threads: who is free takes the next job.
pub fn a_crew(jobs: usize, job: fn()) -> std::io::Result<()> {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    let taken = AtomicUsize::new(0);
    std::thread::scope(|floor| {
        for _ in 0..jobs.min(32) {
            std::thread::Builder::new().spawn_scoped(floor, || {
                while taken.fetch_add(1, Relaxed) < jobs {
                    job();
                }
            })?;
        }
        Ok(())
    })
}
// ANCHOR_END: too_many_threads

const PATIENCE: Duration = Duration::from_secs(20);

/// The child: tells every hundredth thread, and the refusal.
fn start_until_refused() -> Result {
    let _bound = Watchdog::guard("the victim", PATIENCE)?;
    let refused = (0..40_000).find_map(|started| {
        if started % 100 == 0 {
            say!("{started} one more, without room to start in, aborted all");
        }
        // Not joined: all are released by the end of the process.
        let spawned = thread::Builder::new().spawn(|| thread::sleep(PATIENCE));
        spawned.err().map(|error| format!("{started} {error}"))
    });
    say!("{}", refused.unwrap_or("40000 enough: not refused".into()));
    Ok(())
}

fn find_the_limit() -> Result {
    let mut victim = role::command("victim")?;
    let ended = victim.env("RUST_BACKTRACE", "0").output()?;
    let told = String::from_utf8_lossy(&ended.stdout);
    let last = told.lines().last().and_then(|line| line.split_once(' '));
    let (started, answer) = last.expect("it tells of its first thread");
    say!("{started} threads, then: {answer}");
    say!("{:<31}{:>10}{:>10}", "limit", "allows", "used");
    for (limit, allows, each) in limits() {
        let used = started.parse::<u64>()? * each;
        let hit = allows.is_some_and(|most| used >= most / 100 * 99);
        let allows = allows.map_or("any".into(), |most| most.to_string());
        let mark = if hit { "  was hit" } else { "" };
        say!("{limit:<31}{allows:>10}{used:>10}{mark}");
    }
    Ok(())
}

/// Each limit, how much it allows, and how much of that one thread takes.
fn limits() -> [(&'static str, Option<u64>, u64); 4] {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    // None where it says "max", or does not exist.
    let number = |file: &str| read(file).trim().parse::<u64>().ok();
    let own = read("/proc/self/limits");
    let own = own.split_once("Max processes").map_or("", |(_, rest)| rest);
    let own = own.split_whitespace().next().and_then(|n| n.parse().ok());
    let group = read("/proc/self/cgroup");
    let group = group.split_once("0::").map_or("", |(_, path)| path.trim());
    let pids = Path::new(group).ancestors().filter_map(|group| {
        number(&format!("/sys/fs/cgroup{}/pids.max", group.display()))
    });
    let maps = number("/proc/sys/vm/max_map_count");
    [
        // A stack, a stack for signals, and below each of them its guard.
        ("vm.max_map_count, 4 a thread", maps, 4),
        ("kernel.threads-max", number("/proc/sys/kernel/threads-max"), 1),
        ("RLIMIT_NPROC (ulimit -u)", own, 1),
        ("pids.max of the control group", pids.min(), 1),
    ]
}
