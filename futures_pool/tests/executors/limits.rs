//! How many workers there are, which one gets a job, and how it is prepared.

use std::{cell::Cell, io, thread};

use futures_pool::{Handle, Job, job};
use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    unistd::Pid,
};

use crate::{
    cases,
    jobs::*,
    support::{interface::*, *},
};

cases! {
    both: [
        a_pool_has_as_many_workers_as_told_or_as_cores
        never_more_jobs_run_than_there_are_workers
        a_free_worker_is_used_again
        a_busy_worker_does_not_count_as_free
        each_worker_is_prepared_before_its_first_job
        a_worker_that_cannot_be_prepared_breaks_the_pool
    ]
    once: []
}

pub fn jobs() -> Vec<Job> {
    vec![job(prepare), job(prepare_badly), job(is_prepared)]
}

/// FUT-11.
fn a_pool_has_as_many_workers_as_told_or_as_cores<P: Pool>(_: Folder) {
    let none = P::try_of(0).err().unwrap();
    assert_eq!(none.kind(), io::ErrorKind::InvalidInput);
    let cores = thread::available_parallelism().unwrap().get();
    assert_eq!(P::of_any_size().workers(), cores);
    // From here on this thread, and what it starts, has one core.
    let mut one = CpuSet::new();
    let allowed = sched_getaffinity(Pid::from_raw(0)).unwrap();
    let core = (0..CpuSet::count()).find(|n| allowed.is_set(*n).unwrap());
    one.set(core.unwrap()).unwrap();
    sched_setaffinity(Pid::from_raw(0), &one).unwrap();
    assert_eq!(P::of_any_size().workers(), 1);
}

/// FUT-12.
fn never_more_jobs_run_than_there_are_workers<P: Pool>(folder: Folder) {
    let pool = P::of(3);
    let handles: Vec<_> =
        (0..45).map(|n| submit_held(&pool, &folder, n)).collect();
    for n in 0..45 {
        let started = || folder.count("started-") as u64;
        let all = (n + 3).min(45);
        until("three to have begun", || started() >= all);
        assert_eq!(started(), all);
        assert_eq!(pool.living(), 3);
        folder.release([n]);
    }
    for (handle, n) in handles.into_iter().zip(0..) {
        assert_eq!(handle.result(), Ok(n));
    }
}

/// FUT-13.
fn a_free_worker_is_used_again<P: Pool>(folder: Folder) {
    let pool = P::of(4);
    if pool.living() == 4 {
        // They are all started at once: each has a job before it counts.
        let held: Vec<_> =
            (0..4).map(|n| submit_held(&pool, &folder, n)).collect();
        (0..4).for_each(|n| folder.wait_for(format!("started-{n}")));
        folder.release(0..4);
        assert_eq!(numbers(held), [0, 1, 2, 3]);
    }
    let living = pool.living().max(1);
    let first = pool.submit(who, 0).result();
    for n in 1..10 {
        assert_eq!(pool.submit(who, n).result(), first);
    }
    assert_eq!(pool.living(), living);
}

/// FUT-12: also if it has been free before, and the other one never worked.
fn a_busy_worker_does_not_count_as_free<P: Pool>(folder: Folder) {
    let pool = P::of(2);
    assert_eq!(pool.submit(square, 2).result(), Ok(4));
    let held: Vec<_> = (0..2).map(|n| submit_held(&pool, &folder, n)).collect();
    (0..2).for_each(|n| folder.wait_for(format!("started-{n}")));
    folder.release(0..2);
    assert_eq!(numbers(held), [0, 1]);
}

/// FUT-30.
fn each_worker_is_prepared_before_its_first_job<P: Pool>(folder: Folder) {
    let pool = P::prepared(prepare);
    let handles = [0, 1].map(|n| pool.submit(is_prepared, (folder.clone(), n)));
    (0..2).for_each(|n| folder.wait_for(format!("started-{n}"))); // both
    folder.release(0..2);
    assert_eq!(handles.map(Handle::result), [Ok(true), Ok(true)]);
}

thread_local! {
    static PREPARED: Cell<bool> = const { Cell::new(false) };
}

fn prepare(_: ()) {
    PREPARED.set(true);
}

fn is_prepared((folder, n): Ticket) -> bool {
    hold((folder, n));
    PREPARED.get()
}

/// FUT-31.
fn a_worker_that_cannot_be_prepared_breaks_the_pool<P: Pool>(_: Folder) {
    let pool = P::prepared(prepare_badly);
    let handles: Vec<_> = (0..5).map(|n| pool.submit(square, n)).collect();
    for handle in handles {
        let broken = handle.result();
        assert_broken(&broken, "no water");
        assert_eq!(pool.submit(square, 1).result(), broken);
    }
}

fn prepare_badly(_: ()) {
    panic!("no water")
}
