//! The steps of the ladder, from the simplest to the last resort.

use std::sync::{atomic::AtomicU64, atomic::Ordering::Relaxed, mpsc};
use std::{process::Stdio, thread};

use multiprocessing::SharedMemory;
use rayon::prelude::*;
use shared::{Result, ensure, measure::cores, role, say};

use super::{JOBS, job};

// STEP: iterator
pub fn iterator() -> Result<u64> {
    Ok(sum_of((0..JOBS).map(job)))
}

// STEP: rayon
pub fn rayon() -> Result<u64> {
    let jobs = (0..JOBS).into_par_iter();
    Ok(jobs.map(job).reduce(|| 0, u64::wrapping_add))
}

// END
pub fn sum_of(results: impl IntoIterator<Item = u64>) -> u64 {
    results.into_iter().fold(0, u64::wrapping_add)
}

/// For the steps below: every second job, if there are two workers.
fn share(worker: usize) -> u64 {
    sum_of((worker as u64..JOBS).step_by(cores()).map(job))
}

// STEP: threads and a channel
pub fn channel() -> Result<u64> {
    let (sender, sums) = mpsc::channel();
    thread::scope(|scope| {
        for worker in 0..cores() {
            let sender = sender.clone();
            scope.spawn(move || sender.send(share(worker)));
        }
    });
    drop(sender);
    Ok(sum_of(sums))
}

// STEP: async tasks
pub fn tasks() -> Result<u64> {
    let task = |worker| smol::unblock(move || share(worker));
    let tasks: Vec<_> = (0..cores()).map(task).collect();
    Ok(sum_of(tasks.into_iter().map(smol::block_on)))
}

// STEP: processes and pipes
pub fn pipes() -> Result<u64> {
    let start = |worker: usize| {
        let mut child = role::command("pipes")?;
        child.arg(worker.to_string()).stdout(Stdio::piped()).spawn()
    };
    let children: Vec<_> = (0..cores()).map(start).collect();
    let outputs = children.into_iter().map(|child| child?.wait_with_output());
    let mut sums = Vec::new();
    for output in outputs.collect::<Vec<_>>() {
        sums.push(String::from_utf8(output?.stdout)?.trim().parse()?);
    }
    Ok(sum_of(sums))
}

pub fn print_share(worker: &str) -> Result {
    say!("{}", share(worker.parse()?));
    Ok(())
}

// STEP: processes and shared memory
pub fn mapping() -> Result<u64> {
    let memory = SharedMemory::new(8 * cores())?;
    let start = |worker: usize| {
        let mut child = role::command("mapping")?;
        child.arg(worker.to_string()).stdin(memory.hand_over()?).spawn()
    };
    let children: Vec<_> = (0..cores()).map(start).collect();
    let ends = children.into_iter().map(|child| child?.wait());
    for end in ends.collect::<Vec<_>>() {
        ensure(end?.success(), "a child has failed")?;
    }
    let sums = memory.slice::<AtomicU64>(0, cores())?;
    Ok(sum_of(sums.iter().map(|sum| sum.load(Relaxed))))
}

pub fn store_share(worker: &str) -> Result {
    let (memory, n) = (SharedMemory::inherited()?, worker.parse()?);
    memory.view::<AtomicU64>(8 * n)?.store(share(n), Relaxed);
    Ok(())
}
