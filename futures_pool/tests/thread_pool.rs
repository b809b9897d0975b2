//! What a pool of threads promises.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use futures_pool::{Executor, JobError, ProcessPool, ThreadPool};

fn square(n: u64) -> u64 {
    n * n
}

fn fail(n: u64) -> u64 {
    panic!("no {n} today")
}

fn who(_: u64) -> String {
    format!("{:?}", thread::current().id())
}

#[test]
fn results_come_back_through_their_own_handles() {
    let pool = ThreadPool::new(3).unwrap();
    let handles: Vec<_> = (0..100).map(|n| pool.submit(square, n)).collect();
    for (handle, n) in handles.into_iter().zip(0..) {
        assert_eq!(handle.result(), Ok(n * n));
    }
}

#[test]
fn a_panic_comes_back_with_its_message_and_the_worker_goes_on() {
    let pool = ThreadPool::new(1).unwrap();
    let bad = pool.submit(fail, 7);
    let good = pool.submit(square, 7);
    assert_eq!(bad.result(), Err(JobError::Panicked("no 7 today".into())));
    assert_eq!(good.result(), Ok(49));
}

#[test]
fn no_more_threads_than_workers() {
    let pool = ThreadPool::new(2).unwrap();
    let handles: Vec<_> = (0..50).map(|n| pool.submit(who, n)).collect();
    let mut threads: Vec<_> =
        handles.into_iter().map(|handle| handle.result().unwrap()).collect();
    threads.sort();
    threads.dedup();
    assert!((1..=2).contains(&threads.len()), "{threads:?}");
}

#[test]
fn dropping_the_pool_waits_for_all_jobs() {
    static DONE: AtomicUsize = AtomicUsize::new(0);
    fn count(_: u64) {
        DONE.fetch_add(1, Ordering::Relaxed);
    }
    let pool = ThreadPool::new(2).unwrap();
    for n in 0..1_000 {
        drop(pool.submit(count, n)); // nobody asks; the jobs run all the same
    }
    drop(pool);
    assert_eq!(DONE.load(Ordering::Relaxed), 1_000);
}

#[test]
fn cancelled_jobs_are_not_run_and_say_so() {
    static GATE: Barrier = Barrier::new(2);
    fn wait(_: u64) -> u64 {
        GATE.wait(); // it has been started ...
        GATE.wait(); // ... and goes on when the others are cancelled
        7
    }
    let pool = ThreadPool::new(1).unwrap();
    let running = pool.submit(wait, 0);
    let pending: Vec<_> = (0..5).map(|n| pool.submit(square, n)).collect();
    GATE.wait();
    pool.cancel_pending();
    GATE.wait();
    assert_eq!(running.result(), Ok(7));
    for handle in pending {
        assert_eq!(handle.result(), Err(JobError::NotRun));
    }
}

#[test]
fn a_pool_needs_a_worker() {
    assert!(ThreadPool::new(0).is_err());
}

/// Without `init` a worker would run `main`, or this test, once more.
#[test]
fn a_process_pool_without_init_is_refused() {
    let error = ProcessPool::new(1).err().unwrap();
    assert!(error.to_string().contains("futures_pool::init"), "{error}");
}
