//! Pools that are killed, many workers at once, and pools in workers.

use std::{num::NonZero, sync::mpsc, thread};

use futures_pool::{Executor, Pending, ProcessPool};
use nix::sys::signal::Signal;

use crate::{
    cases,
    jobs::*,
    support::{interface::*, *},
};

cases! {
    both: []
    once: [
        a_pool_can_be_killed_at_work_idle_and_dead
        a_pool_is_killed_while_megabytes_are_on_their_way
        a_worker_that_does_not_go_is_killed
        a_worker_may_have_a_pool
        pools_in_pools_have_an_end
        a_pool_is_killed_with_the_pools_in_it
        a_slow_callback_holds_up_no_submitter
        more_workers_than_cores_work_at_once
        a_pool_of_two_hundred_works
    ]
}

/// CRASH-26.
fn a_pool_can_be_killed_at_work_idle_and_dead(_: Folder) {
    let idle = one();
    idle.kill();
    assert!(idle.submit(square, 1).result().is_err());

    let working = ProcessPool::of(2);
    let jobs: Vec<_> = (0..10).map(|_| working.submit(spin, ())).collect();
    working.kill();
    for job in jobs {
        assert_broken(&job.result(), "killed");
    }
    assert_broken(&working.submit(square, 1).result(), "killed");
    working.kill();
    working.shutdown(Pending::Cancel);
    working.kill();

    let dead = one();
    let trap = Trap::new(Spot::Run, How::Kill);
    assert_broken(&dead.submit(spring, trap).result(), "signal: 9");
    dead.kill();
    assert_broken(&dead.submit(square, 1).result(), "signal: 9");
}

/// CRASH-21: it is killed while they are made into bytes, or from bytes, at
/// either end. Whoever does that here may end it, and then the pool does.
fn a_pool_is_killed_while_megabytes_are_on_their_way(_: Folder) {
    for spot in [
        Spot::EncodeArgument,
        Spot::DecodeArgument,
        Spot::EncodeResult,
        Spot::DecodeResult,
    ] {
        let pool = one();
        let mut door = Door::new();
        let trap = Trap::heavy(spot, How::Hold(door.number()), 50 << 20);
        let outcome = thread::scope(|all| {
            let outcome = all.spawn(|| pool.submit(spring, trap).result());
            door.knock();
            pool.kill();
            drop(door);
            outcome.join().unwrap()
        });
        match outcome {
            Ok(trap) => {
                assert!(spot == Spot::DecodeResult && trap.weighs(50 << 20));
            }
            killed => assert_broken(&killed, "killed"),
        }
    }
}

/// CRASH-27: by the pool, at once, or when it has had time to go by itself. It
/// would never go.
fn a_worker_that_does_not_go_is_killed(_: Folder) {
    for kill in [true, false] {
        let pool = one();
        let worker = pool.pids()[0];
        assert_eq!(pool.submit(refuse_to_go, ()).result(), Ok(()));
        send(worker, Signal::SIGTERM);
        assert_eq!(pool.submit(square, 3).result(), Ok(9));
        if kill {
            pool.kill();
        }
        drop(pool);
        assert!(is_dead(worker));
    }
}

/// CRASH-30.
fn a_worker_may_have_a_pool(_: Folder) {
    let pids = one().submit(nest, None).result().unwrap();
    assert_eq!(pids.len(), 2);
}

/// CRASH-30.
fn pools_in_pools_have_an_end(_: Folder) {
    let (depth, why) = one().submit(dig, 1).result().unwrap();
    assert!((2..20).contains(&depth) && why.contains("deep"), "{why}");
}

/// END-11.
fn a_pool_is_killed_with_the_pools_in_it(_: Folder) {
    let pool = one();
    let mut door = Door::new();
    let job = pool.submit(nest, Some(door.number()));
    door.knock();
    let worker = pool.pids()[0];
    let within = children_of(worker);
    assert_eq!(within.len(), 2);
    pool.kill();
    assert_broken(&job.result(), "killed");
    until("their end", || within.iter().all(|pid| is_dead(*pid)));
}

/// CRASH-15.
fn a_slow_callback_holds_up_no_submitter(_: Folder) {
    let pool = one();
    let mut door = Door::new();
    let trap = Trap::new(Spot::Nowhere, How::Error);
    let first = pool.submit(stay, (door.number(), trap));
    door.knock();
    let (go_on, wait) = mpsc::channel::<()>();
    first.on_done(move |_| _ = wait.recv());
    drop(door);
    let jobs: Vec<_> = (0..100).map(|n| pool.submit(square, n)).collect();
    drop(go_on);
    for (job, n) in jobs.into_iter().zip(0..) {
        assert_eq!(job.result(), Ok(n * n));
    }
}

/// CRASH-23.
fn more_workers_than_cores_work_at_once(_: Folder) {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let workers = 2 * cores + 2;
    let pool = ProcessPool::of(workers);
    let mut door = Door::new();
    let trap = || Trap::new(Spot::Nowhere, How::Error);
    let jobs: Vec<_> = (0..workers)
        .map(|_| pool.submit(stay, (door.number(), trap())))
        .collect();
    (0..workers).for_each(|_| door.knock());
    drop(door);
    assert!(jobs.into_iter().all(|job| job.result().is_ok()));
}

/// CRASH-23.
fn a_pool_of_two_hundred_works(_: Folder) {
    let pool = ProcessPool::of(200);
    let squares: Result<Vec<_>, _> = pool.map(square, 0..1000).collect();
    assert_eq!(squares, Ok((0..1000).map(|n| n * n).collect()));
}
