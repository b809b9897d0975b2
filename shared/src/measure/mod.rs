//! Clocks, counters and small statistics.

mod memory;
mod noise;
mod tries;

use std::{fs, io, time::Duration};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{Resource, Usage as RUsage, getrlimit, setrlimit};
use nix::sys::{resource::UsageWho, resource::getrusage, time::TimeVal};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{Pid, SysconfVar, sysconf};

pub use memory::Memory;
pub use noise::{Noise, NoiseMeter};
pub use tries::{best_of, median_of, try_best_of, try_median_of};

/// Time since the machine was started: one clock for all processes, unlike
/// [`std::time::Instant`], which cannot leave the process that made it.
pub fn now() -> Duration {
    clock(ClockId::CLOCK_MONOTONIC)
}

/// CPU time that the calling thread has used: its work without its waiting,
/// however many threads share the core.
pub fn thread_cpu() -> Duration {
    clock(ClockId::CLOCK_THREAD_CPUTIME_ID)
}

fn clock(id: ClockId) -> Duration {
    clock_gettime(id).expect("every Unix has this clock").into()
}

/// What a process has used since it was started.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Usage {
    /// CPU time of all its threads, in user mode and in the kernel.
    pub cpu: Duration,
    /// Context switches, by waiting and by being preempted.
    pub switches: u64,
    /// Resident memory at this moment, in KiB.
    pub rss_kib: u64,
}

impl Usage {
    /// Asks the kernel about this process (`getrusage`), which takes a few
    /// microseconds.
    pub fn now() -> Usage {
        let usage = getrusage(UsageWho::RUSAGE_SELF).expect("always known");
        let switches = usage.voluntary_context_switches() as u64
            + usage.involuntary_context_switches() as u64;
        Usage { cpu: cpu(&usage), switches, rss_kib: rss_kib() }
    }
}

/// CPU time in user mode and in the kernel.
fn cpu(usage: &RUsage) -> Duration {
    let time = |time: TimeVal| {
        Duration::new(time.tv_sec() as u64, 1_000 * time.tv_usec() as u32)
    };
    time(usage.user_time()) + time(usage.system_time())
}

fn cpu_of(who: UsageWho) -> Duration {
    cpu(&getrusage(who).expect("always known"))
}

/// Resident memory of this process in KiB: its peak so far.
///
/// Linux: `VmHWM` of `/proc/self/status`; elsewhere `ru_maxrss`, which on
/// Linux would include the parent's memory from before the `exec`.
pub fn peak_rss_kib() -> u64 {
    status("VmHWM").unwrap_or_else(|| {
        let usage = getrusage(UsageWho::RUSAGE_SELF).expect("always known");
        let unit = if cfg!(target_vendor = "apple") { 1024 } else { 1 };
        usage.max_rss() as u64 / unit
    })
}

/// Resident memory of this process in KiB now; 0 where there is no `/proc`.
///
/// Page counts of `/proc/self/statm`: cheap enough to ask for every dish.
pub fn rss_kib() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: Option<u64> =
        statm.split(' ').nth(1).and_then(|n| n.parse().ok());
    let page = sysconf(SysconfVar::PAGE_SIZE).ok().flatten().unwrap_or(4096);
    pages.unwrap_or(0) * page as u64 / 1024
}

/// One number of `/proc/self/status`.
fn status(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// How many threads can run at the same time here: the cores that this process
/// may use, by affinity and by quota.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The calling thread, and what it starts from now on, stay on one core: the
/// `nth` of those that they may use. With fewer cores it changes nothing.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// let pinned = || {
///     shared::measure::stay_on_core(0)?;
///     Ok::<_, std::io::Error>(shared::measure::cores())
/// };
/// assert_eq!(std::thread::spawn(pinned).join().unwrap()?, 1);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// The system refuses it.
pub fn stay_on_core(nth: usize) -> io::Result<()> {
    let (this, mut one) = (Pid::from_raw(0), CpuSet::new());
    let all = sched_getaffinity(this)?;
    let mut cores = (0..CpuSet::count()).filter(|n| all.is_set(*n) == Ok(true));
    if let Some(core) = cores.nth(nth) {
        one.set(core)?;
        sched_setaffinity(this, &one)?;
    }
    Ok(())
}

/// The middle one of `samples`; of an even number, the lower of the two.
///
/// # Panics
///
/// Without a sample there is no median.
pub fn median<T: Ord + Clone>(samples: &[T]) -> T {
    percentile(samples, 50)
}

/// The smallest sample that is not below `percent` per cent of all (the
/// nearest-rank method).
///
/// # Panics
///
/// Without a sample there is no percentile.
pub fn percentile<T: Ord + Clone>(samples: &[T], percent: usize) -> T {
    let mut sorted = samples.to_vec();
    sorted.sort();
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted[rank - 1].clone()
}

/// A duration in milliseconds, with fractions.
pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// Lets this process open as many files and sockets as the system allows. The
/// usual default, 1 024, is too few for a thousand dishes at once.
pub(crate) fn lift_file_limit() {
    if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most, most); // or stay so
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_by_nearest_rank() {
        assert_eq!(median(&[3, 1, 2]), 2);
        assert_eq!(median(&[4, 1, 3, 2]), 2);
        assert_eq!(percentile(&[1, 2, 3, 4], 99), 4);
        assert_eq!(percentile(&[5], 1), 5);
    }

    #[test]
    fn work_is_seen_by_the_thread_clock_and_waiting_is_not() {
        let before = thread_cpu();
        std::thread::sleep(Duration::from_millis(20));
        let waited = thread_cpu() - before;
        crate::chop(1, 5_000_000);
        let worked = thread_cpu() - before - waited;
        assert!(worked > waited, "{worked:?} {waited:?}");
    }
}
