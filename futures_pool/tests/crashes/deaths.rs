//! Workers that die, are killed, or cannot be started.

use std::fs;

use futures_pool::{Executor, Handle, Pending, ProcessPool};
use nix::sys::{
    resource::{Resource, getrlimit, setrlimit},
    signal::Signal,
};

use crate::{
    cases,
    jobs::*,
    liars::{Lie, STARTS_ONCE, lie},
    support::{interface::*, *},
};

cases! {
    both: []
    once: [
        a_worker_killed_from_outside_breaks_its_pool
        an_idle_worker_that_is_killed_costs_no_job
        a_chunk_that_is_lost_is_as_many_errors
        large_arguments_for_a_dead_worker_fail_with_it
        a_worker_that_dies_with_its_last_word_has_said_it
        a_new_pool_works_after_a_broken_one
        worn_out_workers_are_replaced
        a_worker_that_cannot_be_replaced_breaks_the_pool
        a_worker_that_cannot_be_started_is_an_error
    ]
}

/// CRASH-01, CRASH-02.
fn a_worker_killed_from_outside_breaks_its_pool(_: Folder) {
    let signals =
        [(Signal::SIGKILL, "signal: 9"), (Signal::SIGTERM, "signal: 15")];
    for (signal, told) in signals {
        for busy in [true, false] {
            let pool = ProcessPool::of(2);
            let jobs = if busy { 10 } else { 0 };
            let jobs: Vec<_> =
                (0..jobs).map(|_| pool.submit(spin, ())).collect();
            send(pool.pids()[1], signal);
            until("the break", || pool.pids().is_empty());
            let late = pool.submit(square, 1).result();
            assert_broken(&late, told);
            for job in jobs {
                assert_eq!(cause_of(job.result()), cause_of(late.clone()));
            }
            assert!(children().is_empty());
        }
    }
}

/// D2: whether the pool has noticed its death or not.
fn an_idle_worker_that_is_killed_costs_no_job(_: Folder) {
    let pool = replacing(2);
    for n in 0..50 {
        until("two workers", || pool.pids().len() == 2);
        let worker = pool.pids()[n % 2];
        send(worker, Signal::SIGKILL);
        until("its death", || is_dead(worker));
        let jobs = [3, 4].map(|n| pool.submit(square, n));
        assert_eq!(jobs.map(Handle::result), [Ok(9), Ok(16)]);
    }
}

/// CRASH-02: every result is in the place of its argument.
fn a_chunk_that_is_lost_is_as_many_errors(_: Folder) {
    let pool = replacing(1);
    let hows = (0..9).map(|n| match n {
        4 => (How::Exit(99), 0),
        _ => (How::Error, 0), // does nothing
    });
    let results = pool.map_with(in_chunks(3), die, hows);
    let results: Vec<_> = results.collect();
    for (result, n) in results.iter().zip(0..) {
        match n {
            3..6 => assert_broken(result, "exit status: 99"),
            _ => assert_eq!(*result, Ok(())),
        }
    }
    assert_eq!(results.len(), 9);
}

/// CRASH-14.
fn large_arguments_for_a_dead_worker_fail_with_it(_: Folder) {
    let pool = one();
    let mut door = Door::new();
    let dies = pool.submit(die, (How::Exit(99), door.number()));
    door.knock();
    let jobs: Vec<_> = (0..10)
        .map(|_| {
            pool.submit(spring, Trap::heavy(Spot::Nowhere, How::Error, 5 << 20))
        })
        .collect();
    drop(door);
    assert_broken(&dies.result(), "exit status: 99");
    for job in jobs {
        assert_broken(&job.result(), "exit status: 99");
    }
}

/// CRASH-13.
fn a_worker_that_dies_with_its_last_word_has_said_it(_: Folder) {
    let pool = replacing(1);
    for number in 0..50 {
        let worker = pool.pids();
        let words = pool.submit(lie, (Lie::LastWords, number)).result();
        assert_eq!(words, Ok(9));
        // Its death is noticed, though it has no job, and nobody submits one.
        until("another one", || {
            let pids = pool.pids();
            pids != worker && !pids.is_empty()
        });
    }
}

/// CRASH-19.
fn a_new_pool_works_after_a_broken_one(_: Folder) {
    for _ in 0..3 {
        let pool = one();
        let trap = Trap::new(Spot::Run, How::Abort);
        assert_broken(&pool.submit(spring, trap).result(), "signal: 6");
        assert_eq!(one().submit(square, 3).result(), Ok(9));
    }
}

/// CRASH-24.
fn worn_out_workers_are_replaced(_: Folder) {
    let fresh = wearing_out(1, 3);
    let jobs: Vec<_> = (0..30).map(|_| fresh.submit(pid, ())).collect();
    let mut pids: Vec<_> =
        jobs.into_iter().map(|job| job.result().unwrap()).collect();
    assert!(pids.chunks(3).all(|same| same.iter().all(|p| *p == same[0])));
    pids.dedup();
    assert_eq!(pids.len(), 10);
    until("their burial", || {
        let children = children();
        !pids.iter().any(|pid| children.contains(pid))
    });
    // What is pending is done, whoever does it.
    let early = wearing_out(1, 3);
    let jobs: Vec<_> = (0..30).map(|n| early.submit(square, n)).collect();
    early.shutdown(Pending::Finish);
    assert!(jobs.iter().all(|job| job.is_done() && job.error().is_none()));
}

/// CRASH-25.
fn a_worker_that_cannot_be_replaced_breaks_the_pool(folder: Folder) {
    let liars = with_env(STARTS_ONCE, folder.path("started").to_str().unwrap());
    let pool = liars.replace_dead_workers().build().unwrap();
    let jobs: Vec<_> =
        (0..5).map(|n| pool.submit(lie, (Lie::LastWords, n))).collect();
    let results: Vec<_> = jobs.into_iter().map(Handle::result).collect();
    assert_eq!(results[0], Ok(9));
    // None was begun by a dead worker, so each waits for the next one.
    for result in &results[1..] {
        assert_broken(result, "could be started");
    }
    assert_broken(&pool.submit(square, 1).result(), "could be started");
}

/// CRASH-25.
fn a_worker_that_cannot_be_started_is_an_error(_: Folder) {
    let (now, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let used = fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    for room in 1..28 {
        setrlimit(Resource::RLIMIT_NOFILE, used + room, most).unwrap();
        let pool = ProcessPool::try_of(10);
        setrlimit(Resource::RLIMIT_NOFILE, now, most).unwrap();
        assert!(pool.is_err());
        assert!(children().is_empty());
    }
    assert_eq!(one().submit(square, 3).result(), Ok(9));
}
