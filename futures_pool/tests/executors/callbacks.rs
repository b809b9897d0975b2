//! Callbacks: when, in which order, by which thread, and what they may do.

use std::{
    panic::panic_any,
    pin::Pin,
    sync::{Arc, Mutex, mpsc},
    task::{Context, Wake},
};

use futures_pool::Pending;

use crate::{
    cases,
    jobs::*,
    support::{interface::*, *},
};

cases! {
    both: [
        callbacks_are_called_once_and_in_order
        a_callback_added_meanwhile_is_called_last
        a_callback_may_use_its_pool
        a_thread_that_waits_calls_no_callback
        a_callback_or_waker_that_panics_does_no_harm
        a_callback_can_end_its_pool
    ]
    once: []
}

/// FUT-24.
fn callbacks_are_called_once_and_in_order<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    for (outcome, n) in ["none", "panicked", "cancelled"].into_iter().zip(0..) {
        let held = submit_held(&pool, &folder, n);
        let handle = match outcome {
            "panicked" => pool.submit(fail, 2),
            _ => pool.submit(square, 2),
        };
        let (called, calls) = mpsc::channel();
        let note = |number| {
            let called = called.clone();
            handle.on_done(move |error| {
                let error = error.map_or("none".into(), ToString::to_string);
                called.send((number, error)).unwrap();
            });
        };
        [1, 2].into_iter().for_each(note);
        if outcome == "cancelled" {
            assert!(handle.cancel());
        }
        folder.release([n]);
        assert_eq!(held.result(), Ok(n));
        until("the job", || handle.is_done());
        note(3);
        for number in [1, 2, 3] {
            let (n, error) = calls.recv().unwrap();
            assert!(n == number && error.contains(outcome), "{n} {error}");
        }
        assert!(calls.try_recv().is_err());
    }
}

/// FUT-24: one that is added meanwhile does not overtake.
fn a_callback_added_meanwhile_is_called_last<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    let handle = submit_held(&pool, &folder, 0);
    let (called, calls) = mpsc::channel();
    let (first, second) = (called.clone(), called);
    let its = folder.clone();
    handle.on_done(move |_| {
        its.put("called");
        its.wait_for("go-1");
        first.send(1).unwrap();
    });
    folder.release([0]);
    folder.wait_for("called");
    handle.on_done(move |_| second.send(2).unwrap());
    folder.release([1]);
    assert_eq!(calls.iter().collect::<Vec<_>>(), [1, 2]);
}

/// One of the workers may be busy with the callback.
fn a_callback_may_use_its_pool<P: Pool>(folder: Folder) {
    let pool = Arc::new(P::of(2));
    let (tell, told) = mpsc::channel();
    let job = submit_held(&*pool, &folder, 0);
    let its = pool.clone();
    job.on_done(move |_| {
        tell.send(its.submit(square, 3).result()).unwrap();
    });
    folder.release([0]);
    assert_eq!(told.recv().unwrap(), Ok(9));
    drop(job);
}

/// It may have a lock that the callback wants.
fn a_thread_that_waits_calls_no_callback<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    let taken = Arc::new(Mutex::new(0));
    for n in 0..10 {
        let job = submit_held(&pool, &folder, n);
        let its = taken.clone();
        job.on_done(move |_| *its.lock().unwrap() += 1);
        let count = taken.lock().unwrap();
        folder.release([n]);
        assert_eq!(job.result(), Ok(n));
        drop(count);
        until("the callback", || *taken.lock().unwrap() == n + 1);
    }
}

/// FUT-25, SEC-19: and no waker either.
fn a_callback_or_waker_that_panics_does_no_harm<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    let mut held = submit_held(&pool, &folder, 0);
    let alarm = Arc::new(Alarm).into();
    let mut context = Context::from_waker(&alarm);
    assert!(Pin::new(&mut held).poll(&mut context).is_pending());
    let (called, calls) = mpsc::channel();
    held.on_done(|_| panic!("spilt"));
    held.on_done(|_| panic_any(Armed(true)));
    held.on_done(move |_| called.send("later").unwrap());
    folder.release([0]);
    assert_eq!(calls.recv(), Ok("later"));
    assert_eq!(pool.submit(square, 2).result(), Ok(4));
}

struct Alarm;

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        panic!("too early")
    }
}

/// END-04: while it is being ended from elsewhere, too.
fn a_callback_can_end_its_pool<P: Pool>(folder: Folder) {
    let pool = Arc::new(P::of(1));
    let held = submit_held(&*pool, &folder, 0);
    folder.wait_for("started-0");
    let pending = pool.submit(square, 2);
    let its = pool.clone();
    held.on_done(move |_| its.shutdown(Pending::Cancel));
    folder.release([0]);
    pool.shutdown(Pending::Finish);
    assert!(held.is_done() && pending.is_done());
}
