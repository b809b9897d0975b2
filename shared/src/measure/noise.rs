//! How much other programs got in the way of a measurement.

use std::ffi::OsString;
use std::fs::{self, DirEntry};
use std::time::{Duration, Instant};

use nix::sys::resource::UsageWho;
use nix::time::ClockId;
use nix::unistd::{SysconfVar, sysconf};

use super::{clock, cores, cpu_of};

/// Started before a measurement, and read after it.
///
/// Linux counts for each thread how long it was ready to run and had no core:
/// `run_delay`, the second figure of `/proc/self/task/*/schedstat`. (The file
/// `/proc/self/schedstat` is that of the main thread alone.) Two things are
/// made good here. What a thread has waited is lost when it ends, and threads
/// that are more than the cores wait for each other, which is no noise. So it
/// counts, too, what the rest of the machine used meanwhile: see [`Noise`].
///
/// ```
/// use shared::measure::{NoiseMeter, best_of};
///
/// let meter = NoiseMeter::start();
/// best_of(3, || (1..100_000).sum::<u64>());
/// let noise = meter.read();
/// println!("waited {:?} of {:?}", noise.waited, noise.elapsed);
/// ```
#[derive(Clone, Debug)]
pub struct NoiseMeter {
    started: Instant,
    threads: Option<Vec<Thread>>,
    cpu: Duration,
    /// What children have used that were waited for.
    reaped: Duration,
    machine: Option<Duration>,
}

/// What a [`NoiseMeter`] has read.
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    /// How long the measurement took.
    pub elapsed: Duration,
    /// How long our threads waited for a core, all of them together, without
    /// those that have ended since. Unknown where there is no Linux.
    pub waited: Option<Duration>,
    /// CPU time of our threads that have ended since.
    pub ended: Duration,
    /// CPU time that the rest of the machine used meanwhile: all other
    /// processes and what a virtual machine was denied, by `/proc/stat`, to the
    /// tick of 10 ms for each core. Our children count as others until they
    /// have been waited for.
    pub others: Option<Duration>,
}

impl Noise {
    /// Whether this was too much for a verdict by time: of the measured time
    /// our threads waited more than 5 % for a core, and it was others who had
    /// the cores. For threads that have ended, which nobody can ask, it is
    /// enough that others used 5 % of a core, or half of all cores if these
    /// threads did very little themselves.
    ///
    /// Unknown is not busy: nothing is excused that cannot be shown.
    pub fn is_busy(&self) -> bool {
        let much = self.elapsed / 20;
        let waited = self.waited.is_some_and(|waited| waited > much);
        let Some(others) = self.others else { return waited };
        // A short turn may fall between two ticks.
        let missed = Duration::from_millis(10) * cores() as u32;
        let unseen = match self.ended {
            Duration::ZERO => false,
            ended if ended > much => others > much,
            _ => others > self.elapsed * cores() as u32 / 2,
        };
        waited && others + missed > much || unseen
    }
}

impl NoiseMeter {
    /// Starts to measure.
    pub fn start() -> NoiseMeter {
        NoiseMeter {
            machine: machine(),
            cpu: own_cpu(),
            reaped: cpu_of(UsageWho::RUSAGE_CHILDREN),
            threads: threads(),
            started: Instant::now(),
        }
    }

    /// What has happened since the start.
    pub fn read(&self) -> Noise {
        let elapsed = self.started.elapsed();
        let threads = threads();
        let (mut waited, mut ran) = (Duration::ZERO, Duration::ZERO);
        for now in threads.iter().flatten() {
            let same = |then: &&Thread| then.id == now.id;
            let then = self.threads.iter().flatten().find(same);
            waited += now.waited - then.map_or(Duration::ZERO, |t| t.waited);
            ran += now.ran - then.map_or(Duration::ZERO, |t| t.ran);
        }
        let cpu = own_cpu() - self.cpu;
        let reaped = cpu_of(UsageWho::RUSAGE_CHILDREN) - self.reaped;
        let others = |(now, then)| Duration::saturating_sub(now, then);
        let others = machine().zip(self.machine).map(others);
        Noise {
            elapsed,
            waited: self.threads.as_ref().and(threads.map(|_| waited)),
            ended: cpu.saturating_sub(ran),
            others: others.map(|all| all.saturating_sub(cpu + reaped)),
        }
    }
}

fn own_cpu() -> Duration {
    clock(ClockId::CLOCK_PROCESS_CPUTIME_ID)
}

/// What the scheduler counts for a thread.
#[derive(Clone, Debug)]
struct Thread {
    id: OsString,
    ran: Duration,
    waited: Duration,
}

/// All threads that live now.
fn threads() -> Option<Vec<Thread>> {
    let tasks = fs::read_dir("/proc/self/task").ok()?;
    Some(tasks.flatten().filter_map(|task| thread(&task)).collect())
}

/// `None` if it has just ended.
fn thread(task: &DirEntry) -> Option<Thread> {
    let counts = fs::read_to_string(task.path().join("schedstat")).ok()?;
    let mut nanos = counts.split_whitespace().map(|count| count.parse().ok());
    let mut next = || nanos.next()?.map(Duration::from_nanos);
    Some(Thread { id: task.file_name(), ran: next()?, waited: next()? })
}

/// CPU time that was used on this machine since its start, and what other
/// virtual machines took of ours (`steal`).
fn machine() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let all = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> =
        all.split_whitespace().map_while(|count| count.parse().ok()).collect();
    let &[user, nice, system, _idle, _iowait, irq, softirq, steal, ..] =
        ticks.as_slice()
    else {
        return None;
    };
    let ticks = user + nice + system + irq + softirq + steal;
    let second = sysconf(SysconfVar::CLK_TCK).ok().flatten()?;
    Some(Duration::from_secs_f64(ticks as f64 / second as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn quiet() -> Noise {
        let nothing = Duration::ZERO;
        let elapsed = Duration::from_secs(10);
        Noise {
            elapsed,
            waited: Some(nothing),
            ended: nothing,
            others: Some(nothing),
        }
    }

    #[test]
    fn waiting_is_noise_if_others_had_the_cores() {
        assert!(!quiet().is_busy());
        let crowded = Noise { waited: Some(MS(9_000)), ..quiet() };
        assert!(!crowded.is_busy(), "threads waited for each other");
        let elsewhere = Noise { others: Some(MS(9_000)), ..quiet() };
        assert!(!elsewhere.is_busy(), "there were cores for all");
        let busy = Noise { waited: Some(MS(600)), ..elsewhere };
        assert!(busy.is_busy());
        assert!(Noise { others: None, ..busy }.is_busy());
        assert!(!Noise { waited: Some(MS(400)), ..busy }.is_busy());
    }

    #[test]
    fn what_ended_threads_have_waited_is_not_known() {
        let ended = Noise { ended: MS(5_000), ..quiet() };
        assert!(!ended.is_busy());
        assert!(Noise { others: Some(MS(600)), ..ended }.is_busy());
        let all = quiet().elapsed * cores() as u32;
        let short = Noise { ended: MS(5), ..quiet() };
        assert!(Noise { others: Some(all * 3 / 4), ..short }.is_busy());
        assert!(!Noise { others: Some(all / 4), ..short }.is_busy());
        assert!(!Noise { others: Some(all), ..quiet() }.is_busy());
    }

    #[test]
    fn the_unknown_is_not_busy() {
        let unknown = Noise { waited: None, others: None, ..quiet() };
        assert!(!unknown.is_busy());
    }

    #[test]
    fn threads_that_end_are_not_lost_without_a_trace() {
        let meter = NoiseMeter::start();
        let work = || {
            let started = super::super::thread_cpu();
            while super::super::thread_cpu() < started + MS(50) {}
        };
        std::thread::spawn(work).join().unwrap();
        let ended = meter.read().ended;
        assert!(ended >= MS(50), "{ended:?}");
    }
}
