//! Arguments and results that are bad, large, or panic.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Wake, Waker},
};

use futures_pool::{
    Executor, Handle, JobError, Pending, ProcessPool, ThreadPool,
};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde_bytes::ByteBuf;

use crate::{
    cases,
    jobs::*,
    support::{interface::*, *},
};

cases! {
    both: []
    once: [
        arguments_that_cannot_be_encoded_fail_alone
        arguments_that_cannot_be_decoded_fail_alone
        results_that_cannot_be_encoded_fail_alone
        results_that_cannot_be_decoded_fail_alone
        a_bad_result_does_not_hold_up_the_end
        a_hundred_megabytes_go_there_and_back
        a_value_beyond_the_limit_on_files_fails_alone
        panics_in_odd_places_do_no_harm
    ]
}

/// CRASH-06, CRASH-07.
fn arguments_that_cannot_be_encoded_fail_alone(_: Folder) {
    let pool = ProcessPool::of(2);
    let trap = || Trap::new(Spot::EncodeArgument, How::Error);
    let jobs: Vec<_> = (0..100)
        .map(|n| (pool.submit(spring, trap()), pool.submit(square, n)))
        .collect();
    for ((bad, good), n) in jobs.into_iter().zip(0..) {
        let bad = bad.result();
        assert_not_encoded(&bad);
        assert_eq!(good.result(), Ok(n * n));
    }
    let trap = Trap::new(Spot::EncodeArgument, How::Panic);
    let bad = pool.submit(spring, trap).result();
    assert_panicked(&bad);
    assert_eq!(pool.submit(square, 3).result(), Ok(9));
}

/// CRASH-08, D1.
fn arguments_that_cannot_be_decoded_fail_alone(_: Folder) {
    let pool = one();
    let worker = pool.pids()[0];
    let trap = Trap::new(Spot::DecodeArgument, How::Error);
    let bad = pool.submit(spring, trap).result();
    assert_not_decoded(&bad);
    assert_well(&pool, worker);
}

/// CRASH-10.
fn results_that_cannot_be_encoded_fail_alone(_: Folder) {
    let pool = one();
    let worker = pool.pids()[0];
    for _ in 0..20 {
        let trap = Trap::new(Spot::EncodeResult, How::Error);
        let bad = pool.submit(spring, trap).result();
        assert_not_encoded(&bad);
    }
    assert_well(&pool, worker);
}

/// CRASH-12, D1.
fn results_that_cannot_be_decoded_fail_alone(_: Folder) {
    let pool = one();
    let worker = pool.pids()[0];
    for read in [Handle::result, unhelped] {
        let trap = |how| Trap::new(Spot::DecodeResult, how);
        let bad = read(pool.submit(spring, trap(How::Error)));
        assert_not_decoded(&bad);
        let bad = read(pool.submit(spring, trap(How::Panic)));
        assert_panicked(&bad);
        assert_well(&pool, worker);
    }
}

/// CRASH-17.
fn a_bad_result_does_not_hold_up_the_end(_: Folder) {
    for _ in 0..5 {
        for spot in [Spot::EncodeResult, Spot::DecodeResult] {
            let pool = one();
            let bad = pool.submit(spring, Trap::new(spot, How::Error));
            pool.close(Pending::Finish);
            let good = pool.submit(square, 1).result();
            assert_eq!(good, closed());
            drop(pool);
            assert!(bad.is_done() && bad.error().is_some());
        }
    }
}

/// CRASH-20.
fn a_hundred_megabytes_go_there_and_back(_: Folder) {
    let bytes: Vec<u8> = (0..=250).collect();
    let bytes = bytes.repeat(400_000);
    let bytes = ByteBuf::from(bytes);
    let back = one().submit(echo, bytes.clone()).result().unwrap();
    assert!(back == bytes);
}

/// SEC-18: the limit on files is one on shared memory, and to pass it would be
/// a signal.
fn a_value_beyond_the_limit_on_files_fails_alone(_: Folder) {
    let (now, most) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    let pool = one();
    setrlimit(Resource::RLIMIT_FSIZE, 100_000, most).unwrap();
    let bytes = ByteBuf::from(vec![7; 1 << 20]);
    let large = pool.submit(echo, bytes.clone()).result();
    let small = pool.submit(square, 3).result();
    setrlimit(Resource::RLIMIT_FSIZE, now, most).unwrap();
    assert_not_encoded(&large);
    assert_eq!(small, Ok(9));
    assert_eq!(pool.submit(echo, bytes.clone()).result(), Ok(bytes));
}

/// SEC-19.
fn panics_in_odd_places_do_no_harm(_: Folder) {
    let pool = one();
    let worker = pool.pids()[0];
    // What a job throws is no text, and throwing it away throws again.
    let thrown = pool.submit(throw, ()).result();
    assert_panicked(&thrown);
    assert_well(&pool, worker);
    // A result that panics when it is dropped, there and here.
    let broken = pool.submit(drop_badly, 0).result();
    assert_panicked(&broken);
    assert_well(&pool, worker);
    drop_unseen(&pool);
    assert_well(&pool, worker);
    let threads = ThreadPool::of(1);
    drop_unseen(&threads);
    assert_eq!(threads.submit(square, 3).result(), Ok(9));
    // A callback, and a waker.
    let callback = |_: Option<&JobError>| How::Panic.happen();
    let job = pool.submit(square, 3);
    job.on_done(callback);
    assert_eq!(unhelped(job), Ok(9));
    let mut door = Door::new();
    let trap = Trap::new(Spot::Nowhere, How::Error);
    let mut job = pin!(pool.submit(stay, (door.number(), trap)));
    door.knock();
    let waker = Waker::from(Arc::new(Panicky));
    assert!(job.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(door);
    assert_well(&pool, worker);
    assert!(job.is_done());
    // A thread that was left in the worker.
    let door = Door::new();
    let planted = pool.submit(plant, (How::Panic, door.number()));
    assert_eq!(planted.result(), Ok(()));
    drop(door);
    assert_well(&pool, worker);
}

/// A result that nobody wants any more when it comes, and that panics then.
fn drop_unseen(pool: &impl Executor) {
    let mut door = Door::new();
    let trap = Trap::new(Spot::Nowhere, How::Error);
    let before = pool.submit(stay, (door.number(), trap));
    door.knock();
    drop(pool.submit(drop_badly, me()));
    drop(door);
    assert!(before.result().is_ok());
}

/// Panics when it is woken.
struct Panicky;

impl Wake for Panicky {
    fn wake(self: Arc<Self>) {
        std::panic::resume_unwind(Box::new(7));
    }
}

/// The pool is as it was.
#[track_caller]
fn assert_well(pool: &ProcessPool, worker: u32) {
    assert_eq!(pool.submit(pid, ()).result(), Ok(worker));
    assert_eq!(unhelped(pool.submit(pid, ())), Ok(worker));
}
