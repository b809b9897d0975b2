//! How many CPU-bound threads: as many as cores that the process may use.
//!
//!     cargo run -p threading --bin how_many
//!
//! A machine has cores. Affinity: a process may be allowed to use only some of
//! them. Quota: a container may get only a part of their time (cgroup, control
//! group). `available_parallelism` is the lower of affinity and quota. If more
//! threads than that work, they only take turns (oversubscription). Python's
//! `os.cpu_count()` counts the machine's cores, and `os.process_cpu_count()`
//! (3.13) knows the affinity. Threads that wait need no core: start one for
//! each wait, or only as many as the other side (a server, a disk) can serve.
//!
//! Change this and watch: start the program under `taskset -c 0`: the affinity
//! and what follows from it become 1. Or with `RAYON_NUM_THREADS=7`: only rayon
//! has 7 threads then.
//!
//! Output (figures vary):
//!     cores  by
//!         2  affinity: Cpus_allowed_list
//!         -  quota of the control group: time / period
//!         2  available_parallelism: the lower of these two
//!         2  rayon: the same, or RAYON_NUM_THREADS
//!     start 2 threads for work, and one for each wait

use std::{fs, path::Path};

use shared::{Result, Table, flags, say};

fn main() -> Result {
    flags([]);
    let mut table = Table::new(["cores", "by"]);
    let none = || "-".to_string();
    let allowed = affinity().map_or_else(none, |cores| cores.to_string());
    table.row([&allowed, &"affinity: Cpus_allowed_list"]);
    let quota = quota().map_or_else(none, |cores| cores.to_string());
    table.row([&quota, &"quota of the control group: time / period"]);
    let work = threads_for_work();
    table.row([&work, &"available_parallelism: the lower of these two"]);
    let rayon = rayon::current_num_threads();
    table.row([&rayon, &"rayon: the same, or RAYON_NUM_THREADS"]);
    table.print();
    say!("start {work} threads for work, and one for each wait");
    Ok(())
}

// ANCHOR: how_many
/// How many threads to start for work (CPU-bound): as many as this process can
/// really run at the same time, by cores, affinity and quota; 1 if unknown.
pub fn threads_for_work() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
// ANCHOR_END: how_many

/// Cores that the kernel lets this process run on (Linux).
fn affinity() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    // As in `0-3,8`.
    let ranges = list.trim().split(',').map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let number = |text: &str| text.parse::<usize>().ok();
        Some(number(last)? + 1 - number(first)?)
    });
    ranges.sum() // `None` if one of them is `None`
}

/// How many seconds of core time this process may use in a second (Linux): 1.5
/// is as much as one core and a half has. The lowest quota of its control group
/// (version 2) and of those above it.
fn quota() -> Option<f64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let own = Path::new("/sys/fs/cgroup").join(own);
    let quotas = own.ancestors().filter_map(|group| {
        let text = fs::read_to_string(group.join("cpu.max")).ok()?;
        let (quota, period) = text.trim().split_once(' ')?;
        let quota: f64 = quota.parse().ok()?; // `max` means: no limit
        Some(quota / period.parse::<f64>().ok()?)
    });
    quotas.min_by(f64::total_cmp)
}
