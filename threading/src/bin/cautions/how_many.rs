//! How many threads to start: who counts what, here, for this process.
//!
//!     cargo run -p threading --bin how_many
//!
//! For work, take what std says: it also knows the quota of a container, which
//! many a count of cores does not. For waiting, one for each wait.
//!
//! Change this and watch: start it under `taskset -c 0`, with
//! `RAYON_NUM_THREADS=7`, or in a container with `--cpus 1`.
//!
//! Output (figures vary):
//!     who                    counts  what
//!     nproc --all                 2  cores installed
//!     affinity                    2  cores allowed: Cpus_allowed_list
//!     nproc                       2  cores allowed, or OMP_NUM_THREADS
//!     cgroup                      -  core time allowed: quota / period
//!     available_parallelism       2  the lower of affinity and cgroup
//!     rayon                       2  as the line above, or RAYON_NUM_THREADS
//!     to start: for work 2, for waiting one for each wait

use std::{fs, process::Command, thread};

use shared::{Result, flags, say};

fn main() -> Result {
    flags([]);
    say!("{:<22}{:>7}  {}", "who", "counts", "what");
    row("nproc --all", nproc(&["--all"]), "cores installed");
    row("affinity", affinity(), "cores allowed: Cpus_allowed_list");
    row("nproc", nproc(&[]), "cores allowed, or OMP_NUM_THREADS");
    row("cgroup", quota(), "core time allowed: quota / period");
    let std = thread::available_parallelism().ok();
    row("available_parallelism", std, "the lower of affinity and cgroup");
    let rayon = rayon::current_num_threads();
    row("rayon", Some(rayon), "as the line above, or RAYON_NUM_THREADS");
    let work = std.map_or(1, usize::from);
    say!("to start: for work {work}, for waiting one for each wait");
    Ok(())
}

fn row(who: &str, counts: Option<impl ToString>, what: &str) {
    let counts = counts.map_or("-".into(), |count| count.to_string());
    say!("{who:<22}{counts:>7}  {what}");
}

/// What the program of that name prints, where there is one.
fn nproc(options: &[&str]) -> Option<String> {
    let output = Command::new("nproc").args(options).output().ok()?;
    let count = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| count.trim().into())
}

/// Cores that the kernel lets this process run on (Linux).
fn affinity() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    // As in `0-3,8`.
    let ranges = list.trim().split(',').map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(last.parse::<usize>().ok()? + 1 - first.parse::<usize>().ok()?)
    });
    ranges.sum()
}

// ANCHOR: how_many
/// Core time that this process may use in a second (Linux): the lowest quota
/// of its control group and of those above it. None: as much as there is.
fn quota() -> Option<f64> {
    use std::{fs, path::Path};
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    // Lines are `number:controllers:path`; version 2 names no controllers.
    let quotas = groups.lines().filter_map(|line| {
        let (_, group) = line.split_once(':')?;
        let (controllers, path) = group.split_once(":/")?;
        let group = Path::new("/sys/fs/cgroup").join(controllers).join(path);
        group.ancestors().filter_map(quota_of).min_by(f64::total_cmp)
    });
    quotas.min_by(f64::total_cmp)
}

fn quota_of(group: &std::path::Path) -> Option<f64> {
    let read = |file| std::fs::read_to_string(group.join(file)).ok();
    let in_version_1 =
        || Some(read("cpu.cfs_quota_us")? + &read("cpu.cfs_period_us")?);
    let text = read("cpu.max").or_else(in_version_1)?;
    let (quota, period) = text.trim().split_once([' ', '\n'])?;
    let quota: f64 = quota.parse().ok()?; // `max`, and -1, mean: no limit
    (quota > 0.0).then_some(quota / period.parse::<f64>().ok()?)
}
// ANCHOR_END: how_many
