//! A worker dies while somebody waits for its job, in every way there is.

use std::{
    pin::{Pin, pin},
    sync::mpsc,
    task::{Context, Poll},
    thread,
    time::Duration,
};

use futures::{executor::block_on, task::noop_waker};
use futures_pool::{
    Executor, Handle, JobError, ProcessPool, Until, WorkerExit, as_completed,
    wait,
};

use crate::{
    jobs::*,
    support::{interface::*, *},
};

/// Submits a job that dies once the door is open, and waits for it: its error.
type Way = fn(&ProcessPool, u16) -> JobError;

const WAYS: [(&str, Way); 16] = [
    ("result", |pool, door| victim(pool, door).result().unwrap_err()),
    ("result_timeout", |pool, door| {
        let bounded = victim(pool, door).result_timeout(Duration::MAX);
        bounded.unwrap().unwrap_err()
    }),
    ("result after a timeout", |pool, door| {
        match victim(pool, door).result_timeout(Duration::ZERO) {
            Ok(result) => result.unwrap_err(),
            Err(late) => late.result().unwrap_err(),
        }
    }),
    ("await", |pool, door| block_on(victim(pool, door)).unwrap_err()),
    ("await after another task", |pool, door| {
        let mut victim = pin!(victim(pool, door));
        let waker = noop_waker();
        let mut context = Context::from_waker(&waker);
        match victim.as_mut().poll(&mut context) {
            Poll::Ready(result) => result.unwrap_err(),
            Poll::Pending => block_on(victim).unwrap_err(),
        }
    }),
    ("result after a task", |pool, door| {
        let mut victim = victim(pool, door);
        let waker = noop_waker();
        let mut context = Context::from_waker(&waker);
        match Pin::new(&mut victim).poll(&mut context) {
            Poll::Ready(result) => result.unwrap_err(),
            Poll::Pending => victim.result().unwrap_err(),
        }
    }),
    ("await after a timeout", |pool, door| {
        match victim(pool, door).result_timeout(Duration::ZERO) {
            Ok(result) => result.unwrap_err(),
            Err(late) => block_on(late).unwrap_err(),
        }
    }),
    ("await after a wait", |pool, door| {
        block_on(left_by_a_wait(pool, door)).unwrap_err()
    }),
    ("as_completed after a wait", |pool, door| {
        let mut done = as_completed([left_by_a_wait(pool, door)], None);
        let (_, victim) = done.next().unwrap().unwrap();
        victim.result().unwrap_err()
    }),
    ("as_completed", |pool, door| {
        let handles = [victim(pool, door), pool.submit(die, (How::Error, 0))];
        let done: Vec<_> = as_completed(handles, None).collect();
        let mut done: Vec<_> = done.into_iter().map(Result::unwrap).collect();
        done.sort_by_key(|(number, _)| *number);
        assert_eq!(done.len(), 2);
        done.remove(0).1.result().unwrap_err()
    }),
    ("wait for all", |pool, door| wait_until(Until::AllDone, pool, door)),
    ("wait for one", |pool, door| wait_until(Until::FirstDone, pool, door)),
    ("wait for an error", |pool, door| {
        wait_until(Until::FirstError, pool, door)
    }),
    ("map", |pool, door| {
        let hows = [(How::Error, 0), (How::Kill, door), (How::Error, 0)];
        let results: Vec<_> = pool.map(die, hows).collect();
        assert_eq!(results.len(), 3);
        results.into_iter().nth(1).unwrap().unwrap_err()
    }),
    ("map of chunks", |pool, door| {
        let hows = [(How::Error, 0), (How::Kill, door)];
        let results: Vec<_> = pool.map_with(in_chunks(2), die, hows).collect();
        let errors: Vec<_> =
            results.into_iter().map(Result::unwrap_err).collect();
        assert_eq!(errors[0], errors[1]);
        errors[0].clone()
    }),
    ("on_done", |pool, door| {
        let (tell, told) = mpsc::channel();
        let victim = victim(pool, door);
        victim.on_done(move |error| tell.send(error.cloned()).unwrap());
        told.recv().unwrap().unwrap()
    }),
];

fn victim(pool: &ProcessPool, door: u16) -> Handle<()> {
    pool.submit(die, (How::Kill, door))
}

/// Whose first waiter has left, because its time had passed.
fn left_by_a_wait(pool: &ProcessPool, door: u16) -> Handle<()> {
    let limit = Some(Duration::ZERO);
    let waited = wait([victim(pool, door)], Until::AllDone, limit);
    waited.pending.into_iter().chain(waited.done).next().unwrap()
}

fn wait_until(until: Until, pool: &ProcessPool, door: u16) -> JobError {
    let victim = victim(pool, door);
    // It is not waited for: in a pool that breaks it may fail first.
    let _pending = pool.submit(die, (How::Error, 0));
    let mut done = wait([victim], until, None).done;
    done.remove(0).result().unwrap_err()
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, way) in WAYS {
        for policy in [Policy::Break, Policy::Replace] {
            let name = format!("waits: {name}, {policy:?}");
            let test = move |_| a_death_ends_every_way_of_waiting(way, policy);
            cases.push(Case::new(name, test));
        }
    }
    cases
}

/// CRASH-45: it is met asleep, and again when the pool is broken.
fn a_death_ends_every_way_of_waiting(way: Way, policy: Policy) {
    let pool = policy.pool(1);
    let worker = pool.pids()[0];
    let mut door = Door::new();
    let number = door.number();
    let error = thread::scope(|all| {
        let waiter = thread::Builder::new().name("waiter".into());
        let waiter = waiter.spawn_scoped(all, || way(&pool, number)).unwrap();
        door.knock(); // the worker has begun
        until("it to wait", || {
            threads("waiter").iter().all(|s| s.contains("S (sleeping)"))
        });
        drop(door);
        waiter.join().unwrap()
    });
    let exit = WorkerExit::Signal(9);
    let died = JobError::WorkerDied { pid: worker, exit, began: true };
    assert_eq!(error, died);
    match policy {
        Policy::Break => assert_eq!(cause(way(&pool, number)), cause(died)),
        Policy::Replace => {
            assert_eq!(pool.submit(square, 3).result(), Ok(9));
        }
    }
}
