//! Orders that are on their way while a worker dies or the pool ends. Each
//! interleaving is forced: a value whose encoding waits at a door, a worker that
//! is stopped, or one that waits before it says hello.

use std::{fs, process, thread, time::Duration};

use futures_pool::{Executor, JobError, Pending, ProcessPool};
use nix::{
    sys::signal::Signal,
    unistd::{ForkResult, fork, setsid},
};

use crate::{
    cases,
    jobs::*,
    starts::Plan,
    support::{interface::*, *},
};

cases! {
    both: []
    once: [
        an_order_is_not_sent_to_a_worker_that_died_meanwhile
        a_pool_that_is_closed_while_an_order_is_encoded_ends
        a_closed_pool_replaces_the_worker_of_an_order
        an_idle_worker_takes_an_order_that_was_not_begun
        an_order_that_was_not_begun_can_be_cancelled
        an_order_of_a_closed_pool_without_workers_fails
        a_worker_that_is_late_for_a_killed_pool_is_killed
        a_dead_idle_worker_leaves_no_descriptors
        two_deaths_at_once_cost_two_jobs
    ]
}

/// Longer than anything takes here.
const LONG: Duration = Duration::from_secs(20);

/// Submits a job whose argument is not encoded before the door opens; meanwhile
/// does what is to be done then.
fn while_it_is_encoded(
    pool: &ProcessPool,
    meanwhile: impl FnOnce(),
) -> Result<Trap, JobError> {
    let mut door = Door::new();
    let trap = Trap::new(Spot::EncodeArgument, How::Hold(door.number()));
    thread::scope(|all| {
        let job = all.spawn(|| pool.submit(spring, trap));
        door.knock();
        meanwhile();
        drop(door);
        let job = job.join().unwrap();
        job.result_timeout(LONG).expect("it is not lost")
    })
}

/// Leaves a child in a session of its own, which has the worker's socket, and
/// ends when the door opens.
#[expect(unsafe_code, reason = "fork is")]
pub fn leave_a_daemon(door: u16) {
    // SAFETY: a worker has one thread while it works.
    if let ForkResult::Child = unsafe { fork() }.unwrap() {
        setsid().unwrap();
        wait_at(door);
        process::abort();
    }
}

/// CRASH-46: nobody would read it, though somebody has the other end.
fn an_order_is_not_sent_to_a_worker_that_died_meanwhile(_: Folder) {
    for policy in [Policy::Break, Policy::Replace] {
        let pool = policy.pool(1);
        let worker = pool.pids()[0];
        let mut door = Door::new();
        let daemon = pool.submit(leave_a_daemon, door.number());
        assert_eq!(daemon.result(), Ok(()));
        door.knock();
        let result = while_it_is_encoded(&pool, || {
            send(worker, Signal::SIGKILL);
            until("its burial", || pool.pids() != [worker]);
        });
        match policy {
            Policy::Break => assert_broken(&result, "signal: 9"),
            Policy::Replace => assert!(result.is_ok(), "{result:?}"),
        }
    }
}

/// END-21: with a worker that is idle besides.
fn a_pool_that_is_closed_while_an_order_is_encoded_ends(_: Folder) {
    for pending in [Pending::Finish, Pending::Cancel] {
        let pool = ProcessPool::of(2);
        let result = while_it_is_encoded(&pool, || pool.close(pending));
        assert!(result.is_ok(), "{result:?}");
        until("both to end", || pool.pids().is_empty());
    }
}

/// END-21: the order was taken when the pool was open.
fn a_closed_pool_replaces_the_worker_of_an_order(_: Folder) {
    for workers in [1, 2] {
        let pool = replacing(workers);
        let pids = pool.pids();
        let result = while_it_is_encoded(&pool, || {
            pool.close(Pending::Finish);
            pids.iter().for_each(|pid| send(*pid, Signal::SIGKILL));
            until("their burial", || {
                !pool.pids().iter().any(|pid| pids.contains(pid))
            });
        });
        assert!(result.is_ok(), "{result:?}");
        assert!(pool.shutdown_timeout(Pending::Finish, LONG));
    }
}

/// Stops it, and waits until it does not run any more.
fn stop(worker: u32) {
    send(worker, Signal::SIGSTOP);
    until("it to stop", || is_stopped(worker));
}

/// CRASH-47: a replacement would never come.
fn an_idle_worker_takes_an_order_that_was_not_begun(folder: Folder) {
    let pool = Plan::new("--k", &folder).at_start().workers(2);
    let pool = pool.replace_dead_workers().build().unwrap();
    let mut door = Door::new();
    let held = pool.submit(linger, door.number());
    door.knock();
    let other = pool.submit(pid, ()).result().unwrap();
    stop(other);
    let square = pool.submit(square, 3); // it has that, and has not begun
    until("it to have it", || square.is_running());
    drop(door);
    let idle = held.result().unwrap();
    assert_ne!(idle, other);
    send(other, Signal::SIGKILL);
    let result = square.result_timeout(LONG).expect("it is not stuck");
    assert_eq!(result, Ok(9));
}

/// CRASH-47: it is pending again.
fn an_order_that_was_not_begun_can_be_cancelled(folder: Folder) {
    let pool = Plan::new("-w-", &folder).at_start();
    let pool = pool.replace_dead_workers().build().unwrap();
    let worker = pool.pids()[0];
    stop(worker);
    let [lost, kept] = [3, 4].map(|n| pool.submit(square, n));
    assert!(lost.is_running() && !lost.cancel());
    send(worker, Signal::SIGKILL);
    until("it to be pending", || !lost.is_running());
    assert!(!lost.is_done() && lost.cancel());
    folder.put("go");
    assert_eq!(lost.result(), cancelled());
    assert_eq!(kept.result(), Ok(16));
}

/// CRASH-43: the other worker has retired, so the last place is the only one.
fn an_order_of_a_closed_pool_without_workers_fails(folder: Folder) {
    let pool = Plan::new("--k", &folder).at_start().workers(2);
    let pool = pool.replace_dead_workers().build().unwrap();
    let worker = pool.submit(pid, ()).result().unwrap();
    stop(worker); // the last one that was idle is the first to get work
    let square = pool.submit(square, 3);
    until("it to have it", || square.is_running());
    pool.close(Pending::Finish);
    until("the other one to go", || threads("supervisor").len() == 1);
    send(worker, Signal::SIGKILL);
    let result = square.result_timeout(LONG).expect("it is not stuck");
    assert_broken(&result, "no worker could be started");
}

/// CRASH-48: its initializer would never end.
fn a_worker_that_is_late_for_a_killed_pool_is_killed(folder: Folder) {
    let starts = Plan::new("-w", &folder.inner("starts"));
    let mut door = Door::new();
    let pool = starts.at_start().max_tasks_per_child(1.try_into().unwrap());
    let pool = pool.initializer(wait_at, door.number()).build().unwrap();
    let first = pool.submit(square, 3);
    door.open();
    assert_eq!(first.result(), Ok(9));
    until("the next one", || starts.begun() == 2);
    pool.kill();
    starts.go();
    assert!(pool.shutdown_timeout(Pending::Finish, LONG));
}

/// CRASH-49: nobody submits a job, which would find that it is dead.
fn a_dead_idle_worker_leaves_no_descriptors(_: Folder) {
    let descriptors = || fs::read_dir("/proc/self/fd").unwrap().count();
    let pool = replacing(2);
    let before = descriptors();
    for _ in 0..10 {
        // Each has a job, or its death would be a failed start.
        let mut door = Door::new();
        let jobs = [0, 1].map(|_| pool.submit(linger, door.number()));
        (0..2).for_each(|_| door.knock());
        drop(door);
        let pids = jobs.map(|job| job.result().unwrap());
        pids.iter().for_each(|pid| send(*pid, Signal::SIGKILL));
        until("two others", || {
            let now = pool.pids();
            now.len() == 2 && now.iter().all(|pid| !pids.contains(pid))
        });
    }
    until("as many as before", || descriptors() == before);
}

/// CRASH-50.
fn two_deaths_at_once_cost_two_jobs(_: Folder) {
    let pool = replacing(3);
    let (mut fatal, mut door) = (Door::new(), Door::new());
    let dies = [How::Kill, How::Abort]
        .map(|how| pool.submit(die, (how, fatal.number())));
    let held = pool.submit(linger, door.number());
    let others: Vec<_> = (0..20).map(|n| pool.submit(square, n)).collect();
    (0..2).for_each(|_| fatal.knock());
    door.knock();
    drop(fatal);
    let dead = dies.map(|job| dead_worker(&job.result().unwrap_err()));
    for (other, n) in others.into_iter().zip(0..) {
        assert_eq!(other.result(), Ok(n * n));
    }
    drop(door);
    let living = held.result().unwrap();
    assert!(pool.pids().contains(&living) && !dead.contains(&Some(living)));
    assert_ne!(dead[0], dead[1]);
}
