//! A job can be cancelled before it is started, and only then.

use std::thread;

use futures_pool::{Handle, Pending};

use crate::{
    cases,
    jobs::*,
    support::{interface::*, *},
};

cases! {
    both: [
        only_a_pending_job_can_be_cancelled
        a_cancelled_job_never_runs
        a_long_queue_can_be_cancelled
        a_waiter_hears_that_its_job_is_cancelled
    ]
    once: []
}

/// FUT-19, D3.
fn only_a_pending_job_can_be_cancelled<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    let (good, bad) = (pool.submit(square, 2), pool.submit(fail, 2));
    let (running, pending) =
        (submit_held(&pool, &folder, 0), pool.submit(square, 3));
    folder.wait_for("started-0");
    // It was first, but who is told first is another matter.
    until("both", || good.is_done() && bad.is_done());
    let table = [
        // Its job, running, done, and whether it can be cancelled.
        (&good, false, true, false),
        (&bad, false, true, false),
        (&running, true, false, false),
        (&pending, false, false, true),
        (&pending, false, true, true),
    ];
    for (handle, running, done, cancels) in table {
        let state = (handle.is_running(), handle.is_done());
        assert_eq!(state, (running, done), "{handle:?}");
        assert_eq!(handle.cancel(), cancels, "{handle:?}");
        assert_eq!(handle.is_cancelled(), cancels, "{handle:?}");
    }
    folder.release([0]);
    assert_eq!(running.result(), Ok(0));
    assert_eq!(good.result(), Ok(4));
    assert_eq!(pending.result(), cancelled());
}

/// FUT-20.
fn a_cancelled_job_never_runs<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    let held = submit_held(&pool, &folder, 0);
    let mut marks: Vec<_> =
        (1..9).map(|n| pool.submit(mark, (folder.clone(), n))).collect();
    let last = marks.pop().unwrap();
    assert!(marks.iter().all(Handle::cancel));
    folder.release([0]);
    assert_eq!((held.result(), last.result()), (Ok(0), Ok(8)));
    assert_eq!(folder.count("ended-"), 2);
    for mark in marks {
        assert_eq!(mark.result(), cancelled());
    }
}

/// FUT-20: all of it is put away by whoever finds it.
fn a_long_queue_can_be_cancelled<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    let held = submit_held(&pool, &folder, 0);
    folder.wait_for("started-0");
    let queue: Vec<_> = (0..50_000).map(|n| pool.submit(square, n)).collect();
    assert!(queue.iter().all(Handle::cancel));
    folder.release([0]);
    assert_eq!(held.result(), Ok(0));
    assert_eq!(pool.submit(square, 3).result(), Ok(9));
}

/// FUT-21. Whoever waits for a result has given the handle away: it is the pool
/// that can still cancel the job.
fn a_waiter_hears_that_its_job_is_cancelled<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    let held = submit_held(&pool, &folder, 0);
    folder.wait_for("started-0");
    thread::scope(|all| {
        let name = |n| thread::Builder::new().name(format!("waiter-{n}"));
        let waiters = [1, 2, 3].map(|n| {
            let handle = pool.submit(square, n);
            name(n).spawn_scoped(all, || handle.result()).unwrap()
        });
        until("three that sleep", || {
            let sleeps = |status: &String| status.contains("S (sleeping)");
            threads("waiter-").iter().filter(|s| sleeps(s)).count() == 3
        });
        pool.close(Pending::Cancel);
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), cancelled());
        }
    });
    folder.release([0]);
    assert_eq!(held.result(), Ok(0));
}
